package humasessotel_test

import (
	"context"
	"testing"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"go.opentelemetry.io/otel/codes"
)

// panics is a store with a fault.
type panics struct{ stores.Store }

func (panics) Load(context.Context, stores.ID) (stores.Record, error) { panic("fault") }

func (p panics) LoadMany(context.Context, []stores.ID) ([]stores.Record, error) { panic("fault") }

// A panic of a store passes through. The span ends with an error, and the duration has it.
func TestPanicOfAStore(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(stores.Store){
		"load": func(s stores.Store) { _, _ = s.Load(context.Background(), stores.ID{1}) },
		"load_many": func(s stores.Store) {
			m, _ := stores.As[stores.MultiLoader](s)
			_, _ = m.LoadMany(context.Background(), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, humasessotel.Options{})
			func() {
				defer func() {
					if got := recover(); got != "fault" {
						t.Errorf("got panic %v, want that of the store", got)
					}
				}()
				call(r.Store(panics{memory.New(nil)}))
			}()
			ended := r.spans.Ended()
			if len(ended) != 1 || ended[0].Status().Code != codes.Error || ended[0].Status().Description != "panic" {
				t.Fatalf("got spans %v, want one with the status panic", ended)
			}
			equal(t, "values", r.values(t), []string{
				"humasess.store.duration{db.operation.name=" + name + ",db.system.name=otel_test,error.type=panic} 1",
			})
		})
	}
}

func TestNoRevocations(t *testing.T) {
	t.Parallel()
	if got := newRig(t, humasessotel.Options{}).Revocations(nil); got != nil {
		t.Errorf("got %v, want nil, which package cookie reports", got)
	}
}

// A user without other sessions may revoke them. The counter is of sessions, so it stays.
func TestNothingToRevoke(t *testing.T) {
	t.Parallel()
	r := newRig(t, humasessotel.Options{})
	for _, n := range []int{0, 3, -1} {
		r.OnEvent(context.Background(), events.Event{Kind: events.Revoked, Scheme: "s", Count: n})
	}
	equal(t, "none, three, and an unknown number", r.values(t), []string{"humasess.sessions.revoked{humasess.scheme=s} 4"})
}
