package humasess

import (
	"errors"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// A rotation gives a session another secret. Its cookie may get lost or come
// late, and requests with the former one are under way, so that one lives on:
// until the new secret is presented for the first time, and then for
// RotationGrace. The former secret may be in a thief's hands. So it cannot renew,
// authenticate, revoke or change the identity, because each would let the thief
// outlast the owner. If no request has presented the new secret within the grace, its
// cookie is taken for lost. A client with the former secret then gets another one.

// ownership is the relation of a token to a record.
type ownership uint8

const (
	notOwner ownership = iota
	formerOwner
	owner
)

// ownerOf compares the token with the secrets that open the record.
func (s opening[T]) ownerOf(r *record.Record[T], token credential.Token) ownership {
	if r.Open.Scheme != s.m.scheme || r.Open.Bearer != s.bearer {
		return notOwner
	}
	if s.carrier().Matches(r.Open, token) {
		return owner
	}
	if !r.Open.Tolerated || r.Open.Confirmed != 0 && !s.m.inGrace(r, r.Open.Confirmed) {
		return notOwner
	}
	// A hash of zeros, for none, is that of no secret.
	if token.Matches(r.Open.Previous) || token.Matches(r.Open.Skipped) {
		return formerOwner
	}
	return notOwner
}

// superseded reports whether the token was once the session's, with the same carrier. A
// client that still has it may be a thief, or the victim of one.
func (s opening[T]) superseded(r *record.Record[T], token credential.Token) bool {
	if r.Open.Scheme != s.m.scheme || r.Open.Bearer != s.bearer {
		return false
	}
	p := &r.Open.Fields
	return p.Tolerated && (token.Matches(p.Previous) || token.Matches(p.Skipped)) || p.Knows(token.Hash())
}

// inGrace reports whether a time of the store's clock lies within the grace.
// Clocks step and differ: it may lie as far in the future.
func (m *Manager[T]) inGrace(r *record.Record[T], since int64) bool {
	return r.Now.Sub(record.Instant(since)).Abs() <= m.opts.RotationGrace
}

// askRotation asks for a new token, unless a parallel request has got one already
// that may still arrive.
func (s changes[T]) askRotation(r lifecycle.Rotation) {
	if !s.former || s.opening().lost() {
		s.life.Renew(r)
	}
}

// lost reports whether the current secret seems never to have reached a client.
func (s opening[T]) lost() bool {
	return s.rec.Open.Unconfirmed() && !s.m.inGrace(s.rec, s.rec.Open.Rotated)
}

// rotationDue reports whether RotateEvery calls for a new token.
func (s opening[T]) rotationDue() bool {
	every := s.m.opts.RotateEvery
	switch {
	case every == 0 || s.bearer || s.r == nil || s.untouched():
		return false
	case s.former:
		return s.lost()
	}
	since := s.rec.Open.Rotated
	if since == 0 {
		since = s.rec.Open.Created
	}
	return s.rec.Now.Sub(record.Instant(since)).Abs() >= every
}

// supersede makes room for a new secret.
func (s writes[T]) supersede(p *payload.Fields, r lifecycle.Rotation) {
	tolerated := r == lifecycle.RotateGrace && s.m.opts.RotationGrace > 0
	p.Supersede(s.rec.Token.Hash(), tolerated, int64(s.rec.StoreNow(s.m.now())))
}

// Refused notes that the operation, or one inside [Manager.Handler], was refused,
// so the request does not extend the session. With confirmed it also writes that the
// request presented the token.
func (s *state[T]) Refused(confirmed bool) {
	defer s.mu.Unlock(s.mu.Lock())
	s.ignored = true
	if confirmed && s.life.Reasons&lifecycle.Confirm != 0 && s.life.Base && !s.life.Closed {
		s.life.Reasons &^= lifecycle.Confirm
		s.opening().confirmRecord(s.rec)
	}
}

// confirmRecord writes that the newest token was presented, and nothing else. The
// session is not extended. A failure, which it reports by false, changes nothing
// for the request: another request writes the same.
func (s opening[T]) confirmRecord(rec *record.Record[T]) bool {
	next := rec.Open.Fields
	next.Confirmed = int64(rec.StoreNow(s.m.now()))
	_, err := s.carrier().Store().Update(s.r.Noting(), stores.Update{ID: rec.ID(), Version: rec.Version, Payload: s.carrier().Encode(&next)})
	if err != nil && !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrConflict) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: rec.ID().String(), Identity: rec.Identity, Err: err})
		return false
	}
	return true
}

// renewed words the event of a rotation.
func (s writes[T]) renewed(p lifecycle.Plan) {
	e := events.Event{Kind: events.Renewed, SessionID: s.rec.ID().String(), Identity: s.rec.Identity}
	switch {
	case s.former:
		e.Reason = events.ReasonReissued
	case p.Optional:
		e.Reason = events.ReasonPeriodic
	}
	s.emit(e)
}

// reused reports a secret that has been superseded, and by option ends the
// session: the thief's as well as the owner's, because the server cannot
// tell them apart. The client gets the answer that every bad cookie gets.
func (s opening[T]) reused(rec *record.Record[T]) {
	s.notes |= report.PresentedUnusable
	s.emit(events.Event{Kind: events.Reused, SessionID: rec.ID().String(), Identity: rec.Identity})
	if !s.m.opts.RevokeReused {
		return
	}
	err := s.m.store.Delete(s.r.Noting(), rec.ID(), stores.Condition{})
	switch {
	case err == nil:
		s.m.watch.Ended(rec.ID())
		s.emit(events.Event{Kind: events.Revoked, SessionID: rec.ID().String(), Identity: rec.Identity, Reason: events.ReasonReused, Count: 1})
	case !errors.Is(err, stores.ErrNotFound):
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: rec.ID().String(), Identity: rec.Identity, Err: err})
	}
}

func (s opening[T]) rejectedAs(rec *record.Record[T], token credential.Token) {
	switch {
	case rec.Open.Scheme != s.m.scheme, rec.Open.Bearer != s.bearer:
		s.rejected(events.ReasonForeign)
		return
	case s.superseded(rec, token):
		s.reused(rec)
		return
	}
	s.notes |= report.PresentedUnusable
	s.emit(events.Event{Kind: events.Rejected, SessionID: rec.ID().String(), Reason: events.ReasonMismatch})
}
