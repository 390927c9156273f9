package humasess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

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
		_, err := stores.List(ctx, m.keeper(), m.qualify(identity))
		return 0, m.storeFailed(ctx, err) // before the mark, which would refuse logins for nothing
	}
	owner := m.qualify(identity)
	if !slices.Contains(opts, KeepSignIns()) {
		if err := m.markChanged(ctx, owner); err != nil {
			return 0, err
		}
	}
	bounded, cancel := m.bounded(outside(ctx))
	records, err := stores.List(bounded, m.keeper(), owner)
	cancel()
	if err != nil {
		return 0, m.storeFailed(ctx, err)
	}
	n := 0
	for _, raw := range records {
		changed, err := m.updateRecord(outside(ctx), raw, owner, change)
		if err != nil {
			return n, err
		}
		if changed {
			n++
		}
	}
	return n, nil
}

// lists reports whether the store can list the sessions of an identity.
func (m *Manager[T]) lists() bool {
	_, ok := stores.As[stores.Index](m.store)
	return ok && m.embark == nil
}

// markChanged comes before the list: a session that starts in between carries the
// new data, because its request began after the mark or is refused.
func (m *Manager[T]) markChanged(ctx context.Context, owner string) error {
	bounded, cancel := m.bounded(outside(ctx))
	defer cancel()
	key := markKey{owner: owner, changed: true}
	var from time.Time
	var changed stores.Changed
	var err error
	for try := 0; ; try++ {
		from = time.Now()
		changed, err = stores.MarkChanged(bounded, m.keeper(), owner)
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
			return false, fail(ErrInvalid, errIdentityLocked)
		}
		var err error
		next := rec.open.payload
		next.client = m.opts.Capture.kept(next.client)
		if next.data, _, err = m.encode(data); err != nil {
			return false, fail(ErrInvalid, fmt.Errorf("UpdateIdentity: %w", err))
		}
		next.write = newWriteName()
		_, err = m.update(ctx, m.store, stores.Update{ID: raw.ID, Version: raw.Version, Payload: next.encode(m.typeName)}, next.write)
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
	return false, fail(ErrConflict, nil)
}

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	s := &state[T]{m: m, since: time.Now()}
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
		Name: c.Name, Value: m.cookies.value(s.issued), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}
