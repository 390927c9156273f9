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
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/humasess/internal/storecall"
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
	s.writes().emitWritten(ctx, events.Event{Kind: events.Revoked, SessionID: id.String(), Identity: s.activeOwner(), Count: 1}) // text may live in the request only
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
		n := 0
		if s.life.Base {
			n = 1
		}
		return n, s.destroyNow(ctx)
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

// mayRevoke returns the identity whose sessions the request may end.
func (s changes[T]) mayRevoke(ctx context.Context) (string, error) {
	if err := s.need(); err != nil {
		return "", err
	}
	if !s.m.users.Known() {
		return "", s.mistake(errors.ErrUnsupported, errNoIdentity)
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
	s.writes().emitWritten(ctx, events.Event{Kind: events.Revoked, Identity: owner, Count: revoked.Count})
	return revoked.Count, nil
}

// Take returns the data and ends the session at once, with any response. It is for data
// that may count only once, such as the challenge of a passkey or the state of a sign-in
// at an identity provider: of parallel requests exactly one gets the data. Changes that
// the request has not written are part of the data. The cookie expires, and Start may
// begin another session.
//
// [ErrNotFound] when another request has ended the session since this one began;
// [ErrNoSession] without an active session; [ErrConflict] with a token that a renewal has
// replaced. [ErrUnavailable] when the store does not say that this call has ended the
// session: it may be gone, and the caller has no data. [errors.ErrUnsupported] when the
// session is in its cookie and the store allows replay, because every copy of the cookie
// would give the data again. In a transaction of the program, a rollback gives the session
// back to another request.
func (s *Session[T]) Take(ctx context.Context) (T, error) { return s.bound().writes().take(ctx) }

func (s writes[T]) take(ctx context.Context) (data T, err error) {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	defer s.mu.Unlock(s.mu.Lock())
	s.ownRare().caller = ctx
	defer func() { s.rare.caller = nil }()
	var none T
	for replay := range storecall.MaxReplays {
		if err := s.changes().mayTake(); err != nil {
			return none, err
		}
		s.read = true
		data, err := s.current()
		if err != nil {
			return none, gate.Fail(record.ErrUndecodable, err)
		}
		switch err := s.takeSeen(ctx, replay); {
		case err == nil:
			return data, nil
		case err != stores.ErrConflict: //nolint:errorlint // as takeSeen returns it
			return none, err
		}
	}
	return none, gate.Fail(gate.ErrConflict, nil)
}

// mayTake refuses a call of Take that could give the data to several requests.
func (s changes[T]) mayTake() error {
	if err := s.need(); err != nil {
		return err
	}
	if s.former {
		return gate.Fail(gate.ErrConflict, nil)
	}
	if r, ok := stores.As[stores.Replayable](s.m.store); ok && r.AllowsReplay() {
		return gate.Fail(errors.ErrUnsupported, errReplay)
	}
	return nil
}

// takeSeen ends the base at the version whose data the request has. After another
// request has changed it, takeSeen takes over the new one and returns stores.ErrConflict.
// No other request has the data of a session that this one has started. Data that Update
// has moved to another identity come from the base.
func (s writes[T]) takeSeen(ctx context.Context, replay int) error {
	if s.life.Next == lifecycle.NextStart || s.life.Written {
		return s.changes().destroyNow(ctx)
	}
	id := s.rec.ID()
	err := s.m.calls.DeleteOnce(ctx, s.carrier().Store(), id, stores.Condition{Version: s.rec.Version})
	switch {
	case err == nil:
		if s.transacts(ctx) {
			s.rare.tentative.ended = append(s.rare.tentative.ended, id)
		}
		s.life.Vanish()
		s.forget()
		s.destroyed(id, events.ReasonSignOut)
		return nil
	case errors.Is(err, stores.ErrConflict):
		if err = s.startOver(ctx, nil, replay); err == nil {
			return stores.ErrConflict
		}
	case !errors.Is(err, stores.ErrNotFound):
		return s.storeFailed(err)
	}
	if !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, gate.ErrRevoked) {
		return err
	}
	s.m.watch.Check(id)
	s.notes |= report.LostMeanwhile
	s.gone = true
	s.life.Lose()
	s.forget()
	return gate.Fail(gate.ErrNotFound, nil)
}
