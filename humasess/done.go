package humasess

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

// Done returns a channel that is closed when the session has ended: signed
// out, revoked, replaced by Start, evicted, or expired, in this process or in
// another. It is for what goes on for longer than a request does, such as a
// stream or a websocket:
//
//	case <-in.Session.Done():
//		return // signed out
//
// What this process ends closes it at once, as does the end of its time. Of
// what others end it learns from the store's hints ([stores.Watcher]) if it
// has any, and from looking every Options.DoneInterval in any case. A store
// that fails ends nothing. Waiting does not extend the session: a stream of
// which the client makes no requests ends with the idle timeout.
//
// Renew, a change of the data and of the time left leave the channel open. It
// is the session's of this moment: one that Start has begun in this request is
// done, too, when it is not written. Without an active session the channel is
// closed already.
//
// The channel is also closed when the request is over, like that of its
// context, so that nobody waits for ever; and by [Manager.Close]. After Hijack
// the request is over when the connection is closed. A session in its cookie
// ends for those who wait at the deadline that this cookie has, even if another
// one has a later deadline by now. Done may be called at any time, and costs
// nothing to those who do not.
func (s *Session[T]) Done() <-chan struct{} { return s.bound().done() }

// over is what Done returns when there is nothing to wait for.
var over = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// States of request.watching.
const (
	nobodyWatches = iota
	somebodyWatches
	watchingIsOver
)

// unwatch ends what waits for sessions, because the request is over.
func (r *request) unwatch() {
	if r.watching.Swap(watchingIsOver) != somebodyWatches {
		return
	}
	for i := range r.entry.sessions {
		r.session(i).release()
	}
}

// watch reports whether the request can be waited in, and lets it know.
func (r *request) watch() bool {
	r.watching.CompareAndSwap(nobodyWatches, somebodyWatches)
	return r.watching.Load() == somebodyWatches
}

// holder is the request that has loaded the session and releases it; others
// have borrowed it.
func (s *state[T]) holder() *request {
	for r := s.r; r != nil; r = r.outer {
		for i := range r.entry.sessions {
			if r.session(i) == session(s) {
				return r
			}
		}
	}
	return nil
}

// done implements [Session.Done].
func (s *state[T]) done() <-chan struct{} {
	defer s.unlock(s.lock())
	holder := s.holder()
	if !s.life.active() || holder == nil || !holder.watch() {
		return over
	}
	w := &watch{id: s.rec.ID, done: make(chan struct{})}
	switch {
	case s.life.next != nextSame:
		w.id, w.fresh = s.pending.id, true
	case s.life.written && !s.life.closed:
		w.fresh = true // others may not see it before the end of a transaction
	}
	for _, known := range s.watches {
		if known.id == w.id {
			return known.done
		}
	}
	s.watches = append(s.watches, w)
	if !w.fresh {
		s.await(w)
	}
	return w.done
}

// await watches the base.
func (s *state[T]) await(w *watch) {
	t := target{id: s.rec.ID, owner: s.rec.Identity}
	left := s.rec.Expires.Sub(s.rec.storeNow(s.m))
	if s.trip != nil {
		t.stands = s.standing()
		left = s.rec.Deadline.Sub(s.rec.storeNow(s.m))
	}
	s.m.live.add(w, t, left)
}

// standing asks about a session that is in its cookie. The request's own trip
// is not for other goroutines.
func (s *state[T]) standing() func(context.Context) (time.Duration, error) {
	trip := s.m.embark()
	value := string(s.trip.AppendValue(nil, s.rec.ID))
	id, _, err := trip.Open(value)
	for _, name := range s.m.names[1:] {
		if err != nil {
			id, _, err = s.m.openTrip(trip, name, value)
		}
	}
	c, ok := trip.(stores.EndChecker)
	if err != nil || !ok {
		forever := s.m.opts.AbsoluteTimeout
		return func(context.Context) (time.Duration, error) { return forever, nil }
	}
	return func(ctx context.Context) (time.Duration, error) { return c.Check(ctx, id) }
}

// settleWatches is called when it is clear what the request has written.
func (s *state[T]) settleWatches() {
	for _, w := range s.watches {
		switch {
		case !w.fresh:
		case s.life.written && s.life.base && w.id == s.rec.ID:
			w.fresh = false
			s.await(w)
		default:
			s.m.live.release(w)
		}
	}
}

// rename gives the session that is to be created another ID.
func (s *state[T]) rename(id stores.ID) {
	for _, w := range s.watches {
		if w.fresh && w.id == s.pending.id {
			w.id = id
		}
	}
	s.pending.id = id
}

// release implements session.
func (s *state[T]) release() {
	defer s.unlock(s.lock())
	for _, w := range s.watches {
		s.m.live.release(w)
	}
	s.watches = nil
}
