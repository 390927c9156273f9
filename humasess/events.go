package humasess

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

func (s *state[T]) emit(e events.Event) {
	ctx := context.Background()
	if s.r != nil {
		ctx = s.r.Client()
		e.Operation = s.r.OperationName()
	}
	e.Identity = s.m.users.Unqualify(e.Identity)
	s.m.report.Emit(ctx, e)
}

// rejected reports a cookie that opened nothing. The ID in it comes
// from the client. Without its secret it may be the ID of another user's session.
func (s opening[T]) rejected(reason events.Reason) {
	if reason == events.ReasonAmbiguous {
		s.notes |= report.PresentedSeveral
	} else {
		s.notes |= report.PresentedUnusable
	}
	s.emit(events.Event{Kind: events.Rejected, Reason: reason})
}

// undecodable reports a record. The owner is "" if the client has not proved that the
// session is its own.
func (s opening[T]) undecodable(id stores.ID, owner string, err error) {
	s.emit(events.Event{Kind: events.Undecodable, SessionID: id.String(), Identity: owner, Err: err})
}

// touched reports that the request has extended the session. It is the only
// event of requests that do nothing else, so it costs nothing when no
// listener is set.
func (s writes[T]) touched() {
	if s.m.report.Listens() {
		s.emit(events.Event{Kind: events.Touched, SessionID: s.rec.ID().String(), Identity: s.rec.Identity})
	}
}

func (s *state[T]) revoked() error {
	s.notes |= report.LostMeanwhile
	s.m.watch.Check(s.rec.ID())
	s.emit(events.Event{Kind: events.Rejected, SessionID: s.rec.ID().String(), Identity: s.rec.Identity, Reason: events.ReasonUnknown})
	return gate.Fail(gate.ErrRevoked, nil)
}

// reason implements [Session.Reason].
func (s view[T]) reason() events.Reason {
	defer s.mu.Unlock(s.mu.Lock())
	return s.notes.Reason(&s.life)
}

func (s *state[T]) storeFailed(err error) error {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case s.r != nil && report.HungUp(s.r.Loading()), report.HungUp(s.few().caller):
		s.emit(events.Event{Kind: events.Canceled, SessionID: s.activeID(), Identity: s.activeOwner(), Err: err})
	default:
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: s.activeID(), Identity: s.activeOwner(), Err: err})
	}
	return gate.Unavailable(err)
}
