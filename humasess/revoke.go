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
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/stores"
)

// Revoke ends one of this identity's sessions at once, by its public ID. The ID
// of another user's session is [ErrNotFound], as is one that has ended. [ErrRevoked]
// when the calling session has ended while the request ran, here and in
// RevokeOthers and RevokeAll.
func (s *Session[T]) Revoke(ctx context.Context, id string) error {
	return s.bound().changes().revoke(ctx, id)
}

// RevokeOthers ends all of this identity's sessions but this one, at once,
// and renews this one without grace (ASVS 7.4.3). It returns how many ended,
// or -1 from a store that cannot count them.
func (s *Session[T]) RevokeOthers(ctx context.Context) (int, error) {
	return s.bound().changes().revokeOthers(ctx)
}

// RevokeAll ends all of this identity's sessions at once, this one included,
// and expires the cookie. It returns how many ended, or -1 as RevokeOthers.
func (s *Session[T]) RevokeAll(ctx context.Context) (int, error) {
	return s.bound().changes().revokeAll(ctx)
}

func (s changes[T]) revoke(ctx context.Context, text string) error {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return err
	}
	id, err := stores.ParseID(text)
	if err != nil || id.IsZero() {
		return gate.Fail(gate.ErrNotFound, nil)
	}
	if s.activeOwner() != "" && id.String() != s.activeID() {
		if err := s.stands(ctx); err != nil {
			return err
		}
	}
	switch {
	case id.String() == s.activeID():
		return s.destroyNow(ctx)
	case s.activeOwner() == "":
		return gate.Fail(gate.ErrNotFound, nil)
	}
	err = s.m.calls.Delete(ctx, s.carrier().Store(), id, stores.Condition{Identity: s.activeOwner()})
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return gate.Fail(gate.ErrNotFound, nil)
	case err != nil:
		return s.storeFailed(err)
	}
	s.m.watch.Ended(id)
	s.writes().emitRevoked(ctx, events.Event{Kind: events.Revoked, SessionID: id.String(), Count: 1}) // text may live in the request only
	return nil
}

func (s changes[T]) revokeOthers(ctx context.Context) (int, error) {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	defer s.mu.Unlock(s.mu.Lock())
	owner, err := s.mayRevoke(ctx)
	if err != nil || owner == "" {
		return 0, err
	}
	n, err := s.revokeOwner(ctx, owner, s.rec.ID())
	if err != nil {
		return 0, err
	}
	s.carrier().OthersRevoked()
	if !s.life.Written { // else no client has the token yet
		s.askRotation(lifecycle.RotateAtOnce)
	}
	return n, nil
}

func (s changes[T]) revokeAll(ctx context.Context) (int, error) {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	defer s.mu.Unlock(s.mu.Lock())
	owner, err := s.mayRevoke(ctx)
	if err != nil {
		return 0, err
	}
	if owner == "" {
		return boolToInt(s.life.Base), s.destroyNow(ctx)
	}
	n, err := s.revokeOwner(ctx, owner, stores.ID{})
	if err != nil {
		return 0, err
	}
	s.life.Next = lifecycle.NextSame
	if in := s.transacts(ctx); in || s.few().tentative.revoked {
		s.rare.tentative.revoked = in
	}
	if s.rec.Identity == owner {
		s.life.Vanish()
	} else {
		s.life.Destroy()
	}
	s.forget()
	return n, nil
}

// destroyNow ends the active session before the response begins.
func (s changes[T]) destroyNow(ctx context.Context) error {
	s.doomEarly()
	s.life.Destroy()
	s.forget()
	return s.writes().writeNow(ctx)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mayRevoke returns the identity whose sessions the request may end.
func (s changes[T]) mayRevoke(ctx context.Context) (string, error) {
	if err := s.need(); err != nil {
		return "", err
	}
	if !s.m.users.Known() {
		return "", gate.Fail(errors.ErrUnsupported, errNoIdentity)
	}
	if s.activeOwner() == "" {
		if s.former {
			return "", gate.Fail(gate.ErrConflict, nil)
		}
		return "", nil
	}
	if err := s.stands(ctx); err != nil {
		return "", err
	}
	return s.activeOwner(), nil
}

// stands makes sure that the session has not ended while the request ran, before
// the request ends other sessions of the user. The bearer of a token that was
// renewed may not end any: an attacker would sign the owner out with it.
func (s changes[T]) stands(ctx context.Context) error {
	if s.life.Next != lifecycle.NextSame {
		return s.writes().writeNew(ctx)
	}
	if s.former {
		return gate.Fail(gate.ErrConflict, nil)
	}
	if s.life.Written && s.few().tentative.any {
		return nil // by this request, in a transaction that others do not see
	}
	var rec record.Record[T]
	err := s.carrier().Fetch(ctx, s.rec.Token, &rec)
	switch {
	case errors.Is(err, stores.ErrNotFound), errors.Is(err, payload.ErrFormat):
		return s.revoked()
	case err != nil:
		return s.storeFailed(err)
	}
	switch s.opening().ownerOf(&rec, s.rec.Token) {
	case owner:
		return nil
	case formerOwner:
		return gate.Fail(gate.ErrConflict, nil)
	}
	return s.revoked()
}

// revokeOwner revokes an identity. The mark that this leaves does not refuse the
// request's own Start, unless another revocation came first.
func (s changes[T]) revokeOwner(ctx context.Context, owner string, except stores.ID) (int, error) {
	from := time.Now()
	key := marks.Key{Owner: owner}
	revoked, err := s.m.calls.RevokeIdentity(ctx, s.carrier().Store(), owner, except, func(lost marks.Bracket) {
		own := s.ownRare()
		own.marks = append(own.marks, marks.Mark{Key: key, Bracket: lost})
	})
	if errors.Is(err, stores.ErrNotFound) {
		return 0, s.revoked() // a client-side session, while the request ran
	}
	if err != nil {
		return 0, s.m.report.StoreFailed(ctx, err)
	}
	s.m.watch.CheckOwner(owner)
	s.creation().noteOwn(revoked.Ago, s.m.marks.Note(key, revoked.Mark, from))
	s.writes().emitRevoked(ctx, events.Event{Kind: events.Revoked, Count: revoked.Count})
	return revoked.Count, nil
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
	err = m.belongs(ctx, parsed)
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
	m.report.Emit(ctx, events.Event{Kind: events.Revoked, SessionID: parsed.String(), Count: 1}) // as above, id may not last
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
	bounded, cancel := m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	owner, from := m.users.Qualify(identity), time.Now()
	key := marks.Key{Owner: owner}
	revoked, err := m.calls.RevokeIdentity(bounded, m.adminStore(), owner, stores.ID{}, func(lost marks.Bracket) {
		m.exempt(ctx, stores.NotRevoked, marks.Mark{Key: key, Bracket: lost})
	})
	if err != nil {
		return 0, m.report.StoreFailed(ctx, err)
	}
	m.watch.CheckOwner(owner)
	m.exempt(ctx, revoked.Ago, m.marks.Note(key, revoked.Mark, from))
	m.report.Emit(ctx, events.Event{Kind: events.Revoked, Count: revoked.Count})
	return revoked.Count, nil
}

// RevokeEverything ends all sessions of the manager, of every identity and of
// none, and returns how many there were (ASVS 7.4.5). The sessions that other managers and
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

// belongs returns stores.ErrNotFound for a session that is not the manager's.
func (m *Manager[T]) belongs(ctx context.Context, id stores.ID) error {
	if m.carriers.Requests != nil {
		return nil // the record is in a cookie somewhere
	}
	raw, err := m.store.Load(ctx, id)
	if err != nil {
		return err
	}
	if rec, bad := m.records.Open(raw); bad == nil && rec.Open.Scheme != m.scheme {
		return stores.ErrNotFound
	}
	return nil
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
