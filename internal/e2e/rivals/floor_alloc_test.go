//go:build !race

package rivals_test

import "testing"

// TestFloorAllocations fixes the allocations of the floor. A floor with more would
// make each budget easier to meet.
func TestFloorAllocations(t *testing.T) {
	base := newContestant(t, bare(), scenarios[read], 1).cost()
	for request, want := range map[string]float64{noCookie: 3, read: 4} {
		got := newContestant(t, floor(), scenarios[request], 1).cost()
		t.Logf("%s: %+.0f allocations, %+.0f bytes", request, got.allocations-base.allocations, got.bytes-base.bytes)
		if n := got.allocations - base.allocations; n != want {
			t.Errorf("%s: the floor has %+.0f allocations over bare huma, want %+.0f", request, n, want)
		}
	}
}
