package humasess

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// replace writes new data or a new token at the version that was loaded.
func (s writes[T]) replace(ctx context.Context, p lifecycle.Plan) error {
	next := s.pending.shared
	if next == nil {
		next = s.carrier().Allocate()
	}
	next.Fields = s.rec.Open.Fields
	if s.pending.data != nil {
		next.Data = s.pending.data
	}
	absolute, shorten := s.terms().deadlineChange()
	next.Until, next.Idle = s.terms().until(), s.terms().newIdle()
	next.Remember = s.terms().remembered()
	if next.CSRF == (credential.CSRFKey{}) {
		next.CSRF = s.pending.csrf
	}
	next.Client = s.m.opts.keptClient(next.Client)
	if p := &s.pending.proof; !p.at.IsZero() {
		next.Client = s.creation().client()
		next.Authenticated, next.Class = p.at.UnixNano(), p.class
		next.Methods = encodeMethods(withMethods(decodeMethods(next.Methods), p.methods))
	}
	token := s.rec.Token
	if p.Rotate != lifecycle.RotateNo {
		var err error
		if token, err = credential.NewToken(s.rec.ID()); err != nil {
			return s.storeFailed(err)
		}
		s.supersede(&next.Fields, p.Rotate)
		next.Hash = token.Hash()
	} else if !s.former && next.Unconfirmed() {
		next.Confirmed = int64(s.rec.StoreNow(s.m.now()))
	}
	var line []byte
	if p.Cookie == lifecycle.CookieSet && (p.Rotate != lifecycle.RotateNo || !s.former) {
		var err error
		if line, err = s.seal(token); err != nil {
			return err
		}
	}
	next.Write = payload.NewWriteName()
	packed := s.carrier().Encode(&next.Fields)
	updated, err := s.m.calls.Update(ctx, s.carrier().Store(), stores.Update{
		ID: s.rec.ID(), Version: s.rec.Version, Payload: packed,
		Idle: timeouts.Slack(next.Idle), Absolute: absolute, Shorten: shorten, Memo: memo(next), Owned: s.owned(packed),
	}, next.Write)
	if err != nil && next == s.pending.shared {
		s.pending.shared = nil // the store may have kept it, although its answer was lost
	}
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return s.revoked()
	case errors.Is(err, stores.ErrConflict):
		return err
	case err != nil:
		return s.storeFailed(err)
	}
	s.rec.Updated(&updated, s.m.now())
	s.rec.Open, s.rec.Spare = next, nil
	switch {
	case p.Rotate != lifecycle.RotateNo:
		s.renewed(p)
		s.rec.Token, s.former = token, false
	case p.Optional && s.life.Carried:
		s.touched()
	}
	if p.Cookie == lifecycle.CookieSet {
		s.issue(line)
	}
	return nil
}

// owned returns the first byte of a payload that nothing changes after its write, and nil
// for one that a client-side session keeps in memory of the request.
func (s writes[T]) owned(packed []byte) *byte {
	if s.life.Carried {
		return nil
	}
	return &packed[0]
}

// memo returns the value that the store may keep beside the new payload: the decoded
// data, or nil if they are not known.
func memo[T any](next *record.Opened[T]) any {
	if next.Checked == nil {
		return nil
	}
	return next
}

// resealDue reports whether the cookie is to be written again although nothing has
// changed. It may have a former scope, or its key is about to be removed; then it is
// written as often as a session is extended.
func (s writes[T]) resealDue() bool {
	now, periodically := s.carrier().Reissues()
	return now || (s.old || periodically) && s.touchDue()
}

// touchDue reports whether a tenth of the idle timeout has passed (the store
// asks again, for all requests).
func (s writes[T]) touchDue() bool {
	return !s.untouched() && s.rec.Now.Sub(s.rec.LastSeen) >= s.rec.Open.Idle/10
}

// touch extends the session. That it is gone changes nothing for a request
// that has only read.
func (s writes[T]) touch(ctx context.Context) {
	expires, err := s.carrier().Store().Touch(ctx, s.rec.ID(), timeouts.Slack(s.rec.Open.Idle))
	if err == nil {
		until := record.InstantOf(expires)
		written := until != s.rec.Expires
		s.rec.Expires, s.rec.LastSeen = until, s.rec.Now // once per request
		if written {
			s.touched()
		}
		return
	}
	if !errors.Is(err, stores.ErrNotFound) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: s.rec.ID().String(), Identity: s.rec.Identity, Err: err})
	}
}
