package humasess

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/humasess/internal/turns"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Commit writes what is pending before the first byte of a response. An error
// response keeps nothing but what ends sessions.
func (s *state[T]) Commit(status int) error {
	defer s.mu.Unlock(s.mu.Lock())
	if s.life.Closed {
		return nil
	}
	if status >= 400 {
		s.drop()
		s.takeBack(s.r.Writing())
	}
	err := s.write(s.r.Writing())
	if err == nil {
		err = s.endEarly(s.r.Writing())
	}
	s.settleTransaction(s.r.Writing(), status)
	s.life.Closed = true
	if err != nil {
		s.life.Cookie = lifecycle.CookieKeep
	}
	s.settleWaits()
	return err
}

// Abandon forgets what is pending, because an error response was given inside
// [Manager.Handler].
func (s *state[T]) Abandon() {
	defer s.mu.Unlock(s.mu.Lock())
	if !s.life.Closed {
		s.drop()
	}
}

// drop forgets what an error response must not keep.
func (s *state[T]) drop() {
	if s.life.Fail() {
		s.remove(s.r.Writing(), s.rec.ID)
	}
	s.early.ends = nil
	s.pending = pending[T]{}
}

// Undo takes back a session that the request has created, because what came
// after has failed.
func (s *state[T]) Undo() {
	defer s.mu.Unlock(s.mu.Lock())
	s.drop()
	s.life.Cookie = lifecycle.CookieKeep
	s.life.Closed = true
	s.settleWaits()
}

// commitNow implements [Session.Commit].
func (s *state[T]) commitNow(ctx context.Context) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.open(); err != nil {
		return err
	}
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	return s.writeNow(ctx)
}

// writeNow writes with a context of the program.
func (s *state[T]) writeNow(ctx context.Context) error {
	s.caller = ctx
	defer func() { s.caller = nil }()
	if s.transacts(ctx) {
		if err := s.endAgain(ctx); err != nil {
			return err
		}
		if s.life.Doomed {
			s.tentative.ended = append(s.tentative.ended, s.rec.ID)
		}
	}
	return s.write(ctx)
}

// write carries out the plan, and starts over when the session was changed
// concurrently.
func (s *state[T]) write(ctx context.Context) error {
	var turn *turns.Turn[record.Record[T]] // from the first conflict on
	for replay := 0; ; replay++ {
		if s.life.OnBase() && s.resealDue() {
			s.life.Reasons.Add(lifecycle.Confirm) // seals the token again, if it is still the newest
		}
		p := s.life.Plan()
		err := s.carryOut(ctx, p)
		if err == nil {
			if turn != nil && p.Update {
				turn.Hand(&s.rec)
			}
			s.life.Commit(p)
			s.pending = pending[T]{}
			return nil
		}
		if p.Optional {
			// Another request has done the same, or has ended the session. Both
			// change nothing for a request that has only read.
			s.life.Reasons.Drop(lifecycle.Confirm | lifecycle.RotateDue)
			return nil
		}
		if !errors.Is(err, stores.ErrConflict) {
			return err
		}
		if replay == maxReplays {
			return gate.Fail(gate.ErrConflict, nil)
		}
		if id := s.rec.ID; turn == nil && p.Update {
			if turn, err = s.m.turns.Join(ctx, id); err != nil {
				return s.storeFailed(err)
			}
			defer s.m.turns.Leave(turn, id)
		}
		if err := s.startOver(ctx, turn, replay); err != nil {
			return err
		}
	}
}

// carryOut returns stores.ErrConflict when the base has moved on.
func (s *state[T]) carryOut(ctx context.Context, p lifecycle.Plan) error {
	if p.Delete {
		found, err := s.end(ctx, s.rec.ID)
		if err != nil {
			return err
		}
		// The old session is dead, also when the new one cannot be written.
		s.life.Base, s.life.Doomed = false, false
		s.gone = s.gone || !found
	}
	if s.gone && p.Create && s.pending.owner != "" && !s.independent() {
		return s.revoked() // the request was admitted with it
	}
	if p.EndOthers && !p.Create {
		for _, id := range s.others {
			if _, err := s.end(ctx, id); err != nil {
				return err
			}
		}
		s.others, s.clash = nil, false
	}
	switch {
	case p.Create:
		return s.create(ctx, p)
	case p.Update:
		return s.replace(ctx, p)
	case s.life.OnBase() && s.touchDue():
		s.touch(ctx)
	}
	return nil
}

// independent reports whether the new session owes nothing to the base: any other
// operation was admitted with that, or has read its data.
func (s *state[T]) independent() bool { return s.login && !s.read }

// end deletes a session at any version. It reports whether there was one.
func (s *state[T]) end(ctx context.Context, id stores.ID) (found bool, err error) {
	err = s.m.calls.Delete(ctx, s.carrier.Store(), id, stores.Condition{})
	switch {
	case errors.Is(err, stores.ErrNotFound):
		s.m.watch.Check(id)
		return false, nil
	case err != nil:
		return false, s.storeFailed(err)
	}
	s.destroyed(id)
	return true, nil
}

// remove deletes a session that must not be, without a reader to tell when
// that fails.
func (s *state[T]) remove(ctx context.Context, id stores.ID) {
	if ctx.Err() != nil { // the budget is spent
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
	}
	err := s.carrier.Store().Delete(ctx, id, stores.Condition{})
	s.m.watch.Ended(id)
	if err != nil && !errors.Is(err, stores.ErrNotFound) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: id.String(), Err: err})
	}
}

// replace writes new data or a new token at the version that was loaded.
func (s *state[T]) replace(ctx context.Context, p lifecycle.Plan) error {
	next := s.pending.shared
	if next == nil {
		next = s.carrier.Allocate()
	}
	next.Fields = s.rec.Full()
	if s.pending.data != nil {
		next.Data = s.pending.data
	}
	absolute, shorten := s.deadlineChange()
	next.Until, next.Idle = s.until(), s.newIdle()
	next.Remember = s.remembered()
	if next.CSRF == (security.CSRFKey{}) {
		next.CSRF = s.pending.csrf
	}
	next.Client = s.m.opts.keptClient(next.Client)
	if p := &s.pending.proof; !p.at.IsZero() {
		next.Client = s.client()
		next.Authenticated, next.Class = p.at.UnixNano(), p.class
		next.Methods = encodeMethods(withMethods(decodeMethods(next.Methods), p.methods))
	}
	token := s.token
	if p.Rotate != lifecycle.RotateNo {
		var err error
		if token, err = security.NewToken(s.rec.ID); err != nil {
			return s.storeFailed(err)
		}
		s.turn(&next.Fields, p.Rotate)
		next.Hash = token.Hash()
	} else if !s.former && next.Unconfirmed() {
		next.Confirmed = s.rec.StoreNow(s.m.now()).UnixNano()
	}
	var line []byte
	if p.Cookie == lifecycle.CookieSet && (p.Rotate != lifecycle.RotateNo || !s.former) {
		var err error
		if line, err = s.seal(token); err != nil {
			return err
		}
	}
	next.Write = payload.NewWriteName()
	packed := s.carrier.Encode(&next.Fields)
	updated, err := s.m.calls.Update(ctx, s.carrier.Store(), stores.Update{
		ID: s.rec.ID, Version: s.rec.Version, Payload: packed,
		Idle: timeouts.Slack(next.Idle), Absolute: absolute, Shorten: shorten, Memo: s.memo(next),
	}, next.Write)
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return s.revoked()
	case errors.Is(err, stores.ErrConflict):
		return err
	case err != nil:
		return s.storeFailed(err)
	}
	s.rec.Version, s.rec.Expires, s.rec.Deadline = updated.Version, updated.Expires, updated.Deadline
	s.rec.LastSeen, s.rec.Now, s.rec.Loaded = updated.Now, updated.Now, s.m.now()
	s.rec.Open, s.rec.Payload = next, s.carrier.Written(packed)
	s.spare = nil
	switch {
	case p.Rotate != lifecycle.RotateNo:
		s.renewed(p)
		s.token, s.former = token, false
	case p.Optional && s.life.Carried:
		s.touched()
	}
	if p.Cookie == lifecycle.CookieSet {
		s.issue(line)
	}
	return nil
}

// memo is what the store may keep beside the new payload, which holds the
// data: nil unless it is known what they decode to.
func (s *state[T]) memo(next *record.Opened[T]) any {
	if !next.Decoded {
		return nil
	}
	next.Data, next.Unknown = nil, nil
	return next
}

// resealDue reports whether the cookie is to be written again although nothing has
// changed. It may have a former scope, or its key is about to be removed; then it is
// written as often as a session is extended.
func (s *state[T]) resealDue() bool {
	now, periodically := s.carrier.Reissues()
	return now || (s.old || periodically) && s.touchDue()
}

// touchDue reports whether a tenth of the idle timeout has passed (the store
// asks again, for all requests).
func (s *state[T]) touchDue() bool {
	return !s.untouched() && s.rec.Now.Sub(s.rec.LastSeen) >= s.rec.Open.Idle/10
}

// touch extends the session. That it is gone changes nothing for a request
// that has only read.
func (s *state[T]) touch(ctx context.Context) {
	expires, err := s.carrier.Store().Touch(ctx, s.rec.ID, timeouts.Slack(s.rec.Open.Idle))
	if err == nil {
		written := !expires.Equal(s.rec.Expires)
		s.rec.Expires, s.rec.LastSeen = expires, s.rec.Now // once per request
		if written {
			s.touched()
		}
		return
	}
	if !errors.Is(err, stores.ErrNotFound) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: s.rec.ID.String(), Err: err})
	}
}

// Unwritten reports whether a change is pending that the program asked for, and
// whether it needs a cookie. Renewals that are due do not count, nor does a cookie
// that only has a former scope or key: the next request makes up for them.
func (s *state[T]) Unwritten() (change, cookie bool) {
	defer s.mu.Unlock(s.mu.Lock())
	if s.life.Closed {
		return false, false
	}
	p := s.life.Plan()
	change = p.Create || p.Delete || p.EndOthers || p.Update && !p.Optional || s.life.Cookie != lifecycle.CookieKeep
	reissued := s.old && p.Update && p.Rotate == lifecycle.RotateNo && !s.life.Carried && s.pending.remember == nil
	return change, change && p.Cookie == lifecycle.CookieSet && !reissued
}
