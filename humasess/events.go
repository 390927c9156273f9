package humasess

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

func (s *state[T]) emit(e events.Event) {
	ctx := context.Background()
	if s.r != nil {
		ctx = s.r.Client()
		e.Operation = s.r.OperationName()
	}
	s.m.report.Emit(ctx, e)
}

// rejected reports a cookie that opened nothing. The ID in it comes
// from the client. Without its secret it may be the ID of another user's session.
func (s opening[T]) rejected(reason events.Reason) {
	if reason == events.ReasonAmbiguous {
		s.notes |= presentedSeveral
	} else {
		s.notes |= presentedUnusable
	}
	s.emit(events.Event{Kind: events.Rejected, Reason: reason})
}

func (s opening[T]) undecodable(id stores.ID, err error) {
	s.emit(events.Event{Kind: events.Undecodable, SessionID: id.String(), Err: err})
}

// touched reports that the request has extended the session. It is the only
// event of requests that do nothing else, so it costs nothing when no
// listener is set.
func (s writes[T]) touched() {
	if s.m.report.Listens() {
		s.emit(events.Event{Kind: events.Touched, SessionID: s.rec.ID().String()})
	}
}

func (s *state[T]) revoked() error {
	s.notes |= lostMeanwhile
	s.m.watch.Check(s.rec.ID())
	s.emit(events.Event{Kind: events.Rejected, SessionID: s.rec.ID().String(), Reason: events.ReasonUnknown})
	return gate.Fail(gate.ErrRevoked, nil)
}

// reason implements [Session.Reason].
func (s view[T]) reason() events.Reason {
	defer s.mu.Unlock(s.mu.Lock())
	switch {
	case s.notes.is(lostMeanwhile) && s.life.OnBase():
		return events.ReasonRevoked
	case s.life.Active():
		return ""
	case s.life.Doomed, s.life.OthersDoomed, s.life.Cookie == lifecycle.CookieExpire:
		return events.ReasonEnded
	case s.notes.is(lostMeanwhile):
		return events.ReasonRevoked
	case s.life.Hidden:
		return events.ReasonUndecodable
	case s.notes.is(presentedSeveral):
		return events.ReasonAmbiguous
	case s.notes.is(presentedUnusable):
		return events.ReasonUnknown
	}
	return events.ReasonAbsent
}

func (s *state[T]) storeFailed(err error) error {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case s.r != nil && report.HungUp(s.r.Loading()), report.HungUp(s.few().caller):
		s.emit(events.Event{Kind: events.HungUp, Err: err})
	default:
		s.emit(events.Event{Kind: events.StoreFailed, Err: err})
	}
	return gate.Unavailable(err)
}
