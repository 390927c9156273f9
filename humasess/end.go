package humasess

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

// end deletes a session at any version. It reports whether there was one.
func (s writes[T]) end(ctx context.Context, id stores.ID) (found bool, err error) {
	err = s.m.calls.Delete(ctx, s.carrier().Store(), id, stores.Condition{})
	switch {
	case errors.Is(err, stores.ErrNotFound):
		s.m.watch.Check(id)
		return false, nil
	case err != nil:
		return false, s.storeFailed(err)
	}
	s.destroyed(id, events.ReasonSignOut)
	return true, nil
}

// remove deletes a session that must not be, without a reader to tell when
// that fails.
func (s writes[T]) remove(ctx context.Context, id stores.ID) {
	if ctx.Err() != nil { // the budget is spent
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
		defer cancel()
	}
	err := s.carrier().Store().Delete(ctx, id, stores.Condition{})
	s.m.watch.Ended(id)
	if err != nil && !errors.Is(err, stores.ErrNotFound) {
		s.emit(events.Event{Kind: events.StoreFailed, SessionID: id.String(), Identity: s.ownerOf(id), Err: err})
	}
}

// independent reports whether the new session owes nothing to the base: any other
// operation was admitted with that, or has read its data.
func (s *state[T]) independent() bool { return s.login && !s.read }

// destroyed reports that the request has ended a session.
func (s writes[T]) destroyed(id stores.ID, reason events.Reason) {
	s.m.watch.Ended(id)
	s.emit(report.Destroyed(id.String(), s.ownerOf(id), reason))
}

// ownerOf returns the owner of a session that the request has presented or made, or "".
func (s *state[T]) ownerOf(id stores.ID) string {
	switch id {
	case s.rec.ID():
		return s.rec.Identity
	case s.pending.id:
		return s.pending.owner
	}
	return s.few().owners[id]
}

// noteOwner keeps the owner of a session that may end after another one has become the
// base.
func (s *state[T]) noteOwner(rec *record.Record[T]) {
	own := s.ownRare()
	if own.owners == nil {
		own.owners = map[stores.ID]string{}
	}
	own.owners[rec.ID()] = rec.Identity
}

// List and the revocations write a session that the request is about to start,
// because the store then says whether the user was revoked meanwhile. The request
// can still fail after that, and a sign-in that fails leaves the old sessions as
// they were. So the early write of a login ends none of them; the commit of a
// successful response does. Any other operation was admitted with the old session,
// which the new one replaces in one step.

// putOff takes the old sessions out of a create, and returns them. They end after
// it. The new session may be one more than the limit until then. An early write keeps a
// session that the request itself has created: no client has its token, so it ends with
// any response.
func (s writes[T]) putOff(c *stores.Create) []stores.Replaced {
	own := len(s.few().orphan)
	if s.few().early.writing && s.life.Written && own < len(c.Replaces) && c.Replaces[own].ID == s.rec.ID() {
		own++
	}
	ends := c.Replaces[own:]
	if len(ends) > 0 {
		s.noteOwner(s.rec)
	}
	c.Replaces = c.Replaces[:own:own]
	if c.Limit > 0 && s.rec.Identity == c.Identity && slices.ContainsFunc(ends, func(r stores.Replaced) bool { return r.ID == s.rec.ID() }) {
		c.Limit++
	}
	return ends
}

// endEarly ends the old sessions of early writes. If that fails, the request has
// failed, and the new session is deleted.
func (s writes[T]) endEarly(ctx context.Context) error {
	ends := s.rare.early.ends
	s.rare.early.ends = nil
	for _, r := range ends {
		err := s.m.calls.Delete(ctx, s.carrier().Store(), r.ID, stores.Condition{})
		switch {
		case err == nil:
			s.destroyed(r.ID, events.ReasonReplaced)
		case errors.Is(err, stores.ErrNotFound):
		default:
			s.remove(ctx, s.rec.ID())
			return s.storeFailed(err)
		}
	}
	return nil
}

// doomEarly makes Destroy end the old sessions of early writes, too, because the
// session that it ends has taken their place.
func (s changes[T]) doomEarly() {
	for _, r := range s.few().early.ends {
		s.life.Others = true
		s.rare.others = append(s.rare.others, r.ID)
	}
	if s.rare != nil {
		s.rare.early.ends = nil
	}
}
