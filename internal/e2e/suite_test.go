package e2e_test

import (
	"slices"
	"sync/atomic"
	"testing"
)

// behaviour is a behaviour of sessions on every router. Its name begins with
// the standards that it keeps.
type behaviour struct {
	name string
	run  func(t *testing.T, a *adapter)
}

func behaviours() []behaviour {
	return slices.Concat(
		accessBehaviours, typesBehaviours, optionBehaviours, documentBehaviours, originBehaviours, aliasBehaviours, responseBehaviours, cacheBehaviours,
		streamBehaviours, commitBehaviours, http2Behaviours, raceBehaviours, disconnectBehaviours, bearerBehaviours,
		socketBehaviours,
	)
}

// TestGoldenRouters runs every behaviour on every router, and compares the
// outcome with docs/routers.md. Most of the time, a behaviour waits.
func TestGoldenRouters(t *testing.T) {
	all := adapters()
	results := make([]result, len(all))
	t.Cleanup(func() { golden(t, all, results) }) // after the parallel subtests
	for _, b := range behaviours() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for i, a := range all {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					t.Cleanup(func() { results[i].count(t) })
					b.run(t, a)
				})
			}
		})
	}
}

// result is the result of the suite on one router.
type result struct{ run, failed, skipped atomic.Int64 }

func (r *result) count(t *testing.T) {
	t.Helper()
	r.run.Add(1)
	switch {
	case t.Failed():
		r.failed.Add(1)
	case t.Skipped():
		r.skipped.Add(1)
	}
}
