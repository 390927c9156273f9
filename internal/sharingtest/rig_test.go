package sharingtest_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

type handler[T any] func(ctx context.Context, s *humasess.Session[T]) error

// set sets the data of the session. Without a session it starts an anonymous one.
func set[T any](data T) handler[T] {
	return func(_ context.Context, s *humasess.Session[T]) error {
		return s.Update(func(to *T) error { *to = data; return nil })
	}
}

// start starts a session with the data.
func start[T any](data T) handler[T] {
	return func(_ context.Context, s *humasess.Session[T]) error { return s.Start(data) }
}

// rig has one handler on net/http. It does not use huma, because huma's generics take
// seconds to compile for each type.
type rig[T any] struct {
	t        *testing.T
	handler  http.Handler
	sessions *humasess.Manager[T]
	store    *humasesstest.Store // of newRigWith
	events   *eventLog
}

// eventLog collects events.
type eventLog struct {
	mu  sync.Mutex
	all []events.Event
}

func (l *eventLog) add(ctx context.Context, e events.Event) {
	everything.Event(ctx, e)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// take returns the events since the last take.
func (l *eventLog) take() []events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// one returns the same user for all data, except for the zero value, which is
// anonymous.
func one[T any](data T) string {
	if reflect.ValueOf(&data).Elem().IsZero() {
		return ""
	}
	return "u1"
}

// anonymous returns no user for any data.
func anonymous[T any](T) string { return "" }

type callKey struct{} // of the function that a request calls

func newRig[T any](t *testing.T, identity func(T) string) *rig[T] {
	t.Helper()
	return newRigOn(t, humasess.Options[T]{Identity: identity}, memory.New(nil))
}

// newRigWith returns a rig whose store counts.
func newRigWith[T any](t *testing.T, opts humasess.Options[T]) *rig[T] {
	t.Helper()
	store := humasesstest.Wrap(memory.New(nil))
	r := newRigOn(t, opts, store)
	r.store = store
	return r
}

func newRigOn[T any](t *testing.T, opts humasess.Options[T], store stores.Store) *rig[T] {
	t.Helper()
	log := &eventLog{}
	opts.OnEvent = log.add
	m, err := humasess.New(store, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return &rig[T]{t: t, sessions: m, events: log, handler: m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[T](r.Context())
		call := r.Context().Value(callKey{}).(handler[T])
		if err := call(r.Context(), s); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))}
}

func (r *rig[T]) client() *humasesstest.Client { return humasesstest.NewClient(r.handler) }

// signedIn returns a client with a session that has the data.
func (r *rig[T]) signedIn(data T) *humasesstest.Client {
	r.t.Helper()
	c := r.client()
	c.SetCookie(humasesstest.Login(r.t, r.sessions, data))
	return c
}

// wantCalls compares the store's counters with pairs of operation and number.
func (r *rig[T]) wantCalls(want map[humasesstest.Op]int) {
	r.t.Helper()
	got := r.store.Calls()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("store calls: got %v, want %v", got, want)
	}
}

func (r *rig[T]) must(c *humasesstest.Client, call handler[T]) {
	r.t.Helper()
	with := func(req *http.Request) { *req = *req.WithContext(context.WithValue(req.Context(), callKey{}, call)) }
	if w := c.Do(http.MethodPost, "/", nil, with); w.Code != http.StatusOK {
		r.t.Errorf("got %d %s, want 200", w.Code, w.Body)
	}
}

func (r *rig[T]) data(c *humasesstest.Client) (v T, ok bool) {
	r.t.Helper()
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error { v, ok = s.Get(); return nil })
	return v, ok
}
