package coretest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// Allocations returns the allocations of one call of f. It runs f first, so that
// the client of a store has its buffers. It returns the lowest of a few counts,
// because the client's own goroutines allocate now and then. Meanwhile no garbage is
// collected, because that would empty pools, the more often the busier the machine is.
func Allocations(f func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 1000 {
		f()
	}
	best := testing.AllocsPerRun(200, f)
	for range 4 {
		best = min(best, testing.AllocsPerRun(200, f))
	}
	return best
}

// discard is a response writer that many requests use in turn.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// AllocationsOverBare returns the allocations that the session adds to a request.
// It compares a client of [Serve] with the same operation without a session. It
// supports GET /me, which reads, and POST /count, which changes data.
func AllocationsOverBare(tb testing.TB, handler http.Handler, c *humasesstest.Client, method, path string) float64 {
	tb.Helper()
	Do(tb, c, method, path, http.StatusOK)
	api, bare := plainRouter(huma.DefaultConfig("Bare", "1"))
	type named struct {
		Name string `query:"name"`
	}
	answer := func(context.Context, *named) (*output, error) { return &output{User{Name: "ada"}}, nil }
	huma.Get(api, "/me", answer)
	huma.Post(api, "/count", answer)

	cost := func(handler http.Handler) float64 {
		r := httptest.NewRequestWithContext(tb.Context(), method, "https://example.com"+path, http.NoBody)
		r.Header.Set("Cookie", CookieName+"="+c.Cookie(CookieName))
		w := &discard{http.Header{}}
		return Allocations(func() {
			clear(w.header)
			handler.ServeHTTP(w, r)
		})
	}
	return cost(handler) - cost(bare)
}

// APIAllocations bounds the allocations that a session adds to an operation that
// reads, and to one that changes data.
func APIAllocations(t *testing.T, store stores.Store, read, modify float64) {
	t.Helper()
	handler, _ := Serve(t, store, nil, Hooks{})
	c := SignIn(t, handler, "ada")
	for _, tt := range []struct {
		name, method, path string
		most               float64
	}{
		{"read", "GET", "/me", read},
		{"modify", "POST", "/count", modify},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := AllocationsOverBare(t, handler, c, tt.method, tt.path)
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("got %v allocations over bare huma, want %v at most", got, tt.most)
			}
		})
	}
}
