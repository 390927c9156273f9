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
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/storecall"
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
		_, err := stores.List(ctx, m.adminStore(), m.users.Qualify(identity))
		return 0, m.report.StoreFailed(ctx, err) // before the mark, which would refuse logins for nothing
	}
	owner := m.users.Qualify(identity)
	if !slices.Contains(opts, KeepSignIns()) {
		if err := m.markChanged(ctx, owner); err != nil {
			return 0, err
		}
	}
	bounded, cancel := m.calls.Bounded(gate.Outside(ctx))
	records, err := stores.List(bounded, m.adminStore(), owner)
	cancel()
	if err != nil {
		return 0, m.report.StoreFailed(ctx, err)
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

// markChanged comes before the list: a session that starts in between carries the
// new data, because its request began after the mark or is refused.
func (m *Manager[T]) markChanged(ctx context.Context, owner string) error {
	bounded, cancel := m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	key := marks.Key{Owner: owner, Changed: true}
	from := time.Now()
	changed, err := m.calls.MarkChanged(bounded, m.adminStore(), owner, func(lost marks.Bracket) {
		m.exempt(ctx, stores.NotRevoked, marks.Mark{Key: key, Bracket: lost})
		from = time.Now()
	})
	if errors.Is(err, errors.ErrUnsupported) {
		changed, err = stores.Changed{Ago: stores.NotRevoked}, nil
	}
	if err != nil {
		return m.report.StoreFailed(ctx, err)
	}
	m.exempt(ctx, changed.Ago, m.marks.Note(key, changed.Mark, from))
	return nil
}

// updateRecord reports false for a session that has ended meanwhile, or whose
// data do not decode.
func (m *Manager[T]) updateRecord(ctx context.Context, raw stores.Record, owner string, change func(*T) error) (bool, error) {
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	for replay := range maxReplays {
		rec, data := m.readable(ctx, raw)
		if data == nil {
			return false, nil
		}
		if err := change(data); err != nil {
			return false, err
		}
		if !m.users.Owns(data, owner) {
			return false, gate.Fail(gate.ErrInvalid, errIdentityLocked)
		}
		var err error
		next := rec.Open.Fields
		next.Client = m.opts.keptClient(next.Client)
		if next.Data, _, err = m.records.Encode(data); err != nil {
			return false, gate.Fail(gate.ErrInvalid, fmt.Errorf("UpdateIdentity: %w", err))
		}
		next.Write = payload.NewWriteName()
		_, err = m.calls.Update(ctx, m.store, stores.Update{ID: raw.ID, Version: raw.Version, Payload: next.Encode(m.carriers.TypeName)}, next.Write)
		if errors.Is(err, stores.ErrConflict) {
			if err = storecall.PauseReplay(ctx, replay); err == nil {
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
		return false, m.report.StoreFailed(ctx, err)
	}
	return false, gate.Fail(gate.ErrConflict, nil)
}

// RevokeWhere ends the sessions of an identity for which the function returns true, and
// returns how many ended. An identity provider that signs a user out, for example, names
// one sign-in, and the data of its sessions carry that name. Sessions whose data do not
// decode end too, because the function cannot read them.
//
// A session ends only at the version that the function has seen. If a request changes
// the session meanwhile, the function is asked again about the new data, so it may run
// several times for one session. [ErrConflict] when a session changes all the time.
// After an error, some sessions may be left; call it again. No session of the identity
// is no error.
//
// Logins that were already in progress are refused as by [Manager.UpdateIdentity], with
// 409, except in the calling request. [errors.ErrUnsupported] as List.
func (m *Manager[T]) RevokeWhere(ctx context.Context, identity string, where func(Info[T]) bool) (int, error) {
	if err := m.indexes(identity); err != nil {
		return 0, err
	}
	owner := m.users.Qualify(identity)
	if !m.lists() {
		_, err := stores.List(ctx, m.adminStore(), owner)
		return 0, m.report.StoreFailed(ctx, err) // before the mark, as in UpdateIdentity
	}
	if err := m.markChanged(ctx, owner); err != nil {
		return 0, err
	}
	n, done := 0, false
	defer func() { // also after a panic of the function
		if n > 0 || done {
			m.report.Emit(ctx, events.Event{Kind: events.Revoked, Count: n})
		}
	}()
	err := m.revokeListed(gate.Outside(ctx), owner, where, &n)
	done = err == nil
	return n, err
}

// revokeListed lists again after a session that was listed has ended meanwhile. A
// request may have replaced that session by one with the same data. It counts the
// sessions that have ended.
func (m *Manager[T]) revokeListed(ctx context.Context, owner string, where func(Info[T]) bool, n *int) error {
	gone := map[stores.ID]bool{} // a store may go on listing a session that it does not find
	for range maxReplays {
		bounded, cancel := m.calls.Bounded(ctx)
		records, err := stores.List(bounded, m.store, owner)
		cancel()
		if err != nil {
			return m.report.StoreFailed(ctx, err)
		}
		again := false
		for _, raw := range records {
			ended, err := m.revokeRecord(ctx, raw, where)
			switch {
			case errors.Is(err, stores.ErrNotFound):
				again = again || !gone[raw.ID]
				gone[raw.ID] = true
			case err != nil:
				return err
			case ended:
				m.watch.Ended(raw.ID)
				*n++
			}
		}
		if !again {
			return nil
		}
	}
	return gate.Fail(gate.ErrConflict, nil)
}

// revokeRecord reports false for a session that the function keeps, and
// stores.ErrNotFound for one that has ended meanwhile.
func (m *Manager[T]) revokeRecord(ctx context.Context, raw stores.Record, where func(Info[T]) bool) (bool, error) {
	for replay := range maxReplays {
		rec, data := m.readable(ctx, raw)
		if data != nil && !where(m.info(&rec, *data, false)) {
			return false, nil
		}
		switch ended, err := m.revokeSeen(ctx, &raw, replay); {
		case ended, errors.Is(err, stores.ErrNotFound):
			return ended, err
		case err != nil:
			return false, m.report.StoreFailed(ctx, err)
		}
	}
	return false, gate.Fail(gate.ErrConflict, nil)
}

// revokeSeen ends the session at the version of the record. It reports false, and replaces
// the record, for one that has changed. The time of the function that chooses is not that
// of the store, so each call has a budget of its own.
func (m *Manager[T]) revokeSeen(ctx context.Context, raw *stores.Record, replay int) (bool, error) {
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	err := m.calls.Delete(ctx, m.store, raw.ID, stores.Condition{Version: raw.Version})
	if errors.Is(err, stores.ErrConflict) {
		if err = storecall.PauseReplay(ctx, replay); err == nil {
			*raw, err = m.store.Load(ctx, raw.ID)
		}
		return false, err
	}
	return err == nil, err
}

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	s, err := m.issue(ctx, func(s changes[T]) error { return s.start(data) })
	if err != nil {
		return nil, err
	}
	c := m.opts.Cookie
	return &http.Cookie{
		Name: c.Name, Value: m.carriers.Cookies.Value(s.few().line), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}

// IssueBearer starts a session and returns its token, for a device of a user who is
// signed in elsewhere. It ends no session, except when the user has more than
// Options.MaxPerIdentity. The token lasts longer than most cookies, so an operation that
// turns a cookie into a token asks for a recent authentication: see the method Fresh of
// [Guarded]. With the context of a handler, no cache stores the answer.
//
// [ErrInvalid] for data without an identity; [errors.ErrUnsupported] without
// Options.Bearer.
func (m *Manager[T]) IssueBearer(ctx context.Context, data T) (BearerToken, error) {
	s, err := m.issue(ctx, func(s changes[T]) error { return s.signInBearer("IssueBearer", data) })
	if err != nil {
		return BearerToken{}, err
	}
	if r := gate.RequestIn(ctx); r != nil {
		r.Secret()
	}
	return s.writes().token(), nil
}

// issue writes a session outside a request.
func (m *Manager[T]) issue(ctx context.Context, start func(changes[T]) error) (*state[T], error) {
	_, s := newRequest(m, false)
	s.ownRare().since = time.Now()
	if err := start(s.changes()); err != nil {
		return nil, err
	}
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	if err := s.writes().write(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
