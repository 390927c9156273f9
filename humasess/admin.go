package humasess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// UpdateOption changes how [Manager.UpdateIdentity] works.
type UpdateOption struct{ keepSignIns bool }

// KeepSignIns leaves no mark of a change, so that logins in progress succeed. It
// is for data that decide nothing, such as preferences: such a login may write the
// old data.
func KeepSignIns() UpdateOption { return UpdateOption{keepSignIns: true} }

// UpdateIdentity changes the data of every session of an identity, for
// example after its roles have changed, and returns how many were changed.
// Like [Session.Update], no concurrent change is lost, and the function may
// run several times for one session; its first error stops. The identity
// itself must stay. Nothing is extended. Requests that are running keep their
// own copy of the data, the calling one too: [Session.Get] shows the change from
// the next request on. No session of the identity is no error.
//
// Call it after the program's own data have changed. Logins that were already in
// progress are refused with 409, except in the calling request, because they may
// carry the old roles: the client may repeat them at once. See [KeepSignIns]. A
// store that is not a [stores.Marker] refuses only logins of this process.
func (m *Manager[T]) UpdateIdentity(ctx context.Context, identity string, change func(*T) error, opts ...UpdateOption) (int, error) {
	if err := m.indexes(identity); err != nil {
		return 0, err
	}
	if !m.lists() {
		_, err := stores.List(ctx, m.adminStore(), m.qualify(identity))
		return 0, m.storeFailed(ctx, err) // before the mark, which would refuse logins for nothing
	}
	owner := m.qualify(identity)
	if !slices.Contains(opts, KeepSignIns()) {
		if err := m.markChanged(ctx, owner); err != nil {
			return 0, err
		}
	}
	bounded, cancel := m.bounded(gate.Outside(ctx))
	records, err := stores.List(bounded, m.adminStore(), owner)
	cancel()
	if err != nil {
		return 0, m.storeFailed(ctx, err)
	}
	n := 0
	for _, raw := range records {
		changed, err := m.updateRecord(gate.Outside(ctx), raw, owner, change)
		if err != nil {
			return n, err
		}
		if changed {
			n++
		}
	}
	return n, nil
}

// adminStore returns the store for calls outside of a request.
func (m *Manager[T]) adminStore() stores.Store {
	if m.clientSide != nil {
		return m.clientSide()
	}
	return m.store
}

// lists reports whether the store can list the sessions of an identity.
func (m *Manager[T]) lists() bool {
	_, ok := stores.As[stores.Index](m.store)
	return ok && m.clientSide == nil
}

// markChanged comes before the list: a session that starts in between carries the
// new data, because its request began after the mark or is refused.
func (m *Manager[T]) markChanged(ctx context.Context, owner string) error {
	bounded, cancel := m.bounded(gate.Outside(ctx))
	defer cancel()
	key := markKey{owner: owner, changed: true}
	var from time.Time
	var changed stores.Changed
	var err error
	for try := 0; ; try++ {
		from = time.Now()
		changed, err = stores.MarkChanged(bounded, m.adminStore(), owner)
		if try == maxLost || !m.answerLost(bounded, err) || waitForStore(bounded, try) != nil {
			break
		}
		m.exempt(ctx, stores.NotRevoked, mark{markKey: key, bracket: bracket{from, time.Now()}})
	}
	if errors.Is(err, errors.ErrUnsupported) {
		changed, err = stores.Changed{Ago: stores.NotRevoked}, nil
	}
	if err != nil {
		return m.storeFailed(ctx, err)
	}
	m.exempt(ctx, changed.Ago, m.noteMark(key, changed.Mark, from))
	return nil
}

// updateRecord reports false for a session that has ended meanwhile, or that
// nobody could read.
func (m *Manager[T]) updateRecord(ctx context.Context, raw stores.Record, owner string, change func(*T) error) (bool, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	for replay := range maxReplays {
		rec, data := m.readable(ctx, raw)
		if data == nil {
			return false, nil
		}
		if err := change(data); err != nil {
			return false, err
		}
		if !m.owns(data, owner) {
			return false, gate.Fail(gate.ErrInvalid, errIdentityLocked)
		}
		var err error
		next := rec.open.Fields
		next.Client = m.opts.keptClient(next.Client)
		if next.Data, _, err = m.encode(data); err != nil {
			return false, gate.Fail(gate.ErrInvalid, fmt.Errorf("UpdateIdentity: %w", err))
		}
		next.Write = payload.NewWriteName()
		_, err = m.update(ctx, m.store, stores.Update{ID: raw.ID, Version: raw.Version, Payload: next.Encode(m.typeName)}, next.Write)
		if errors.Is(err, stores.ErrConflict) {
			if err = pause(ctx, replay); err == nil {
				raw, err = m.store.Load(ctx, raw.ID)
			}
			if err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, stores.ErrNotFound):
			return false, nil
		}
		return false, m.storeFailed(ctx, err)
	}
	return false, gate.Fail(gate.ErrConflict, nil)
}

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	_, s := m.newRequest()
	s.since = time.Now()
	if err := s.start(data); err != nil {
		return nil, err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	if err := s.write(ctx); err != nil {
		return nil, err
	}
	c := m.opts.Cookie
	return &http.Cookie{
		Name: c.Name, Value: m.cookies.value(s.line), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}

// List returns the live sessions of an identity, oldest first.
// [errors.ErrUnsupported] without Options.Identity or an index in the store.
func (m *Manager[T]) List(ctx context.Context, identity string) ([]Info[T], error) {
	if err := m.indexes(identity); err != nil {
		return nil, err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	return m.list(ctx, m.qualify(identity), stores.ID{})
}

// Revoke ends the session with the public ID at once, whoever it belongs to.
// [ErrNotFound] when there is none, which nobody knows of sessions that are in
// their cookies: then any ID is revoked.
func (m *Manager[T]) Revoke(ctx context.Context, id string) error {
	parsed, err := stores.ParseID(id)
	if err != nil || parsed.IsZero() {
		return gate.Fail(gate.ErrNotFound, nil)
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	err = m.belongs(ctx, parsed)
	if err == nil {
		err = m.remove(ctx, m.adminStore(), parsed, stores.Condition{})
	}
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return gate.Fail(gate.ErrNotFound, nil)
	case err != nil:
		return m.storeFailed(ctx, err)
	}
	m.watch.Ended(parsed)
	m.emit(ctx, events.Event{Kind: events.Revoked, SessionID: parsed.String(), Count: 1}) // as above, id may not last
	return nil
}

// RevokeIdentity ends all sessions of an identity at once and returns how
// many there were, or -1 from a store that cannot count them. Logins that were
// already in progress are refused, except in the calling request: their
// credentials may have been checked before.
func (m *Manager[T]) RevokeIdentity(ctx context.Context, identity string) (int, error) {
	if err := m.indexes(identity); err != nil {
		return 0, err
	}
	bounded, cancel := m.bounded(gate.Outside(ctx))
	defer cancel()
	owner, from := m.qualify(identity), time.Now()
	key := markKey{owner: owner}
	revoked, err := m.revoke(bounded, m.adminStore(), owner, stores.ID{}, func(lost bracket) {
		m.exempt(ctx, stores.NotRevoked, mark{markKey: key, bracket: lost})
	})
	if err != nil {
		return 0, m.storeFailed(ctx, err)
	}
	m.watch.CheckOwner(owner)
	m.exempt(ctx, revoked.Ago, m.noteMark(key, revoked.Mark, from))
	m.emit(ctx, events.Event{Kind: events.Revoked, Count: revoked.Count})
	return revoked.Count, nil
}

// exempt lets the request whose context the call was given start a session in
// spite of a mark that it has left by itself.
func (m *Manager[T]) exempt(ctx context.Context, ago time.Duration, done mark) {
	r := gate.RequestIn(ctx)
	for ; r != nil; r = r.Around() {
		if s, _ := stateOf[T](r); s != nil && s.m == m {
			borrowed := s.lock()
			s.noteOwn(ago, done)
			s.unlock(borrowed)
			return
		}
	}
}

// belongs returns stores.ErrNotFound for a session that is not the manager's.
func (m *Manager[T]) belongs(ctx context.Context, id stores.ID) error {
	if m.clientSide != nil {
		return nil // the record is in a cookie somewhere
	}
	raw, err := m.store.Load(ctx, id)
	if err != nil {
		return err
	}
	if rec, bad := m.openRecord(raw); bad == nil && rec.open.Scheme != m.scheme {
		return stores.ErrNotFound
	}
	return nil
}

func (m *Manager[T]) indexes(identity string) error {
	if m.opts.Identity == nil {
		return gate.Fail(errors.ErrUnsupported, errNoIdentity)
	}
	if m.realIdentity(identity) == "" {
		return gate.Fail(gate.ErrInvalid, fmt.Errorf("the identity %q is that of data without a user: %w", identity, stores.ErrNoIdentity))
	}
	return nil
}
