//go:build !race

package cookie_test

import "testing"

// Allocations are exact, unlike times, so they are what a test can hold. The
// race detector makes sync.Pool drop at random: this file is built without.
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
				run() // the first request learns how the operation binds
				got := testing.AllocsPerRun(200, run) - bare
				t.Logf("%s: %v", tt.path, got)
				if got > tt.most {
					t.Errorf("%s: got %v allocations over bare huma, want at most %v", tt.path, got, tt.most)
				}
			}
		})
	}
}
