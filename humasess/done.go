package humasess

import (
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/watch"
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

// over is the channel that Done returns without an active session.
var over = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// waiting is a call of [Session.Done] in a request.
type waiting struct {
	watch.Wait

	id    stores.ID
	fresh bool // the request has not created the session yet
}

// done implements [Session.Done].
func (s *state[T]) done() <-chan struct{} {
	defer s.mu.Unlock(s.mu.Lock())
	holder := s.r.Holder(s)
	if !s.life.Active() || holder == nil || !holder.Watch() {
		return over
	}
	w := &waiting{Wait: watch.NewWait(), id: s.rec.ID}
	switch {
	case s.life.Next != lifecycle.NextSame:
		w.id, w.fresh = s.pending.id, true
	case s.life.Written && !s.life.Closed:
		w.fresh = true // others may not see it before the end of a transaction
	}
	for _, known := range s.waits {
		if known.id == w.id {
			return known.Done()
		}
	}
	s.waits = append(s.waits, w)
	if !w.fresh {
		s.await(w)
	}
	return w.Done()
}

// await waits for the end of the base.
func (s *state[T]) await(w *waiting) {
	t := watch.Session{ID: s.rec.ID, Owner: s.rec.Identity}
	left := s.rec.Expires.Sub(s.rec.StoreNow(s.m.now()))
	if t.Left = s.carrier.Left(s.rec.ID); t.Left != nil {
		left = s.rec.Deadline.Sub(s.rec.StoreNow(s.m.now()))
	}
	s.m.watch.Add(&w.Wait, t, left)
}

// settleWaits is called after the request's last write. A wait for a session that
// the request did not create ends.
func (s *state[T]) settleWaits() {
	for _, w := range s.waits {
		switch {
		case !w.fresh:
		case s.life.Written && s.life.Base && w.id == s.rec.ID:
			w.fresh = false
			s.await(w)
		default:
			s.m.watch.Release(&w.Wait)
		}
	}
}

// rename gives the session that is to be created another ID.
func (s *state[T]) rename(id stores.ID) {
	for _, w := range s.waits {
		if w.fresh && w.id == s.pending.id {
			w.id = id
		}
	}
	s.pending.id = id
}

// Release implements session.
func (s *state[T]) Release() {
	defer s.mu.Unlock(s.mu.Lock())
	for _, w := range s.waits {
		s.m.watch.Release(&w.Wait)
	}
	s.waits = nil
}
