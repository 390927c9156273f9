//go:build !race

package redis_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
)

// allocations counts once the client has its buffers, and takes the best of a
// few: its own goroutines allocate now and then.
func allocations(f func()) float64 {
	for range 1000 {
		f()
	}
	best := testing.AllocsPerRun(200, f)
	for range 4 {
		best = min(best, testing.AllocsPerRun(200, f))
	}
	return best
}

// TestAllocations bounds what a call costs in this process, the client's part
// included.
func TestAllocations(t *testing.T) {
	store := open(t, dial(t, servertest.RedisSingle(t)))
	ctx := t.Context()
	id := mustAdd(t, store, "ada")
	version := int64(1)
	proof := []byte("payload")
	payload := make([]byte, 200)
	tests := []struct {
		name string
		run  func() error
		most float64
	}{
		{"Load", func() error { _, err := store.Load(ctx, id); return err }, 8},
		{"LoadTouch", func() error { _, err := store.LoadTouch(ctx, id, proof); return err }, 9},
		{"Update", func() error {
			u, err := store.Update(ctx, stores.Update{ID: id, Version: version, Payload: payload, Idle: time.Hour})
			version = u.Version
			return err
		}, 10},
		{"Create and Delete", func() error {
			id, err := add(ctx, store, "bob")
			if err != nil {
				return err
			}
			return store.Delete(ctx, id, stores.Condition{})
		}, 36},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := allocations(func() {
				if err := tt.run(); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("got %v allocations, want %v at most", got, tt.most)
			}
		})
	}
}

// discard is a response writer for one request after the other.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// TestAPIAllocations bounds what a session adds to an operation.
func TestAPIAllocations(t *testing.T) {
	store := open(t, dial(t, servertest.RedisSingle(t)))
	handler, _ := serve(t, store, nil, hooks{})
	c := humasesstest.NewClient(handler)
	do(t, c, "POST", "/login?name=ada", 204)

	mux := http.NewServeMux()
	bare := humago.New(mux, huma.DefaultConfig("Bare", "1"))
	type named struct {
		Name string `query:"name"`
	}
	answer := func(context.Context, *named) (*output, error) { return &output{user{Name: "ada"}}, nil }
	huma.Get(bare, "/me", answer)
	huma.Post(bare, "/count", answer)

	cost := func(handler http.Handler, method, path string) float64 {
		r := httptest.NewRequest(method, "https://example.com"+path, http.NoBody)
		r.Header.Set("Cookie", "__Host-id="+c.Cookie("__Host-id"))
		w := &discard{http.Header{}}
		return allocations(func() {
			clear(w.header)
			handler.ServeHTTP(w, r)
		})
	}
	for _, tt := range []struct {
		name, method, path string
		most               float64
	}{
		{"read", "GET", "/me", 19},
		{"modify", "POST", "/count", 30},
	} {
		t.Run(tt.name, func(t *testing.T) {
			without, with := cost(mux, tt.method, tt.path), cost(handler, tt.method, tt.path)
			t.Logf("%v allocations over %v", with-without, without)
			if with-without > tt.most {
				t.Errorf("got %v allocations over bare huma, want %v at most", with-without, tt.most)
			}
		})
	}
}
