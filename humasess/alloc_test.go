//go:build !race

package humasess_test

import "testing"

// Counts of allocations are exact, unlike times, so a test can compare them. The
// race detector makes sync.Pool drop at random: this file is built without.
//
// The budget for a read is 4 with a flat type and 16 with any other, and for a
// change 8 and 18. A change of a flat type exceeds it by the store's own copy of
// the payload with its memo, and by time's and json's own.
func TestAllocationsOverBareHuma(t *testing.T) {
	all := scenarios()
	bare := testing.AllocsPerRun(200, all["bare"].run())
	for _, tt := range []struct {
		name string
		most float64
	}{
		{"without session", 0},
		{"no cookie", 2},
		{"malformed cookie", 4}, // all Cookie lines are looked through
		{"read shared", 3},
		{"read any", 5}, // of them 2 for the marker of Required, as text and as bytes
		{"modify shared", 10},
		{"modify any", 14},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := all[tt.name].run()
			run() // the first request learns how the operation binds
			if got := testing.AllocsPerRun(200, run) - bare; got > tt.most {
				t.Errorf("got %v allocations over bare huma, want at most %v", got, tt.most)
			}
		})
	}
}
