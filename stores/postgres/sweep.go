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
	// batch is how many rows one statement deletes, and pages how many blocks
	// of the table one reads. Each takes milliseconds.
	batch = 1000
	pages = 128

	// round is how many sweeps it takes to read the whole table. Sessions past
	// their deadline are found by an index, at once. Sessions that passed their
	// idle timeout are found only by reading, because with an index every touch
	// would write to it.
	round = 30
)

// sweeper is the goroutine that removes expired sessions and old marks.
type sweeper struct {
	every  time.Duration
	logger *slog.Logger

	mu      sync.Mutex
	started bool
	closed  bool
	cancel  context.CancelFunc
	done    chan struct{}
	next    int64 // the page to read next
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
		// The pause is random, so processes that started together do not sweep
		// together.
		timer := time.NewTimer(w.every/2 + rand.N(w.every)) //nolint:gosec // spreads load; it is not a secret
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

// Close stops the sweeper and waits until it has ended, or for the context. The
// store stays usable and its DB open. Close is idempotent.
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

// Sweep removes every expired session and old marks from the tables, in small
// batches. It skips locked rows, so any number of processes may sweep in
// parallel. It returns the number of sessions removed. Programs need it only
// with a negative SweepEvery.
func (s *Store) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx, 1) }

// sweep divides the table into parts and looks for idle sessions in one of them.
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

// batches repeats a statement until it affects less than a batch.
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

// walk continues through the table from the end of the last walk.
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

// take returns the next page and advances.
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
