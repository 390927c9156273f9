package sharingtest_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type handler[T any] func(ctx context.Context, s *humasess.Session[T]) error

// set sets the data of the session. Without a session it starts an anonymous one.
func set[T any](data T) handler[T] {
	return func(_ context.Context, s *humasess.Session[T]) error {
		return s.Update(func(to *T) error { *to = data; return nil })
	}
}

// rig has one handler on net/http. It does not use huma, because huma's generics take
// seconds to compile for each type.
type rig[T any] struct {
	t       *testing.T
	handler http.Handler
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
	m, err := humasess.New(memory.New(nil), &humasess.Options[T]{Identity: identity})
	if err != nil {
		t.Fatal(err)
	}
	return &rig[T]{t, m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[T](r.Context())
		call := r.Context().Value(callKey{}).(handler[T])
		if err := call(r.Context(), s); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))}
}

func (r *rig[T]) client() *humasesstest.Client { return humasesstest.NewClient(r.handler) }

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
