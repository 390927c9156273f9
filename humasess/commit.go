package humasess

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/humasess/internal/turns"
	"github.com/humasess/sessions/stores"
)

// Commit writes the pending changes before the first byte of a response. An error
// response keeps only the changes that end sessions.
func (s *state[T]) Commit(status int) error {
	defer s.mu.Unlock(s.mu.Lock())
	if s.life.Closed {
		return nil
	}
	if s.life.None() && s.rare == nil {
		s.life.Closed = true
		return nil
	}
	w, ctx := s.writes(), s.r.Writing()
	if status >= 400 {
		w.drop()
		w.takeBack(ctx)
	}
	err := w.write(ctx)
	if err == nil && len(s.few().early.ends) > 0 {
		err = w.endEarly(ctx)
	}
	if s.few().tentative.any {
		w.settleTransaction(ctx, status)
	}
	s.life.Closed = true
	if err != nil {
		s.life.Cookie = lifecycle.CookieKeep
	}
	s.settleWaits()
	return err
}

// Abandon forgets the pending changes, because an error response was given inside
// [Manager.Handler].
func (s *state[T]) Abandon() {
	defer s.mu.Unlock(s.mu.Lock())
	if !s.life.Closed {
		s.writes().drop()
	}
}

// drop forgets the changes that an error response must not keep.
func (s writes[T]) drop() {
	if s.life.Fail() {
		s.remove(s.r.Writing(), s.rec.ID())
	}
	if s.rare != nil {
		s.rare.early.ends, s.rare.stale = nil, false
	}
	s.bearer = s.bearer && s.r.Bearer()
	s.forget()
}

// Undo takes back a session that the request has created, because a
// later step has failed.
func (s *state[T]) Undo() {
	defer s.mu.Unlock(s.mu.Lock())
	s.writes().drop()
	s.life.Cookie = lifecycle.CookieKeep
	s.life.Closed = true
	s.settleWaits()
}

// commitNow implements [Session.Commit].
func (s writes[T]) commitNow(ctx context.Context) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.uncommitted(); err != nil {
		return err
	}
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	return s.writeNow(ctx)
}

// writeNow writes with a context of the program.
func (s writes[T]) writeNow(ctx context.Context) error {
	s.ownRare().caller = ctx
	defer func() { s.rare.caller = nil }()
	if s.transacts(ctx) {
		if err := s.endAgain(ctx); err != nil {
			return err
		}
		if s.life.Doomed {
			s.rare.tentative.ended = append(s.rare.tentative.ended, s.rec.ID())
		}
	}
	return s.write(ctx)
}

// write carries out the plan, and starts over when the session was changed
// concurrently.
func (s writes[T]) write(ctx context.Context) error {
	var turn *turns.Turn[record.Record[T]] // from the first conflict on
	for replay := 0; ; replay++ {
		if s.life.OnBase() && s.resealDue() {
			s.life.Reasons |= lifecycle.Confirm // seals the token again, if it is still the newest
		}
		p := s.life.Plan()
		err := s.carryOut(ctx, p)
		if err == nil {
			if turn != nil && p.Update {
				turn.Hand(s.rec)
			}
			s.life.Commit(p)
			s.forget()
			return nil
		}
		if p.Optional {
			// Another request has done the same, or has ended the session. Both
			// change nothing for a request that has only read.
			s.life.Reasons &^= lifecycle.Confirm | lifecycle.RotateDue
			return nil
		}
		if !errors.Is(err, stores.ErrConflict) {
			return err
		}
		if replay == storecall.MaxReplays {
			return gate.Fail(gate.ErrConflict, nil)
		}
		if id := s.rec.ID(); turn == nil && p.Update {
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
func (s writes[T]) carryOut(ctx context.Context, p lifecycle.Plan) error {
	if p.Delete {
		found, err := s.end(ctx, s.rec.ID())
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
		for _, id := range s.few().others {
			if _, err := s.end(ctx, id); err != nil {
				return err
			}
		}
		s.ownRare().others, s.clash = nil, false
	}
	switch {
	case p.Create:
		return s.creation().create(ctx, p)
	case p.Update:
		return s.replace(ctx, p)
	case s.life.OnBase() && s.touchDue():
		s.touch(ctx)
	}
	return nil
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

// writeNew writes a session that the request is about to start. The store says
// then whether its user was revoked while the request ran: a thief with an old
// password must not list and end the owner's newer sessions.
func (s writes[T]) writeNew(ctx context.Context) error {
	if s.life.Next == lifecycle.NextSame {
		return nil
	}
	if err := s.uncommitted(); err != nil {
		return err
	}
	// A transaction of the program may take back the write. The end that comes
	// after it would stay.
	s.ownRare().early.writing = s.life.Next == lifecycle.NextStart && s.independent() && !s.transacts(ctx)
	defer func() { s.rare.early.writing = false }()
	return s.writeNow(ctx)
}
