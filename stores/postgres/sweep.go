package postgres

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	// batch is how many rows one statement deletes, and pages how much of the
	// table one looks at: both take milliseconds.
	batch = 1000
	pages = 128

	// round is how many sweeps it takes to look at the whole table. Sessions
	// that reached their deadline are found by an index, at once; those that
	// ended by their idle timeout only this way, because an index would make
	// every touch write to it.
	round = 30
)

// sweeper is the goroutine that removes what has expired.
type sweeper struct {
	every  time.Duration
	logger *slog.Logger

	mu      sync.Mutex
	started bool
	closed  bool
	cancel  context.CancelFunc
	done    chan struct{}
	next    int64 // the page to look at
}

func (w *sweeper) init(every time.Duration, logger *slog.Logger, single bool) {
	w.every, w.logger = every, logger
	w.closed = every < 0 || single
}

// wake starts the sweeper unless it runs.
func (s *Store) wake() {
	w := &s.sweeper
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started || w.closed {
		return
	}
	w.started = true
	w.done = make(chan struct{})
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go s.run(ctx)
}

func (s *Store) run(ctx context.Context) {
	w := &s.sweeper
	defer close(w.done)
	for {
		// Processes that started together do not sweep together.
		timer := time.NewTimer(w.every/2 + rand.N(w.every)) //nolint:gosec // spreads load; nothing secret depends on it
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if _, err := s.sweep(ctx, round); err != nil && ctx.Err() == nil {
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

// Sweep removes every expired session from the table, and the marks that are
// too old to matter, in small batches. It passes over rows that somebody
// holds, so that any number of processes may sweep at once. It returns how
// many sessions it has removed. A program that leaves SweepEvery alone need
// not call it.
func (s *Store) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx, 1) }

// sweep looks at one part of parts of the table for idle sessions.
func (s *Store) sweep(ctx context.Context, parts int64) (int, error) {
	total, err := s.batches(ctx, s.text.dead, int64(batch))
	if err != nil {
		return total, err
	}
	if _, err := s.batches(ctx, s.text.marks, micros(stores.RevocationRetention), int64(batch)); err != nil {
		return total, err
	}
	if _, err := s.batches(ctx, s.text.early, int64(batch)); err != nil {
		return total, err
	}
	n, err := s.walk(ctx, parts)
	return total + n, err
}

// batches repeats a statement until it finds less than a batch.
func (s *Store) batches(ctx context.Context, sql string, args ...any) (int, error) {
	for total := 0; ; {
		tag, err := s.pool.Exec(ctx, sql, args...)
		if err != nil {
			return total, explain(err)
		}
		total += int(tag.RowsAffected())
		if tag.RowsAffected() < batch {
			return total, nil
		}
	}
}

// walk goes on through the table from where the last one ended.
func (s *Store) walk(ctx context.Context, parts int64) (int, error) {
	var size int64
	if err := s.pool.QueryRow(ctx, s.text.blocks).Scan(&size); err != nil {
		return 0, explain(err)
	}
	total := 0
	for left := min(size, max(size/parts, pages)); left > 0; left -= pages {
		from := s.sweeper.take(size)
		tag, err := s.pool.Exec(ctx, s.text.idle, from, from+pages)
		if err != nil {
			return total, explain(err)
		}
		total += int(tag.RowsAffected())
	}
	return total, nil
}

// take returns the page to go on from, and moves on.
func (w *sweeper) take(size int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next >= size {
		w.next = 0
	}
	from := w.next
	w.next += pages
	return from
}
