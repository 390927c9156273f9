package humasess

import (
	"context"
	"errors"
	"slices"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/stores"
)

// List and the revocations write a session that the request is about to start,
// because the store then says whether the user was revoked meanwhile. The request
// can still fail after that, and a sign-in that fails leaves the old sessions as
// they were. So the early write of a login ends none of them; the commit of a
// successful response does. Any other operation was admitted with the old session,
// which the new one replaces in one step.

// early holds the ends of sessions that early writes have put off.
type early struct {
	writing bool // an early write is under way
	ends    []stores.Replaced
}

// writeNew writes a session that the request is about to start. The store says
// then whether its user was revoked while the request ran: a thief with an old
// password must not list and end the owner's newer sessions.
func (s *state[T]) writeNew(ctx context.Context) error {
	if s.life.Next == lifecycle.NextSame {
		return nil
	}
	if s.life.Closed {
		return gate.Fail(gate.ErrCommitted, nil)
	}
	// A transaction of the program may take back the write. The end that comes
	// after it would stay.
	s.early.writing = s.life.Next == lifecycle.NextStart && s.independent() && !s.transacts(ctx)
	defer func() { s.early.writing = false }()
	return s.writeNow(ctx)
}

// putOff takes the old sessions out of a create, and returns them. They end after
// it. The new session may be one more than the limit until then.
func (s *state[T]) putOff(c *stores.Create) []stores.Replaced {
	ends := c.Replaces[len(s.orphan):]
	c.Replaces = c.Replaces[:len(s.orphan):len(s.orphan)]
	if c.Limit > 0 && s.rec.Identity == c.Identity && slices.ContainsFunc(ends, func(r stores.Replaced) bool { return r.ID == s.rec.ID }) {
		c.Limit++
	}
	return ends
}

// endEarly ends the old sessions of early writes. If that fails, the request has
// failed, and the new session is deleted.
func (s *state[T]) endEarly(ctx context.Context) error {
	ends := s.early.ends
	s.early.ends = nil
	for _, r := range ends {
		err := s.m.calls.Delete(ctx, s.carrier.Store(), r.ID, stores.Condition{})
		switch {
		case err == nil:
			s.destroyed(r.ID)
		case errors.Is(err, stores.ErrNotFound):
		default:
			s.remove(ctx, s.rec.ID)
			return s.storeFailed(err)
		}
	}
	return nil
}

// doomEarly makes Destroy end the old sessions of early writes, too, because the
// session that it ends has taken their place.
func (s *state[T]) doomEarly() {
	for _, r := range s.early.ends {
		s.life.Others = true
		s.others = append(s.others, r.ID)
	}
	s.early.ends = nil
}
