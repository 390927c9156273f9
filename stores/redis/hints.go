package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// Between attempts to subscribe. A subscription that held for longer than the
// second begins at the first again.
const (
	minPause = 100 * time.Millisecond
	maxPause = 30 * time.Second
)

// Watch implements [stores.Watcher] on a connection of the client's that it
// has to itself, and subscribes again whenever that is lost. Each call has its
// own; any number may run at once. Without Options.Hints the error matches
// [errors.ErrUnsupported].
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	if s.channel == "" {
		return fmt.Errorf("redis: Watch without Options.Hints: %w", errors.ErrUnsupported)
	}
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		begin := time.Now()
		err := s.listen(ctx, ended)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(begin) > maxPause {
			pause = minPause
		}
		s.logger.WarnContext(ctx, "humasess: hints that sessions have ended are interrupted", "error", err)
		// Processes that lost the server together do not come back together.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads load; nothing secret depends on it
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// listen lasts as long as one connection.
func (s *Store) listen(ctx context.Context, ended func(stores.ID)) error {
	if _, err := s.key(ctx); err != nil {
		return err
	}
	conn, release := s.client.Dedicate()
	defer release()
	var mu sync.Mutex // confirmations come from another goroutine
	tell := func(id stores.ID) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			ended(id)
		}
	}
	confirmed := rueidis.WithOnSubscriptionHook(ctx, func(sub rueidis.PubSubSubscription) {
		if sub.Kind == "subscribe" {
			tell(stores.ID{}) // from here on nothing is missed
		}
	})
	err := conn.Receive(confirmed, conn.B().Subscribe().Channel(s.channel).Build(), func(m rueidis.PubSubMessage) {
		var id plainID
		if len(m.Message) != len(id) { // many, or one of a later version
			tell(stores.ID{})
			return
		}
		copy(id[:], m.Message)
		tell(s.keys.current.Load().public(id))
	})
	if err == nil {
		err = errors.New("redis: the subscription has ended")
	}
	return err
}
