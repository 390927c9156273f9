package humasess

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// The answer of a store may get lost when the write has succeeded: the connection
// breaks, or a proxy does. Such a write is not a failed one. It is read back
// within the budget of the call, and sent again if it has not happened. A record
// carries the random name of its last write for that. Versions do not do: another
// request may have made the same version.

const (
	// maxLost bounds how often the store is asked about a call whose answer was
	// lost. A store that is down must not be asked often.
	maxLost = 5

	// lostPause is the longest wait before it is asked again.
	lostPause = time.Second
)

// waitForStore waits a random time before the store is asked again. The times
// grow: an outage lasts for longer than a broken connection.
func waitForStore(ctx context.Context, try int) error {
	return wait(ctx, min(20*time.Millisecond<<(2*try), lostPause))
}

// answerLost reports whether a call may have succeeded in spite of its error, and
// whether there is time to find out. In a transaction of the program nothing can
// be read back after an error.
func (m *Manager[T]) answerLost(ctx context.Context, err error) bool {
	for _, answer := range []error{
		nil, stores.ErrNotFound, stores.ErrConflict, stores.ErrExists, stores.ErrFull, stores.ErrLimit, stores.ErrTooLarge,
		stores.ErrNoIdentity, stores.ErrRevoked, stores.ErrChanged, errors.ErrUnsupported,
	} {
		if errors.Is(err, answer) {
			return false
		}
	}
	return m.clientSide == nil && ctx.Err() == nil && !stores.InTransaction(ctx, m.store)
}

// update replaces a record and finds out what has become of the write when its
// answer is lost. name is the one in the payload.
func (m *Manager[T]) update(ctx context.Context, store stores.Store, u stores.Update, name uint64) (stores.Updated, error) {
	updated, err := store.Update(ctx, u)
	if !m.answerLost(ctx, err) {
		return updated, err
	}
	cause := err
	for try := range maxLost {
		if waitForStore(ctx, try) != nil {
			break
		}
		rec, err := m.records.Fetch(ctx, u.ID)
		switch {
		case errors.Is(err, stores.ErrNotFound), errors.Is(err, payload.ErrFormat):
			return stores.Updated{}, stores.ErrNotFound
		case err != nil:
			continue
		case rec.Open.Write == name:
			return stores.Updated{Version: rec.Version, Expires: rec.Expires, Deadline: rec.Deadline, Now: rec.Now}, nil
		case rec.Version != u.Version:
			return stores.Updated{}, cause // another write came after it, or instead of it
		}
		// The first one may still be under way. Then one of the two conflicts, and
		// the name tells.
		if updated, err = store.Update(ctx, u); err == nil {
			return updated, nil
		}
	}
	return stores.Updated{}, cause
}

// remove deletes a session, again when the answer is lost. A session that is gone
// then was ended by this call.
func (m *Manager[T]) remove(ctx context.Context, store stores.Store, id stores.ID, when stores.Condition) error {
	err := store.Delete(ctx, id, when)
	if !m.answerLost(ctx, err) {
		return err
	}
	for try := range maxLost {
		if waitForStore(ctx, try) != nil {
			break
		}
		err = store.Delete(ctx, id, when)
		if errors.Is(err, stores.ErrNotFound) {
			return nil
		}
		if !m.answerLost(ctx, err) {
			break
		}
	}
	return err
}

// revoke revokes an identity, again when the answer is lost. again is called with
// the time of the call whose answer was lost: its mark is the caller's own.
func (m *Manager[T]) revoke(
	ctx context.Context, store stores.Store, owner string, except stores.ID, again func(marks.Bracket),
) (stores.Revoked, error) {
	for try := 0; ; try++ {
		from := time.Now()
		revoked, err := stores.RevokeIdentity(ctx, store, owner, except)
		if try == maxLost || !m.answerLost(ctx, err) || waitForStore(ctx, try) != nil {
			return revoked, err
		}
		again(marks.Bracket{From: from, To: time.Now()})
	}
}

// createLost finds out whether a session was created although the answer was
// lost. If so, the next try takes its place: the marks that a Create reports are
// needed.
func (s *state[T]) createLost(ctx context.Context, p *lifecycle.Plan, c *stores.Create, hash [32]byte, cause error) error {
	for try := range maxLost {
		if waitForStore(ctx, try) != nil {
			break
		}
		rec, err := s.m.records.Fetch(ctx, c.ID)
		switch {
		case errors.Is(err, stores.ErrNotFound):
			return errCreateAgain
		case err != nil:
			continue
		case rec.Open.Hash != hash:
			return errCreateAgain // the ID was taken
		}
		// Whether the store has ended the old sessions, too, only the answer says.
		orphan := []stores.Replaced{{ID: c.ID, Version: rec.Version}}
		for _, old := range c.Replaces {
			orphan = append(orphan, stores.Replaced{ID: old.ID, MayBeGone: true})
		}
		s.hasReplaced(ctx, p, c.Replaces)
		s.orphan = orphan
		return errCreateAgain
	}
	return s.storeFailed(cause)
}

// bounded returns ctx with a budget of its own, for a call outside a request and
// for one that the program makes with its own context.
func (m *Manager[T]) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.opts.StoreTimeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.opts.StoreTimeout)
}

// newID makes an ID for a session to create. The store may have to ask a server
// for it, long before the commit, so each call has a budget of its own.
func (s *state[T]) newID(owner string) (stores.ID, error) {
	if _, asks := stores.As[stores.ContextIDMaker](s.carrier.store()); !asks {
		return stores.NewID(s.carrier.store(), owner)
	}
	ctx := context.Background()
	if s.r != nil {
		ctx = context.WithoutCancel(s.r.Client())
	}
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	return stores.NewIDContext(ctx, s.carrier.store(), owner)
}

// hungUp reports whether the caller has gone away, so that an error says nothing
// about the store.
func hungUp(asked context.Context) bool {
	return asked != nil && errors.Is(asked.Err(), context.Canceled)
}

func (m *Manager[T]) storeFailed(ctx context.Context, err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return gate.Fail(errors.ErrUnsupported, err)
	}
	if hungUp(ctx) {
		m.emit(ctx, events.Event{Kind: events.HungUp, Err: err})
	} else {
		m.emit(ctx, events.Event{Kind: events.StoreFailed, Err: err})
	}
	return gate.Unavailable(err)
}

func (s *state[T]) storeFailed(err error) error {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case s.r != nil && hungUp(s.r.Loading()), hungUp(s.caller):
		s.emit(events.Event{Kind: events.HungUp, Err: err})
	default:
		s.emit(events.Event{Kind: events.StoreFailed, Err: err})
	}
	return gate.Unavailable(err)
}

// adminStore returns the store for calls outside of a request.
func (m *Manager[T]) adminStore() stores.Store {
	if m.clientSide != nil {
		return m.clientSide()
	}
	return m.store
}
