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

// These are the pauses between attempts to subscribe. After a subscription that
// held for longer than maxPause, the next pause is minPause again.
const (
	minPause = 100 * time.Millisecond
	maxPause = 30 * time.Second
)

// Watch implements [stores.Watcher] on a dedicated connection of the client,
// and subscribes again when that connection is lost. Any number of calls may
// run at the same time, each with its own connection. Without Options.Hints the
// error matches [errors.ErrUnsupported].
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	if s.channel == "" {
		return fmt.Errorf("redis: Watch needs Options.Hints: %w", errors.ErrUnsupported)
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
		s.logger.WarnContext(ctx, "humasess: hints of ended sessions are interrupted", "error", err)
		// The pause is random, so processes that lost the server together do
		// not come back together.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads load; it is not a secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// listen subscribes and passes on hints until its connection ends.
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
			tell(stores.ID{}) // from here on no hint is missed
		}
	})
	err := conn.Receive(confirmed, conn.B().Subscribe().Channel(s.channel).Build(), func(m rueidis.PubSubMessage) {
		var id plainID
		if len(m.Message) != len(id) { // many sessions, or the format of a later version
			tell(stores.ID{})
			return
		}
		copy(id[:], m.Message)
		tell(s.keys.current.Load().public(id))
	})
	if err == nil {
		return errors.New("redis: the subscription has ended")
	}
	return explain(err)
}
