//go:build !race

package cookie_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// Allocations are exact, unlike times, so a test can gate them. This file is
// built without the race detector, because it makes sync.Pool drop items at
// random.
func TestAllocationsOverBareHuma(t *testing.T) {
	bare := testing.AllocsPerRun(200, operation(t, nil, "/bare"))
	for _, c := range costs {
		t.Run(c.kind, func(t *testing.T) {
			sealer, err := c.make(key(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				path string
				most float64
			}{{"/read", c.read}, {"/modify", c.modify}} {
				run := operation(t, sealer, tt.path)
				run() // the first request allocates more than later ones
				got := testing.AllocsPerRun(200, run) - bare
				t.Logf("%s: %v", tt.path, got)
				if got > tt.most {
					t.Errorf("%s: got %v allocations over bare huma, want at most %v", tt.path, got, tt.most)
				}
			}
		})
	}
}

// An oversized cookie costs no memory in proportion to its size.
func TestOversizedCookiesCostNothing(t *testing.T) {
	for _, c := range costs {
		t.Run("K7 "+c.kind, func(t *testing.T) {
			sealer, err := c.make(key(t))
			if err != nil {
				t.Fatal(err)
			}
			r := serve(t, sealer, revoked())
			cost := func(value string) uint64 {
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/count", http.NoBody)
				request.Header.Set("Cookie", name+"="+value)
				w := &discard{http.Header{}}
				const n = 50
				var before, after runtime.MemStats
				r.handler.ServeHTTP(w, request)
				runtime.ReadMemStats(&before)
				for range n {
					clear(w.header)
					r.handler.ServeHTTP(w, request)
				}
				runtime.ReadMemStats(&after)
				return (after.TotalAlloc - before.TotalAlloc) / n
			}
			nonsense := cost("x")
			for _, size := range []int{4097 - len(name), 1 << 16, 1 << 20} {
				if got := cost(strings.Repeat("A", size)); got > nonsense+2048 {
					t.Errorf("%d bytes: got %d bytes allocated, want at most 2 KiB more than the %d for nonsense", size, got, nonsense)
				}
			}
		})
	}
}
