package humasess

import (
	"context"
	"iter"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// pageSize is how many sessions All asks the store for at a time.
const pageSize = 500

// All goes through the live sessions of the manager, of every identity and of
// none, in no order and without extending them. It asks the store for a few
// hundred at a time, while the loop runs; stop when you have seen enough:
//
//	for info, err := range sessions.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// A session that lives as long as the loop comes once, and from a Redis Cluster
// whose slots move perhaps more often; one that starts or ends meanwhile may
// come or not. Sessions whose data do not decode are left out, after an event.
// An error is the last that comes: [errors.ErrUnsupported] when the store
// cannot go through its sessions.
func (m *Manager[T]) All(ctx context.Context) iter.Seq2[Info[T], error] {
	return func(yield func(Info[T], error) bool) {
		head := m.head()
		for cursor := ""; ; {
			bounded, cancel := m.bounded(ctx)
			page, err := stores.Scan(bounded, m.store, head, cursor, pageSize)
			cancel()
			if err != nil {
				yield(Info[T]{}, m.storeFailed(ctx, err))
				return
			}
			for _, raw := range page.Records {
				rec, data := m.readable(ctx, raw)
				if data != nil && !yield(m.info(&rec, *data, false), nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}

// Count returns how many live sessions the manager has, of every identity and
// of none. The store looks at each of them: that is for administration, not
// for requests. [errors.ErrUnsupported] when the store cannot go through its
// sessions.
func (m *Manager[T]) Count(ctx context.Context) (int, error) {
	n, err := stores.Count(ctx, m.store, m.head())
	if err != nil {
		return 0, m.storeFailed(ctx, err)
	}
	return n, nil
}

// RevokeEverything ends all sessions of the manager, of every identity and of
// none, and returns how many there were (ASVS 7.4.5). What other managers and
// programs keep in the same server or table stays. It is done in slices, so
// that requests go on meanwhile; sessions that start while it runs may end too.
//
// Logins that were already in progress are refused, by any manager of the store
// and in the calling request too: their credentials may have been checked before.
// After an error, or while the slots of a Redis Cluster move, some sessions may
// be left; call it again. [errors.ErrUnsupported] when the store cannot go
// through its sessions.
func (m *Manager[T]) RevokeEverything(ctx context.Context) (int, error) {
	from := time.Now()
	cleared, err := stores.Clear(gate.Outside(ctx), m.store, m.head())
	m.watch.CheckAll()
	if cleared.Mark != 0 {
		m.noteMark(markKey{}, cleared.Mark, from)
	}
	if cleared.Count > 0 || err == nil {
		m.emit(ctx, events.Event{Kind: events.Revoked, Reason: events.ReasonEverything, Count: cleared.Count})
	}
	if err != nil {
		return cleared.Count, m.storeFailed(ctx, err)
	}
	return cleared.Count, nil
}

// head returns the first bytes of every payload of the manager.
func (m *Manager[T]) head() []byte { return payload.Head(m.scheme) }
