package memory

import (
	"context"
	"runtime"
	"time"
	"weak"
)

// sweeper is one run of the goroutine that removes expired sessions and old
// marks. It runs while there are any to remove. It holds its store by a weak
// pointer, so an unused store is collected even if it is not closed.
type sweeper struct {
	stop chan struct{} // closed by Close
	done chan struct{} // closed when it has ended
}

// wake starts a sweeper unless one runs. Store.mu is held.
func (s *Store) wake() {
	if s.noSweeper || s.sweeper != nil {
		return
	}
	w := &sweeper{stop: make(chan struct{}), done: make(chan struct{})}
	s.sweeper = w
	go w.run(weak.Make(s), s.every)
}

func (w *sweeper) run(store weak.Pointer[Store], every time.Duration) {
	defer close(w.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		if !w.sweep(store) {
			return
		}
	}
}

// sweep visits all shards once and reports whether another round is needed.
func (w *sweeper) sweep(store weak.Pointer[Store]) bool {
	s := store.Value()
	if s == nil {
		return false
	}
	for i := range s.shards {
		for s.sweepShard(&s.shards[i]) {
			if w.stopped() {
				return false
			}
			runtime.Gosched()
		}
	}
	for s.sweepMarks() {
		if w.stopped() {
			return false
		}
		runtime.Gosched()
	}
	return s.busy()
}

func (w *sweeper) stopped() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// sweepShard removes a slice of expired sessions and reports whether there may
// be more.
func (s *Store) sweepShard(sh *shard) bool {
	if sh.queue.next.Load() > s.clock.Load().read() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return s.reap(sh, s.clock.Load().read(), slice) == slice
}

func (s *Store) sweepMarks() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	more := s.marks.trim(slice)
	return s.changes.trim(slice) || more
}

// busy reports whether the store keeps anything. If not, the sweeper ends.
func (s *Store) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count > 0 || s.marks.oldest != nil || s.changes.oldest != nil {
		return true
	}
	s.sweeper = nil
	return false
}

// Close stops the sweeper and waits until it has ended, or for the context. The
// store stays usable. Each Create then removes some expired sessions. Close is
// idempotent.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	w, ended := s.sweeper, s.noSweeper
	s.noSweeper = true
	if w != nil && !ended {
		close(w.stop)
	}
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	select {
	case <-w.done:
		return nil
	default:
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
