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
// the next request on. An identity without a session is not an error.
//
// Call it after the program's own data have changed. Logins that were already in
// progress are refused with 409, except in the calling request, because they may
// carry the old roles: the client may repeat them at once. See [KeepSignIns]. A
// store that is not a [stores.Marker] refuses only logins of this process.
func (m *Manager[T]) UpdateIdentity(ctx context.Context, identity string, change func(*T) error, opts ...UpdateOption) (int, error) {
	owner, err := m.indexes(identity)
	if err == nil && !slices.Contains(opts, KeepSignIns()) {
		err = m.markChanged(ctx, owner)
	}
	if err != nil {
		return 0, err
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
	if !m.lists() { // a mark would refuse logins for nothing
		_, err := stores.List(bounded, m.adminStore(), owner)
		return m.report.StoreFailed(ctx, err)
	}
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
	for replay := range storecall.MaxReplays {
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
			if err = m.calls.Reload(ctx, &raw, replay); err == nil {
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
// After an error, some sessions may be left; call it again. An identity without a
// session is not an error.
//
// Logins that were already in progress are refused as by [Manager.UpdateIdentity], with
// 409, except in the calling request. [errors.ErrUnsupported] as List.
func (m *Manager[T]) RevokeWhere(ctx context.Context, identity string, where func(Info[T]) bool) (int, error) {
	owner, err := m.indexes(identity)
	if err == nil {
		err = m.markChanged(ctx, owner)
	}
	if err != nil {
		return 0, err
	}
	n, done := 0, false
	defer func() { // also after a panic of the function
		if n > 0 || done {
			m.report.Emit(ctx, events.Event{Kind: events.Revoked, Identity: m.users.Unqualify(owner), Count: n})
		}
	}()
	chosen := func(raw stores.Record) bool {
		rec, data := m.readable(ctx, raw)
		return data == nil || where(m.info(&rec, *data, false))
	}
	err = m.calls.DeleteChosen(gate.Outside(ctx), owner, chosen, func(id stores.ID) { m.watch.Ended(id); n++ })
	done = err == nil
	switch {
	case done:
		return n, nil
	case errors.Is(err, stores.ErrConflict):
		return n, gate.Fail(gate.ErrConflict, nil)
	}
	return n, m.report.StoreFailed(ctx, err)
}

// Revoke ends the session with the public ID at once, of any user.
// [ErrNotFound] when there is none. A store of client-side sessions cannot know its
// sessions, so there any ID is revoked.
func (m *Manager[T]) Revoke(ctx context.Context, id string) error {
	parsed, err := stores.ParseID(id)
	if err != nil || parsed.IsZero() {
		return gate.Fail(gate.ErrNotFound, nil)
	}
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	owner, err := m.ownerOf(ctx, parsed)
	if err == nil {
		err = m.calls.Delete(ctx, m.adminStore(), parsed, stores.Condition{})
	}
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return gate.Fail(gate.ErrNotFound, nil)
	case err != nil:
		return m.report.StoreFailed(ctx, err)
	}
	m.watch.Ended(parsed)
	m.report.Emit(ctx, events.Event{Kind: events.Revoked, SessionID: parsed.String(), Identity: m.users.Unqualify(owner), Count: 1}) // as above, id may not last
	return nil
}

// RevokeIdentity ends all sessions of an identity at once and returns how
// many there were, or -1 from a store that cannot count them. Logins that were
// already in progress are refused, except in the calling request: their
// credentials may have been checked before.
func (m *Manager[T]) RevokeIdentity(ctx context.Context, identity string) (int, error) {
	owner, err := m.indexes(identity)
	if err != nil {
		return 0, err
	}
	bounded, cancel := m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	key, from := marks.Key{Owner: owner}, time.Now()
	revoked, err := m.calls.RevokeIdentity(bounded, m.adminStore(), owner, stores.ID{}, func(lost marks.Bracket) {
		m.exempt(ctx, stores.NotRevoked, marks.Mark{Key: key, Bracket: lost})
	})
	if err != nil {
		return 0, m.report.StoreFailed(ctx, err)
	}
	m.watch.CheckOwner(owner)
	m.exempt(ctx, revoked.Ago, m.marks.Note(key, revoked.Mark, from))
	m.report.Emit(ctx, events.Event{Kind: events.Revoked, Identity: m.users.Unqualify(owner), Count: revoked.Count})
	return revoked.Count, nil
}

// RevokeEverything ends all sessions of the manager, of every identity and of
// none, and returns how many there were (ASVS 7.4.5). The sessions that other managers and
// programs keep in the same server or table stay. It is done in slices, so
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
		m.marks.Note(marks.Key{}, cleared.Mark, from)
	}
	if cleared.Count > 0 || err == nil {
		m.report.Emit(ctx, events.Event{Kind: events.Revoked, Reason: events.ReasonEverything, Count: cleared.Count})
	}
	if err != nil {
		return cleared.Count, m.report.StoreFailed(ctx, err)
	}
	return cleared.Count, nil
}

// ownerOf returns the owner of a session, if it is known, and stores.ErrNotFound for a
// session that is not the manager's.
func (m *Manager[T]) ownerOf(ctx context.Context, id stores.ID) (string, error) {
	if m.carriers.Requests != nil {
		return "", nil // the record is in a cookie somewhere
	}
	raw, err := m.store.Load(ctx, id)
	if err != nil {
		return "", err
	}
	if rec, bad := m.records.Open(raw); bad == nil && rec.Open.Scheme != m.scheme {
		return "", stores.ErrNotFound
	}
	return raw.Identity, nil
}

// exempt lets the request whose context the call was given start a session in
// spite of a mark that it has left by itself.
func (m *Manager[T]) exempt(ctx context.Context, ago time.Duration, done marks.Mark) {
	r := gate.RequestIn(ctx)
	for ; r != nil; r = r.Around() {
		if s, _ := stateOf[T](r); s != nil && s.m == m {
			borrowed := s.mu.Lock()
			s.creation().noteOwn(ago, done)
			s.mu.Unlock(borrowed)
			return
		}
	}
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
// turns a cookie into a token asks for a recent authentication, by a guard with a method
// Fresh: see [Guarded]. With the context of a handler, no cache stores the answer.
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
