package browser_test

import (
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// burst sends parallel requests, aborts some of them while they run, and
// returns the statuses of the others. The browser applies the cookies of the
// answers in any order.
const burst = `(async () => {
	const send = (path, options) => fetch(path, options).then(r => r.status, () => 0)
	const all = []
	for (let i = 0; i < 6; i++) {
		all.push(send("/me"), send("/pay", {method: "POST"}))
		const gone = new AbortController()
		send("/me", {signal: gone.signal})
		setTimeout(() => gone.abort(), i)
	}
	return Promise.all(all)
})()`

// TestRotation is a day at work. Two tabs send bursts of requests, and at each
// burst the token is due for rotation.
func TestRotation(t *testing.T) {
	t.Run("T9 the user stays signed in", func(t *testing.T) {
		const rounds, every = 24, 20 * time.Minute
		a := newApp(t, humasess.Options[user]{RotateEvery: every})
		b := browser.New(t)
		left := a.login(b)
		right := b.Open(a.origin)
		paid := 0
		for range rounds {
			a.clock.Advance(every + time.Second)
			browser.Eval[any](left, "globalThis.burst = "+burst+", null")
			statuses := slices.Concat(browser.Eval[[]int](right, burst), browser.Eval[[]int](left, "globalThis.burst"))
			for _, status := range statuses {
				if status/100 != 2 {
					t.Fatalf("after %d payments: got %v, want successes only", paid, statuses)
				}
				if status == 204 {
					paid++
				}
			}
		}
		a.wantUser(left, "ada", paid)
		if got := a.count(events.Renewed); got < rounds {
			t.Errorf("rotations: got %d, want %d or more", got, rounds)
		}
		for _, kind := range []events.Kind{events.Reused, events.Rejected} {
			if got := a.count(kind); got != 0 {
				t.Errorf("events %q: got %d, want none", kind, got)
			}
		}
	})
}
