package storecall

import (
	"context"
	"math/rand/v2"
	"time"
)

// maxPause is the longest wait of PauseReplay.
const maxPause = 20 * time.Millisecond

// PauseReplay waits a random time that grows with the number of conflicts.
func PauseReplay(ctx context.Context, replay int) error {
	if replay < 2 {
		return ctx.Err()
	}
	return Wait(ctx, min(time.Duration(replay)*50*time.Microsecond, maxPause))
}

// WaitForStore waits a random time before the store is asked again. The times grow: an
// outage lasts for longer than a broken connection.
func WaitForStore(ctx context.Context, try int) error {
	return Wait(ctx, min(20*time.Millisecond<<(2*try), lostPause))
}

// Wait waits a random time. It returns the error of a context that ends before.
func Wait(ctx context.Context, most time.Duration) error {
	t := time.NewTimer(rand.N(most)) //nolint:gosec // spreads retries; nothing secret depends on it
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
