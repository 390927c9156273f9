//go:build !race

package humasessotel_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
)

// These are the allocations that docs/telemetry.md names.
func TestAllocations(t *testing.T) {
	most := map[string]float64{
		"bare": 0, "no SDK": 1, "metrics": 1, "metrics and spans that are not sampled": 3, "metrics and spans": 5,
	}
	for _, w := range wraps {
		if got := coretest.Allocations(loader(t, w.wrap)); got > most[w.name] {
			t.Errorf("%s: got %v allocations for a load, want at most %v", w.name, got, most[w.name])
		}
	}
}
