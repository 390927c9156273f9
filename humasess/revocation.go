package humasess

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/stores"
)

// A sign-in may have checked its credentials, and read the user's roles, before
// the user was revoked or changed. So a revocation and a change leave a mark in
// the store, and the core compares the begin of a request with the marks that
// Create reports.

// bracket is the time in which something happened, on the monotonic clock.
type bracket struct{ from, to time.Time }

// mark is a call of RevokeIdentity, RevokeEverything or UpdateIdentity.
type mark struct {
	markKey
	name int64 // the store's, or 0
	bracket
}

// markKey is the identity that a mark is about, "" for all, and its kind.
type markKey struct {
	owner   string
	changed bool // and not revoked
}

// knownMarks are the last ones of this process. A request that begins after one
// of them has returned need not compare clocks. The zero value is empty. It is
// safe for concurrent use.
type knownMarks struct {
	mu     sync.Mutex
	latest map[markKey]mark
}

const (
	// maxKnownMarks bounds the memory. For a mark that is forgotten, clocks have
	// to be compared.
	maxKnownMarks = 1024

	// knownMarkAge is when clocks are sure to tell.
	knownMarkAge = time.Minute
)

func (k *knownMarks) note(done mark) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.latest) >= maxKnownMarks {
		for key, old := range k.latest {
			if done.to.Sub(old.to) > knownMarkAge {
				delete(k.latest, key)
			}
		}
		if len(k.latest) >= maxKnownMarks {
			clear(k.latest)
		}
	}
	if k.latest == nil {
		k.latest = make(map[markKey]mark)
	}
	done.owner = strings.Clone(done.owner)
	k.latest[done.markKey] = done
}

// order tells whether the mark with the name came before a time or after it, as
// far as this process knows.
func (k *knownMarks) order(key markKey, name int64, then time.Time) (before, after bool) {
	if name == 0 {
		return false, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	last, ok := k.latest[key]
	if !ok || last.name != name {
		return false, false
	}
	return last.to.Before(then), !last.from.Before(then)
}

// known reports whether a mark of a kind that an identity may have is known by name to
// have returned shortly before then, so that clocks may be wrong about it.
func (k *knownMarks) known(owner string, changed bool, then time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range []markKey{{owner: owner, changed: changed}, {changed: changed}} {
		if last, ok := k.latest[key]; ok && last.name != 0 && last.to.Before(then) && then.Sub(last.to) < knownMarkAge {
			return true
		}
	}
	return false
}

// since reports whether a mark of this process came after then.
func (k *knownMarks) since(key markKey, then time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	last, ok := k.latest[key]
	return ok && last.to.After(then)
}

// verdict says whether the credentials that a request has checked still count.
type verdict uint8

const (
	markBefore  verdict = iota // there is no mark, or it came before the request
	markPerhaps                // the order cannot be told
	markChanged
	markRevoked
)

// decide is verdictOf, and reads the store's clock again if the order cannot be
// told. A write takes long, so its call says little about the moment at which that
// clock read created.Now. A read is fast. It does not count if the clock was set or
// stands still.
func (s *state[T]) decide(ctx context.Context, created *stores.Created, call bracket) verdict {
	v := s.verdictOf(created, call)
	for probes := 0; v == markPerhaps && probes < maxProbes; probes++ {
		from := time.Now()
		r, err := s.carrier.store().Load(ctx, s.pending.id)
		to := time.Now()
		later := r.Now.Sub(created.Now)
		if err != nil || later > to.Sub(call.from)+clockStep || later < from.Sub(call.to)-clockStep {
			break // the session has ended or a client holds it, or the clock is no help
		}
		if from = from.Add(-later - clockStep); from.After(call.from) {
			call.from = from
		}
		if to = to.Add(-later + clockStep); to.Before(call.to) {
			call.to = to
		}
		v = s.verdictOf(created, call)
	}
	return v
}

// verdictOf judges a new session by the marks that the store has reported.
func (s *state[T]) verdictOf(created *stores.Created, call bracket) verdict {
	owner := s.pending.owner
	v := s.judge(created.RevokedAgo, mark{markKey{owner: owner}, created.Mark, call})
	if owner == "" {
		return v
	}
	key := markKey{owner: owner, changed: true}
	changed := markBefore
	switch {
	case created.ChangeMark != 0:
		changed = s.judge(created.ChangedAgo, mark{key, created.ChangeMark, call})
	case len(s.marks) == 0 && s.m.marks.since(key, s.began()):
		changed = markChanged // the store keeps no such mark, but this process does
	}
	return max(v, changed)
}

// judge compares the begin of the request with a mark: ago by the store's clock
// when it answered the call, or the one with the name. A mark of the request's
// own is no reason to refuse it.
func (s *state[T]) judge(ago time.Duration, call mark) verdict {
	if ago < 0 {
		return markBefore
	}
	earliest, latest := call.from.Add(-ago), call.to.Add(-ago)
	began := s.began()
	if latest.Before(began) || s.isOwn(&call, earliest, latest) {
		return markBefore
	}
	before, after := s.m.marks.order(call.markKey, call.name, began)
	if !before && !after && !call.changed {
		before, after = s.m.marks.order(markKey{}, call.name, began)
	}
	switch {
	case before:
		return markBefore
	case !after && earliest.Before(began):
		return markPerhaps
	case call.changed:
		return markChanged
	}
	return markRevoked
}

// isOwn reports whether the request has left a mark itself.
func (s *state[T]) isOwn(call *mark, earliest, latest time.Time) bool {
	for i := range s.marks {
		own := &s.marks[i]
		switch {
		case own.markKey != call.markKey:
		case own.name != 0 && call.name != 0:
			if own.name == call.name {
				return true
			}
		case !latest.Before(own.from) && !earliest.After(own.to):
			return true // of one of the two, the name is not known
		}
	}
	return false
}

// noteOwn exempts the request's later Start from a mark that the request itself
// has left, unless another mark came first: ago says how long before.
func (s *state[T]) noteOwn(ago time.Duration, done mark) {
	earlier := done
	earlier.name = 0 // not known
	if s.judge(ago, earlier) == markBefore {
		s.marks = append(s.marks, done)
	}
}

// noteMark is called when a mark has been left, between from and now.
func (m *Manager[T]) noteMark(key markKey, name int64, from time.Time) mark {
	done := mark{key, name, bracket{from, time.Now()}}
	m.marks.note(done)
	return done
}

func (s *state[T]) began() time.Time {
	if s.r == nil {
		return s.since
	}
	return s.r.BeganAt()
}

// tooOld, changedSince and undecided refuse a session whose request began before
// a revocation, before a change of the identity's data, or perhaps before one of
// them.
func (s *state[T]) tooOld() error { return s.refuseCreate(events.ReasonRevokedAgo, gate.ErrRevoked) }

func (s *state[T]) changedSince() error {
	return s.refuseCreate(events.ReasonChangedAgo, gate.ErrChangedMeanwhile)
}

func (s *state[T]) undecided() error {
	return s.refuseCreate(events.ReasonUndecided, gate.ErrUndecided)
}

func (s *state[T]) refuseCreate(reason events.Reason, sentinel error) error {
	s.emit(events.Event{Kind: events.Rejected, SessionID: s.pending.id.String(), Reason: reason})
	return gate.Fail(sentinel, nil)
}

// isMark reports whether the store has refused a session for a mark.
func isMark(err error) bool {
	return errors.Is(err, stores.ErrRevoked) || errors.Is(err, stores.ErrChanged)
}

// mayStand reports whether the store has refused a session for a mark that may
// not count.
func (s *state[T]) mayStand(err error) bool {
	if !isMark(err) {
		return false
	}
	changed := errors.Is(err, stores.ErrChanged)
	return slices.ContainsFunc(s.marks, func(own mark) bool { return own.changed == changed }) ||
		s.m.marks.known(s.pending.owner, changed, s.began())
}

// notCreated returns the error of a Create that has written nothing.
func (s *state[T]) notCreated(err error) error {
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
		known := &s.m.marks
		if len(s.marks) == 0 && (known.since(markKey{owner: s.pending.owner}, s.began()) || known.since(markKey{}, s.began())) {
			return s.tooOld()
		}
		return s.changedSince()
	case errors.Is(err, stores.ErrLimit):
		s.emit(events.Event{Kind: events.Rejected, SessionID: s.pending.id.String(), Reason: events.ReasonLimit})
		return gate.Fail(gate.ErrLimit, nil)
	}
	return s.storeFailed(err)
}
