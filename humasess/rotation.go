package humasess

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// A rotation gives a session another secret. Its cookie may get lost or come
// late, and requests with the former one are under way, so that one lives on:
// until the new secret is presented for the first time, and then for
// RotationGrace. Whoever presents it meanwhile may be a thief, and may not do
// what would outlast the owner: renew, authenticate, revoke, change identity.
// Only when nobody has presented the new secret within the grace is its cookie
// taken for lost, and another one issued to whoever has the former.

const (
	// maxOlder is how many superseded secrets a session is known by.
	maxOlder = 16

	// markLength is how many bytes of its hash a superseded secret is known
	// by. A chance match does no more than a guess of a public ID would.
	markLength = 8
)

// ownership is what a token is to a record.
type ownership uint8

const (
	notOwner ownership = iota
	formerOwner
	owner
)

// ownerOf compares the token with the secrets that open the record.
func (m *Manager[T]) ownerOf(r *record[T], token security.Token) ownership {
	if r.open.scheme != m.scheme {
		return notOwner
	}
	if m.embark != nil || token.Matches(r.open.hash) { // a cookie that travels has opened
		return owner
	}
	if !r.open.tolerated || r.open.confirmed != 0 && !m.inGrace(r, r.open.confirmed) {
		return notOwner
	}
	// A hash of zeros, for none, is that of no secret.
	if token.Matches(r.open.previous) || token.Matches(r.open.skipped) {
		return formerOwner
	}
	return notOwner
}

// superseded reports whether the token was once the session's: whoever still
// has it may have stolen it, or been robbed.
func (m *Manager[T]) superseded(r *record[T], token security.Token) bool {
	if r.open.scheme != m.scheme {
		return false
	}
	p := &r.open.payload
	return p.tolerated && (token.Matches(p.previous) || token.Matches(p.skipped)) || p.knows(token.Hash())
}

func (p *payload) knows(hash [32]byte) bool {
	for older := p.older; len(older) >= markLength; older = older[markLength:] {
		if bytes.Equal(older[:markLength], hash[:markLength]) {
			return true
		}
	}
	return false
}

// inGrace reports whether a time of the store's clock lies within the grace.
// Clocks step and differ: it may lie as far in the future.
func (m *Manager[T]) inGrace(r *record[T], since int64) bool {
	return r.Now.Sub(time.Unix(0, since)).Abs() <= m.opts.RotationGrace
}

// unconfirmed reports whether nobody has presented the current secret yet.
func (p *payload) unconfirmed() bool { return p.tolerated && p.confirmed == 0 }

// rotate asks for a new token, unless a parallel request has got one already
// that may still arrive.
func (s *state[T]) rotate(r rotation) {
	if !s.former || s.lost() {
		s.life.renew(r)
	}
}

// lost reports whether the current secret never reached anybody.
func (s *state[T]) lost() bool {
	return s.rec.open.unconfirmed() && !s.m.inGrace(&s.rec, s.rec.open.rotated)
}

// rotationDue reports whether RotateEvery calls for a new token.
func (s *state[T]) rotationDue() bool {
	every := s.m.opts.RotateEvery
	switch {
	case every == 0 || s.r == nil || s.untouched():
		return false
	case s.former:
		return s.lost()
	}
	since := s.rec.open.rotated
	if since == 0 {
		since = s.rec.open.created
	}
	return s.rec.Now.Sub(time.Unix(0, since)).Abs() >= every
}

// turn makes room for a new secret: the one that the request came with becomes
// the previous one.
func (s *state[T]) turn(p *payload, r rotation) {
	current, came := p.hash, s.token.Hash()
	tolerated := r == rotateGrace && s.m.opts.RotationGrace > 0
	next := payload{}
	if tolerated {
		next.previous = came
		if came != current {
			next.skipped = current
		}
	}
	older := slices.Clip(p.older) // shared with the record that was loaded
	for _, hash := range [][32]byte{p.skipped, p.previous, current, came} {
		named := hash == [32]byte{} || hash == next.previous || hash == next.skipped
		if !named && !p.knows(hash) {
			older = append(older, hash[:markLength]...)
			p.older = older
		}
	}
	p.older = older[max(len(older)-maxOlder*markLength, 0):]
	p.tolerated, p.previous, p.skipped = tolerated, next.previous, next.skipped
	p.rotated, p.confirmed = s.rec.storeNow(s.m).UnixNano(), 0
}

// Refused notes that the operation, or one inside [Manager.Handler], was refused,
// so the request does not extend the session. With confirm it also writes that the
// request presented the token.
func (s *state[T]) Refused(confirm bool) {
	defer s.unlock(s.lock())
	s.ignored = true
	if confirm && s.life.confirm && s.life.base && !s.life.closed {
		s.life.confirm = false
		s.confirmRecord(&s.rec)
	}
}

// confirmRecord writes that the newest token was presented, and nothing else. The
// session is not extended. A failure, which it reports by false, changes nothing
// for the request: another request writes the same.
func (s *state[T]) confirmRecord(rec *record[T]) bool {
	next := rec.full()
	next.confirmed = rec.storeNow(s.m).UnixNano()
	_, err := s.store().Update(s.r.Noting(), stores.Update{ID: rec.ID, Version: rec.Version, Payload: s.m.pack(nil, &next)})
	if err != nil && !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrConflict) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: rec.ID.String(), Err: err})
		return false
	}
	return true
}

// renewed words the event of a rotation.
func (s *state[T]) renewed(p plan) {
	e := events.Event{Kind: events.Renewed, SessionID: s.rec.ID.String()}
	switch {
	case s.former:
		e.Reason = events.ReasonReissued
	case p.optional:
		e.Reason = events.ReasonPeriodic
	}
	s.emit(e)
}

// reused reports a secret that has been superseded, and by option ends the
// session: the thief's as well as the owner's, because nobody can tell them
// apart. The client gets the answer that every bad cookie gets.
func (s *state[T]) reused(rec *record[T]) {
	s.emit(events.Event{Kind: events.Reused, SessionID: rec.ID.String()})
	if !s.m.opts.RevokeReused {
		return
	}
	err := s.m.store.Delete(s.r.Noting(), rec.ID, stores.Condition{})
	switch {
	case err == nil:
		s.m.live.ended(rec.ID)
		s.emit(events.Event{Kind: events.Revoked, SessionID: rec.ID.String(), Reason: events.ReasonReused, Count: 1})
	case !errors.Is(err, stores.ErrNotFound):
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: rec.ID.String(), Err: err})
	}
}
