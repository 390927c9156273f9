package humasess

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// create writes the pending session and makes it the base.
func (s *state[T]) create(ctx context.Context) error {
	if time.Since(s.began()) >= stores.RevocationRetention {
		// The store may have forgotten a revocation since we began.
		return s.tooOld()
	}
	start := time.Now() // on the clock that judge uses
	for taken, unsure := 0, 0; ; {
		done, err := s.createOnce(ctx)
		switch {
		case done:
			return nil
		case errors.Is(err, stores.ErrExists):
			if taken++; taken == maxTaken {
				return s.storeFailed(err)
			}
		case err != nil:
			return err
		default:
			// The answer has to come back faster than the request came after
			// the revocation, which is a matter of how busy everything is.
			if unsure++; unsure == maxUnsure || time.Since(start) >= maxDoubt {
				return s.tooOld() // fail closed
			}
			if err := wait(ctx, time.Millisecond<<unsure); err != nil {
				return s.storeFailed(err)
			}
		}
		id, err := stores.NewID(s.store(), s.pending.owner)
		if err != nil {
			return s.storeFailed(err)
		}
		s.rename(id)
	}
}

func (s *state[T]) began() time.Time {
	if s.r == nil {
		return s.since
	}
	return s.r.began
}

func (s *state[T]) tooOld() error {
	s.emit(Event{Kind: EventRejected, SessionID: s.pending.id.String(), Reason: ReasonRevokedAgo})
	return fail(ErrRevoked, nil)
}

// createOnce reports whether the session is there. It is not when its ID was
// taken, which is stores.ErrExists, or when a revocation of its identity may
// have come since the request began or not: then it is deleted again, and the
// next try knows better.
func (s *state[T]) createOnce(ctx context.Context) (bool, error) {
	token, err := security.NewToken(s.pending.id)
	if err != nil {
		return false, s.storeFailed(err)
	}
	idle, absolute := s.lifetimes()
	now := s.m.now().UnixNano()
	next := &opened[T]{payload: payload{
		scheme:        s.m.scheme,
		hash:          token.Hash(),
		created:       now,
		authenticated: now,
		methods:       encodeMethods(s.methods()),
		class:         s.pending.proof.class,
		client:        s.client(),
		idle:          idle,
		remember:      s.remembered(),
		until:         s.until(),
		data:          s.pending.data,
	}}
	if at := s.pending.proof.at; !at.IsZero() {
		next.authenticated = at.UnixNano()
	}
	from := time.Now()
	created, err := s.store().Create(ctx, stores.Create{
		ID: s.pending.id, Identity: s.pending.owner, Payload: s.m.pack(s.scratch(), &next.payload),
		Idle: idle, Absolute: absolute, Limit: max(s.m.opts.MaxPerIdentity, 0), Refuse: s.m.opts.OverLimit == RefuseNew,
	})
	switch {
	case errors.Is(err, stores.ErrExists):
		return false, stores.ErrExists
	case errors.Is(err, stores.ErrLimit):
		s.emit(Event{Kind: EventRejected, SessionID: s.pending.id.String(), Reason: ReasonLimit})
		return false, fail(ErrLimit, nil)
	case err != nil:
		return false, s.storeFailed(err)
	}
	switch s.judge(created.RevokedAgo, revocation{s.pending.owner, created.Mark, bracket{from, time.Now()}}) {
	case revokedSince:
		s.remove(ctx, s.pending.id)
		return false, s.tooOld()
	case revokedPerhaps:
		s.remove(ctx, s.pending.id)
		return false, nil
	}
	s.rec = record[T]{
		Record: stores.Record{
			ID: s.pending.id, Identity: s.pending.owner, Version: created.Version,
			LastSeen: created.Now, Expires: created.Expires, Deadline: created.Deadline, Now: created.Now,
		},
		open:   next,
		loaded: s.m.now(),
	}
	s.token, s.former = token, false
	s.spare = nil
	if err := s.issue(token); err != nil {
		s.remove(ctx, s.rec.ID)
		return false, err
	}
	if created.Evicted > 0 {
		s.m.live.endedOf(s.rec.Identity)
		s.emit(Event{Kind: EventEvicted, Count: created.Evicted})
	}
	s.emit(Event{Kind: EventCreated, SessionID: s.rec.ID.String()})
	return true, nil
}

// verdict says whether credentials that a request has checked still count.
type verdict uint8

const (
	notRevoked verdict = iota
	revokedSince
	revokedPerhaps
)

// judge compares the begin of the request with a revocation: ago by the store's
// clock when it answered the call, or the one with the mark. A revocation of
// the request's own is no reason to refuse it.
func (s *state[T]) judge(ago time.Duration, call revocation) verdict {
	if ago < 0 {
		return notRevoked
	}
	earliest, latest := call.from.Add(-ago), call.to.Add(-ago)
	began := s.began()
	if latest.Before(began) {
		return notRevoked
	}
	for _, own := range s.revocations {
		switch {
		case own.owner != call.owner || own.mark != call.mark:
		case own.mark != 0, !latest.Before(own.from) && !earliest.After(own.to):
			return notRevoked
		}
	}
	switch {
	case !earliest.Before(began):
		return revokedSince
	case s.m.revocations.before(call.owner, call.mark, began), s.m.revocations.before("", call.mark, began):
		return notRevoked
	}
	return revokedPerhaps
}
