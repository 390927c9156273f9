package humasess

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// Info describes one of a user's sessions. An operation may return it, with the
// session's whole data. The document describes Info and the types in it in place,
// so their names never clash with those of the program. A type of an answer must
// have an Info in a field and not embed it: huma would document the type as an
// Info.
type Info[T any] struct {
	ID         string    `json:"id" doc:"Public ID of the session. It is not a credential."` // for [Session.Revoke]
	Identity   string    `json:"identity" doc:"Identity of the user. It is empty for an anonymous session."`
	Data       T         `json:"data"` // no text: OpenAPI 3.0 allows none beside a reference
	Current    bool      `json:"current" doc:"Whether the request belongs to this session."`
	CreatedAt  time.Time `json:"created_at" doc:"When the session began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When the session was last used, to within a tenth of its idle timeout."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When the session ends unless it is used again."`

	Authentication Authentication `json:"authentication" doc:"When and how the user signed in."`
	Client         Client         `json:"client" doc:"Client of the sign-in, as far as the server notes it."` // as Options.Client returned it
}

// List returns the live sessions of this session's identity, oldest first,
// without extending them. An anonymous session lists itself only. A session that
// Start has just begun is written first, and listed. [ErrRevoked] when the
// session has ended while the request ran.
// [ErrNoSession] without an active session; [errors.ErrUnsupported] when the
// store has no index.
func (s *Session[T]) List(ctx context.Context) ([]Info[T], error) { return s.bound().list(ctx) }

// Revoke ends one of this identity's sessions at once, by its public ID. The ID
// of another user's session is [ErrNotFound], as is one that has ended. [ErrRevoked]
// when the calling session has ended while the request ran, here and in
// RevokeOthers and RevokeAll.
func (s *Session[T]) Revoke(ctx context.Context, id string) error { return s.bound().revoke(ctx, id) }

// RevokeOthers ends all of this identity's sessions but this one, at once,
// and renews this one without grace (ASVS 7.4.3). It returns how many ended,
// or -1 from a store that cannot count them.
func (s *Session[T]) RevokeOthers(ctx context.Context) (int, error) {
	return s.bound().revokeOthers(ctx)
}

// RevokeAll ends all of this identity's sessions at once, this one included,
// and expires the cookie. It returns how many ended, or -1 as RevokeOthers.
func (s *Session[T]) RevokeAll(ctx context.Context) (int, error) { return s.bound().revokeAll(ctx) }

// activeOwner is the identity of the active session.
func (s *state[T]) activeOwner() string {
	if s.life.next != nextSame {
		return s.pending.owner
	}
	return s.rec.Identity
}

func (s *state[T]) list(ctx context.Context) ([]Info[T], error) {
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	defer s.unlock(s.lock())
	if !s.life.active() {
		return nil, gate.Fail(gate.ErrNoSession, nil)
	}
	if s.m.opts.Identity == nil {
		return nil, gate.Fail(errors.ErrUnsupported, errNoIdentity)
	}
	if s.activeOwner() == "" {
		if !s.life.onBase() {
			return nil, nil
		}
		data, err := s.m.decode(&s.rec)
		if err != nil {
			return nil, gate.Fail(errUndecodable, err)
		}
		return []Info[T]{s.m.info(&s.rec, *data, true)}, nil
	}
	if err := s.writeNew(ctx); err != nil {
		return nil, err
	}
	infos, err := s.m.list(ctx, s.activeOwner(), s.rec.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(infos, func(i Info[T]) bool { return i.Current }) {
		return nil, s.revoked() // while the request ran
	}
	return infos, nil
}

// stands makes sure that the session has not ended while the request ran, before
// the request ends other sessions of the user. The bearer of a token that was
// renewed may not end any: an attacker would sign the owner out with it.
func (s *state[T]) stands(ctx context.Context) error {
	if s.life.next != nextSame {
		return s.writeNew(ctx)
	}
	if s.former {
		return gate.Fail(gate.ErrConflict, nil)
	}
	if s.life.written && s.tentative.any {
		return nil // by this request, in a transaction that others do not see
	}
	rec, err := s.carrier.fetch(ctx, s.token)
	switch {
	case errors.Is(err, stores.ErrNotFound), errors.Is(err, payload.ErrFormat):
		return s.revoked()
	case err != nil:
		return s.storeFailed(err)
	}
	switch s.ownerOf(&rec, s.token) {
	case owner:
		return nil
	case formerOwner:
		return gate.Fail(gate.ErrConflict, nil)
	}
	return s.revoked()
}

var errNoIdentity = errors.New("Options.Identity is not set")

// list leaves out sessions whose data does not decode: they are as good as
// none to their bearers too.
func (m *Manager[T]) list(ctx context.Context, owner string, current stores.ID) ([]Info[T], error) {
	records, err := stores.List(ctx, m.adminStore(), owner)
	if err != nil {
		return nil, m.storeFailed(ctx, err)
	}
	infos := make([]Info[T], 0, len(records))
	for _, raw := range records {
		rec, data := m.readable(ctx, raw)
		if data == nil {
			continue
		}
		infos = append(infos, m.info(&rec, *data, rec.ID == current))
	}
	return infos, nil
}

// readable takes a record apart for administration. The data are nil, after
// an event, when they do not decode.
func (m *Manager[T]) readable(ctx context.Context, raw stores.Record) (record[T], *T) {
	rec, err := m.openRecord(raw)
	if err == nil {
		var data *T
		if data, err = m.decode(&rec); err == nil {
			return rec, data
		}
	}
	m.emit(ctx, events.Event{Kind: events.Undecodable, SessionID: raw.ID.String(), Err: err})
	return record[T]{}, nil
}

func (m *Manager[T]) info(rec *record[T], data T, current bool) Info[T] {
	return Info[T]{
		ID: rec.ID.String(), Identity: m.identity(rec.Identity), Data: data, Current: current,
		CreatedAt: time.Unix(0, rec.open.Created), LastSeenAt: rec.LastSeen, ExpiresAt: rec.Expires,
		Authentication: m.authentication(rec), Client: decodeClient(rec.open.Client),
	}
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

func (s *state[T]) revoke(ctx context.Context, text string) error {
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	defer s.unlock(s.lock())
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
	err = s.m.remove(ctx, s.carrier.store(), id, stores.Condition{Identity: s.activeOwner()})
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return gate.Fail(gate.ErrNotFound, nil)
	case err != nil:
		return s.storeFailed(err)
	}
	s.m.watch.Ended(id)
	s.emitRevoked(ctx, events.Event{Kind: events.Revoked, SessionID: id.String(), Count: 1}) // text may live in the request only
	return nil
}

func (s *state[T]) revokeOthers(ctx context.Context) (int, error) {
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	defer s.unlock(s.lock())
	owner, err := s.mayRevoke(ctx)
	if err != nil || owner == "" {
		return 0, err
	}
	n, err := s.revokeOwner(ctx, owner, s.rec.ID)
	if err != nil {
		return 0, err
	}
	s.carrier.othersRevoked()
	if !s.life.written { // else no client has the token yet
		s.rotate(rotateAtOnce)
	}
	return n, nil
}

func (s *state[T]) revokeAll(ctx context.Context) (int, error) {
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	defer s.unlock(s.lock())
	owner, err := s.mayRevoke(ctx)
	if err != nil {
		return 0, err
	}
	if owner == "" {
		return boolToInt(s.life.base), s.destroyNow(ctx)
	}
	n, err := s.revokeOwner(ctx, owner, stores.ID{})
	if err != nil {
		return 0, err
	}
	s.life.next = nextSame
	s.tentative.revoked = s.transacts(ctx)
	if s.rec.Identity == owner {
		s.life.vanish()
	} else {
		s.life.destroy()
	}
	s.pending = pending[T]{}
	return n, nil
}

// destroyNow ends the active session before the response begins.
func (s *state[T]) destroyNow(ctx context.Context) error {
	s.doomEarly()
	s.life.destroy()
	s.pending = pending[T]{}
	return s.writeNow(ctx)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mayRevoke returns the identity whose sessions the request may end.
func (s *state[T]) mayRevoke(ctx context.Context) (string, error) {
	if err := s.need(); err != nil {
		return "", err
	}
	if s.m.opts.Identity == nil {
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

// revokeOwner revokes an identity. The mark that this leaves does not refuse the
// request's own Start, unless another revocation came first.
func (s *state[T]) revokeOwner(ctx context.Context, owner string, except stores.ID) (int, error) {
	from := time.Now()
	key := markKey{owner: owner}
	revoked, err := s.m.revoke(ctx, s.carrier.store(), owner, except, func(lost bracket) {
		s.marks = append(s.marks, mark{markKey: key, bracket: lost})
	})
	if errors.Is(err, stores.ErrNotFound) {
		return 0, s.revoked() // a client-side session, while the request ran
	}
	if err != nil {
		return 0, s.m.storeFailed(ctx, err)
	}
	s.m.watch.CheckOwner(owner)
	s.noteOwn(revoked.Ago, s.m.noteMark(key, revoked.Mark, from))
	s.emitRevoked(ctx, events.Event{Kind: events.Revoked, Count: revoked.Count})
	return revoked.Count, nil
}
