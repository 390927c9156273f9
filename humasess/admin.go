package humasess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/humasess/sessions/stores"
)

// UpdateIdentity changes the data of every session of an identity, for
// example after its roles have changed, and returns how many were changed.
// Like [Session.Update], no concurrent change is lost, and the function may
// run several times for one session; its first error stops. The identity
// itself must stay. Nothing is extended.
func (m *Manager[T]) UpdateIdentity(ctx context.Context, identity string, change func(*T) error) (int, error) {
	if err := m.indexes(identity); err != nil {
		return 0, err
	}
	owner := m.qualify(identity)
	records, err := stores.List(ctx, m.keeper(), owner)
	if err != nil {
		return 0, m.storeFailed(ctx, err)
	}
	n := 0
	for _, raw := range records {
		changed, err := m.updateRecord(ctx, raw, owner, change)
		if err != nil {
			return n, err
		}
		if changed {
			n++
		}
	}
	return n, nil
}

// updateRecord reports false for a session that has ended meanwhile, or that
// nobody could read.
func (m *Manager[T]) updateRecord(ctx context.Context, raw stores.Record, owner string, change func(*T) error) (bool, error) {
	for replay := range maxReplays {
		rec, data := m.readable(ctx, raw)
		if data == nil {
			return false, nil
		}
		if err := change(data); err != nil {
			return false, err
		}
		if !m.owns(data, owner) {
			return false, fail(ErrInvalid, errors.New("UpdateIdentity must not change the identity"))
		}
		var err error
		next := rec.open.payload
		next.client = m.opts.Capture.kept(next.client)
		if next.data, err = m.values.encode(data); err != nil {
			return false, fail(ErrInvalid, fmt.Errorf("UpdateIdentity: encode %T: %w", *data, err))
		}
		_, err = m.store.Update(ctx, stores.Update{ID: raw.ID, Version: raw.Version, Payload: next.encode(m.typeName)})
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
	if err := s.write(ctx); err != nil {
		return nil, err
	}
	c := m.opts.Cookie
	return &http.Cookie{
		Name: c.Name, Value: m.cookies.value(s.issued), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}
