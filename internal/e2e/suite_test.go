package e2e_test

import (
	"slices"
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
		streamBehaviours, commitBehaviours, http2Behaviours, raceBehaviours, disconnectBehaviours,
	)
}

// TestGoldenRouters runs every behaviour on every router, and compares the
// outcome with docs/routers.md.
func TestGoldenRouters(t *testing.T) {
	all := adapters()
	results := make([]result, len(all))
	for _, b := range behaviours() {
		t.Run(b.name, func(t *testing.T) {
			for i, a := range all {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					t.Cleanup(func() { results[i].count(t) })
					b.run(t, a)
				})
			}
		})
	}
	golden(t, all, results)
}

// result is the result of the suite on one router.
type result struct{ run, failed, skipped int }

func (r *result) count(t *testing.T) {
	t.Helper()
	r.run++
	switch {
	case t.Failed():
		r.failed++
	case t.Skipped():
		r.skipped++
	}
}
