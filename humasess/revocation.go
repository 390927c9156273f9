package humasess

import (
	"errors"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

// began returns when the request began. Credentials that it has checked are older.
func (s *state[T]) began() time.Time {
	if s.r == nil {
		return s.few().since
	}
	return s.r.BeganAt()
}

func (s creation[T]) judge() marks.Judge {
	return marks.Judge{Journal: &s.m.marks, Began: s.began(), Own: s.few().marks}
}

// noteOwn exempts the request's later Start from a mark that the request itself
// has left, unless another mark came first: ago says how long before.
func (s creation[T]) noteOwn(ago time.Duration, done marks.Mark) {
	if s.judge().First(ago, done) {
		own := s.ownRare()
		own.marks = append(own.marks, done)
	}
}

// tooOld, changedSince and undecided refuse a session whose request began before
// a revocation, before a change of the identity's data, or perhaps before one of
// them.
func (s creation[T]) tooOld() error {
	s.notes |= report.LostMeanwhile
	return s.refuseCreate(events.ReasonRevokedDuringSignIn, gate.ErrRevoked)
}

func (s creation[T]) changedSince() error {
	return s.refuseCreate(events.ReasonChangedDuringSignIn, gate.ErrChangedMeanwhile)
}

func (s creation[T]) undecided() error {
	return s.refuseCreate(events.ReasonUndecided, gate.ErrUndecided)
}

func (s creation[T]) refuseCreate(reason events.Reason, sentinel error) error {
	s.emit(events.Event{Kind: events.Rejected, SessionID: s.pending.id.String(), Identity: s.pending.owner, Reason: reason})
	return gate.Fail(sentinel, nil)
}

// isMark reports whether the store has refused a session for a mark.
func isMark(err error) bool {
	return errors.Is(err, stores.ErrRevoked) || errors.Is(err, stores.ErrChanged)
}

// mayStand reports whether the store has refused a session for a mark that may
// not count.
func (s creation[T]) mayStand(err error) bool {
	return isMark(err) && s.judge().MayStand(s.pending.owner, errors.Is(err, stores.ErrChanged))
}

// notCreated returns the error of a Create that has written nothing.
func (s creation[T]) notCreated(err error) error {
	switch {
	case errors.Is(err, stores.ErrExists):
		return stores.ErrExists
	case errors.Is(err, stores.ErrConflict):
		return stores.ErrConflict
	case errors.Is(err, stores.ErrNotFound):
		return s.revoked() // the session that it was to replace
	case errors.Is(err, stores.ErrRevoked):
		return s.tooOld()
	case errors.Is(err, stores.ErrChanged):
		// A revocation weighs more. The store compares ages, so it may take one
		// that came right after the request began for one before.
		if s.judge().RevokedSince(s.pending.owner) {
			return s.tooOld()
		}
		return s.changedSince()
	case errors.Is(err, stores.ErrLimit):
		s.emit(events.Event{Kind: events.Rejected, SessionID: s.pending.id.String(), Identity: s.pending.owner, Reason: events.ReasonLimit})
		return gate.Fail(gate.ErrLimit, nil)
	}
	return s.storeFailed(err)
}
