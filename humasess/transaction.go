package humasess

import (
	"context"
	"slices"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

// transacts notes a call with the program's context, and reports whether it is part
// of a transaction.
func (s *state[T]) transacts(ctx context.Context) bool {
	in := stores.InTransaction(ctx, s.m.store)
	if in {
		s.ownRare().tentative.any = true
	}
	return in
}

// endAgain ends, in the transaction of the call, the sessions that earlier calls have
// ended in one. The program may have rolled that one back and try another, and the
// state knows nothing of these sessions any more. It does not wait for the response:
// a transaction that is still open then would hold their rows.
func (s writes[T]) endAgain(ctx context.Context) error {
	for _, id := range slices.Concat(s.few().tentative.ended, s.few().tentative.replaced) {
		if _, err := s.end(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// emitWritten reports a revocation or a new session: one in a transaction when the
// response has succeeded, because others do not see it before. Outside a request there is
// no response to wait for.
func (s writes[T]) emitWritten(ctx context.Context, e events.Event) {
	if s.transacts(ctx) && s.r != nil {
		s.rare.tentative.events = append(s.rare.tentative.events, e)
		return
	}
	s.emit(e)
}

// settleTransaction makes the cookie fit the store at the end of the request.
func (s writes[T]) settleTransaction(ctx context.Context, status int) {
	t := &s.rare.tentative
	if status < 400 {
		for _, e := range report.WithoutCreated(t.events, s.rec.ID().String()) {
			s.emit(e)
		}
		return
	}
	for _, id := range t.ended {
		// Destroy stands, also when its transaction did not.
		_, _ = s.end(ctx, id)
	}
	switch {
	case t.revoked && s.life.Cookie == lifecycle.CookieExpire:
		s.life.Cookie = lifecycle.CookieKeep
	case s.life.Cookie == lifecycle.CookieSet && !s.life.Carried: // else takeBack has decided
		var rec record.Record[T]
		err := s.m.records.Fetch(ctx, s.rec.ID(), &rec)
		if err != nil || s.opening().ownerOf(&rec, s.rec.Token) != owner {
			s.life.Cookie = lifecycle.CookieKeep // the new token was rolled back
		}
	}
}

// takeBack undoes the calls in a transaction of the program that was rolled back, for
// client-side sessions. The client keeps the cookie that it came with.
func (s writes[T]) takeBack(ctx context.Context) {
	if !s.few().tentative.any || !s.carrier().TakeBack(ctx, s.rec.Token) {
		return
	}
	if s.life.Cookie == lifecycle.CookieSet {
		s.life.Cookie = lifecycle.CookieKeep
	}
	if s.life.OnBase() {
		_ = s.carrier().Fetch(ctx, s.rec.Token, s.rec) // or the record stays as it is
	}
}
