package humasess

import (
	"time"

	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/timeouts"
)

// remembered reports whether the session to write outlives the browser's.
func (s terms[T]) remembered() bool {
	switch {
	case s.pending.remember != nil:
		return *s.pending.remember
	case s.life.Next == lifecycle.NextStart:
		return false
	case s.rec.Open != nil:
		return s.rec.Open.Remember
	}
	return false
}

// signsIn reports whether the pending session replaces an anonymous one.
func (s terms[T]) signsIn() bool { return s.rec.Identity == "" && s.pending.owner != "" }

// inherits reports whether the pending session is the base under another
// identity. A change of user is not an authentication, so such a session keeps
// the times, the proof and the client of the base.
func (s terms[T]) inherits() bool {
	return s.life.Next == lifecycle.NextReplace && !s.signsIn() && !s.pending.again
}

// proved reports whether the request has authenticated the user again.
func (s terms[T]) proved() bool { return !s.pending.proof.at.IsZero() }

// timeouts returns those of the session, remembered or not.
func (s terms[T]) timeouts(remember bool) (idle, absolute time.Duration) {
	if s.bearer {
		return s.m.opts.Bearer.IdleTimeout, s.m.opts.Bearer.AbsoluteTimeout
	}
	return s.m.timeouts.Of(remember)
}

// lifetime is how long a session lives that is created now.
type lifetime struct {
	idle     time.Duration
	absolute time.Duration
	notAfter time.Time // on the store's clock, zero if there is no bound
}

// newLifetime returns the lifetime of the pending session.
func (s terms[T]) newLifetime() lifetime {
	var l lifetime
	l.idle, l.absolute = s.timeouts(s.remembered())
	if s.inherits() {
		if s.pending.remember == nil {
			l.idle = s.rec.Open.Idle
		}
		if !s.proved() {
			l.notAfter = s.rec.Deadline.Time()
		}
	}
	if until := s.until(); until != 0 {
		l.absolute = min(l.absolute, max(time.Unix(0, until).Sub(s.m.now()), time.Second))
	}
	l.idle = min(l.idle, l.absolute)
	return l
}

// until is the end that SetTTL gives the session to write, on the core's clock,
// and 0 if it gives none.
func (s terms[T]) until() int64 {
	var until int64
	if s.life.Next == lifecycle.NextSame || s.inherits() {
		until = s.rec.Open.Until
	}
	if s.pending.ttl > 0 {
		if at := s.m.now().Add(s.pending.ttl).UnixNano(); until == 0 || at < until {
			until = at
		}
	}
	return until
}

// deadlineChange returns the new absolute timeout of the base, and whether it may
// only bring the deadline forward. 0 leaves the deadline. Only a new proof moves
// the deadline later: a thief could otherwise remember a session for ever.
func (s terms[T]) deadlineChange() (absolute time.Duration, shorten bool) {
	switch {
	case s.proved():
		_, absolute = s.timeouts(s.remembered())
		if until := s.until(); until != 0 {
			absolute = min(absolute, time.Unix(0, until).Sub(s.m.now()))
		}
	case s.pending.remember == nil && s.pending.ttl == 0:
		return 0, false
	default:
		shorten = true
		absolute = s.rec.Deadline.Sub(s.rec.StoreNow(s.m.now()))
		if s.pending.ttl > 0 {
			absolute = min(absolute, s.pending.ttl)
		}
		if on := s.pending.remember; on != nil && !*on {
			_, usual := s.timeouts(false)
			age := s.m.now().Sub(time.Unix(0, max(s.rec.Open.Created, s.rec.Open.Authenticated)))
			absolute = min(absolute, usual-age)
		}
	}
	// A deadline that has passed ends the session after this request.
	return max(absolute, time.Second), shorten
}

// newIdle returns the idle timeout of the base after the pending changes.
func (s terms[T]) newIdle() time.Duration {
	if s.pending.remember == nil {
		return s.rec.Open.Idle
	}
	idle, _ := s.timeouts(*s.pending.remember)
	return idle
}

// ends returns when the active session expires unless it is used, and when it
// ends in any case, with the pending changes: zero times without a session.
func (s terms[T]) ends() (expires, deadline time.Time) {
	switch {
	case s.life.Next != lifecycle.NextSame:
		l, now := s.newLifetime(), s.m.now()
		if s.inherits() {
			now = s.rec.StoreNow(s.m.now()).Time()
		}
		deadline = earlier(now.Add(l.absolute), l.notAfter)
		return earlier(now.Add(timeouts.Slack(l.idle)), deadline), deadline
	case !s.life.Active(), s.life.OnCredential():
		return time.Time{}, time.Time{}
	case s.pending.remember == nil && s.pending.ttl == 0 && !s.proved():
		return s.rec.Expires.Time(), s.rec.Deadline.Time()
	}
	now := s.rec.StoreNow(s.m.now()).Time()
	deadline = s.rec.Deadline.Time()
	if absolute, shorten := s.deadlineChange(); absolute != 0 {
		deadline = now.Add(absolute)
		if shorten {
			deadline = earlier(deadline, s.rec.Deadline.Time())
		}
	}
	return earlier(now.Add(timeouts.Slack(s.newIdle())), deadline), deadline
}

// earlier returns the earlier of two times, of which the zero time is never one.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

func (s view[T]) expiresAt() time.Time {
	defer s.mu.Unlock(s.mu.Lock())
	expires, _ := s.terms().ends()
	return expires
}

func (s view[T]) deadline() time.Time {
	defer s.mu.Unlock(s.mu.Lock())
	_, deadline := s.terms().ends()
	return deadline
}

func (s view[T]) createdAt() time.Time {
	defer s.mu.Unlock(s.mu.Lock())
	switch {
	case s.life.Next != lifecycle.NextSame && !s.terms().inherits():
		return s.m.now()
	case s.life.Active() && !s.life.OnCredential():
		return time.Unix(0, s.rec.Open.Created)
	}
	return time.Time{}
}
