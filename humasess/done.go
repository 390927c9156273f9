package humasess

import (
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/watch"
)

// over is the channel that Done returns without an active session.
var over = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// done implements [Session.Done].
func (s *state[T]) done() <-chan struct{} {
	defer s.mu.Unlock(s.mu.Lock())
	holder := s.r.Holder(s)
	if !s.life.Active() || holder == nil || !holder.Watch() {
		return over
	}
	w := &waiting{Wait: watch.NewWait(), id: s.rec.ID()}
	switch {
	case s.life.Next != lifecycle.NextSame:
		w.id, w.fresh = s.pending.id, true
	case s.life.Written && !s.life.Closed:
		w.fresh = true // others may not see it before the end of a transaction
	}
	for _, known := range s.few().waits {
		if known.id == w.id {
			return known.Done()
		}
	}
	own := s.ownRare()
	own.waits = append(own.waits, w)
	if !w.fresh && !s.life.OnCredential() { // a credential ends only with the request
		s.await(w)
	}
	return w.Done()
}

// await waits for the end of the base.
func (s *state[T]) await(w *waiting) {
	t := watch.Session{ID: s.rec.ID(), Owner: s.rec.Identity}
	left := s.rec.Expires.Sub(s.rec.StoreNow(s.m.now()))
	if t.Left = s.carrier().Left(s.rec.ID()); t.Left != nil {
		left = s.rec.Deadline.Sub(s.rec.StoreNow(s.m.now()))
	}
	s.m.watch.Add(&w.Wait, t, left)
}

// settleWaits is called after the request's last write. A wait for a session that
// the request did not create ends.
func (s *state[T]) settleWaits() {
	for _, w := range s.few().waits {
		switch {
		case !w.fresh:
		case s.life.Written && s.life.Base && w.id == s.rec.ID():
			w.fresh = false
			s.await(w)
		default:
			s.m.watch.Release(&w.Wait)
		}
	}
}

// Release implements session.
func (s *state[T]) Release() {
	defer s.mu.Unlock(s.mu.Lock())
	for _, w := range s.few().waits {
		s.m.watch.Release(&w.Wait)
	}
	if s.rare != nil {
		s.rare.waits = nil
	}
}
