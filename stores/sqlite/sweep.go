package sqlite

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// batch is how many rows are removed before other writers get their turn.
const batch = 200

// sweeper is the goroutine that removes expired sessions and old marks.
type sweeper struct {
	every  time.Duration
	logger *slog.Logger

	mu     sync.Mutex
	closed bool
	cancel context.CancelFunc
	done   chan struct{} // nil until the sweeper starts
}

// wake starts the sweeper unless it runs.
func (s *Store) wake() {
	w := &s.sweeper
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != nil || w.closed {
		return
	}
	w.done = make(chan struct{})
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go s.run(ctx)
}

func (s *Store) run(ctx context.Context) {
	w := &s.sweeper
	defer close(w.done)
	for {
		// The pause is random, so processes that started together do not sweep
		// together.
		timer := time.NewTimer(w.every/2 + rand.N(w.every)) //nolint:gosec // spreads load; it is not a secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			w.logger.WarnContext(ctx, "humasess: expired sessions could not be removed", "error", err)
		}
	}
}

// Close stops the sweeper and waits until it has ended, or for the context.
// The store stays usable and its DB open. Close is idempotent.
func (s *Store) Close(ctx context.Context) error {
	w := &s.sweeper
	w.mu.Lock()
	w.closed = true
	if w.cancel != nil {
		w.cancel()
	}
	done := w.done
	w.mu.Unlock()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sweep removes every expired session and old marks from the file, in small
// batches. It returns the number of sessions removed. Programs need it only
// with a negative SweepEvery.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		var sessions, marks, changes int64
		err := s.write(ctx, func(t *tx) (err error) {
			if sessions, err = t.count(s.text.sweep, t.now, batch); err != nil {
				return err
			}
			old := t.real - int64(stores.RevocationRetention)
			if marks, err = t.count(s.text.oldMark, old, batch); err != nil {
				return err
			}
			changes, err = t.count(s.text.oldChange, old, batch)
			return err
		})
		if err != nil {
			return total, err
		}
		total += int(sessions)
		if max(sessions, marks, changes) < batch {
			return total, nil
		}
	}
}
