package memory

import (
	"context"
	"sync"

	"github.com/humasess/sessions/stores"
)

// mostHints is how many IDs wait for one watcher. Beyond that, the zero ID
// stands for all of them.
const mostHints = 1024

// watcher holds hints until the goroutine of its Watch takes them. Its lock is
// taken last.
type watcher struct {
	kick chan struct{}

	mu  sync.Mutex
	ids []stores.ID
}

func (w *watcher) add(id stores.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ids) == mostHints {
		w.ids = append(w.ids[:0], stores.ID{})
	} else if len(w.ids) == 0 || !w.ids[0].IsZero() {
		w.ids = append(w.ids, id)
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

func (w *watcher) take() []stores.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := w.ids
	w.ids = nil
	return ids
}

// Watch implements [stores.Watcher] for the sessions of this process.
// [Store.Close] does not end it; its context does.
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	w := &watcher{kick: make(chan struct{}, 1)}
	s.mu.Lock()
	if s.watchers == nil {
		s.watchers = make(map[*watcher]struct{})
	}
	s.watchers[w] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, w)
	}()
	ended(stores.ID{}) // from here on no hint is missed
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.kick:
		}
		for _, id := range w.take() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			ended(id)
		}
	}
}

// hint tells the watchers that a session has ended before its time. Store.mu is
// held.
func (s *Store) hint(id stores.ID) {
	for w := range s.watchers {
		w.add(id)
	}
}
