package humasess

import (
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
)

// Changes only note what to write; write.go writes it.

// open refuses changes that nothing would write any more.
func (s *state[T]) open() error {
	if s.life.closed {
		return fail(ErrCommitted, nil)
	}
	return nil
}

func (s *state[T]) start(data T) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	if s.former && !s.login && s.life.onBase() {
		return fail(ErrConflict, nil) // or a thief would have the session renewed
	}
	encoded, err := s.m.values.encode(&data)
	if err != nil {
		return fail(ErrInvalid, fmt.Errorf("Start: encode %T: %w", data, err))
	}
	return s.begin(encoded, s.m.owner(data), s.life.start)
}

// begin makes the pending session one that is to be created.
func (s *state[T]) begin(data []byte, owner string, note func()) error {
	id, err := stores.NewID(s.store(), owner)
	if err != nil {
		return s.storeFailed(err)
	}
	note()
	s.pending = pending[T]{id: id, owner: owner, data: data}
	return nil
}

func (s *state[T]) update(change func(*T) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	data, err := s.own()
	if err != nil {
		return fail(errUndecodable, err)
	}
	if err := change(data); err != nil {
		return err
	}
	return s.apply(data, change)
}

// apply takes over the result of an edit.
func (s *state[T]) apply(data *T, edit func(*T) error) error {
	encoded, err := s.m.values.encode(data)
	if err != nil {
		return fail(ErrInvalid, fmt.Errorf("Update: encode %T: %w", *data, err))
	}
	switch {
	case !s.life.active():
		return s.begin(encoded, s.m.owner(*data), func() { s.life.change(false) })
	case s.life.next == nextStart:
		if err := s.assign(s.m.owner(*data)); err != nil {
			return err
		}
		s.pending.data = encoded
		return nil
	}
	edits := s.pending.edits
	if edits == nil {
		edits = s.editRoom[:0]
	}
	edits = append(edits, edit)
	switch {
	case !s.m.owns(data, s.rec.Identity):
		err = s.move(encoded, s.m.owner(*data))
	case s.pending.again:
		err = s.assign(s.rec.Identity)
	default:
		s.life.retain()
		s.life.change(false)
		s.share(data)
	}
	if err != nil {
		return err
	}
	s.pending.data, s.pending.edits = encoded, edits
	return nil
}

// move notes that the data belong to another identity now.
func (s *state[T]) move(data []byte, owner string) error {
	if s.former {
		return fail(ErrConflict, nil)
	}
	if s.life.next == nextReplace {
		return s.assign(owner)
	}
	remember, ttl, proved := s.pending.remember, s.pending.ttl, s.pending.proof
	if err := s.begin(data, owner, func() { s.life.change(true) }); err != nil {
		return err
	}
	s.pending.remember, s.pending.ttl, s.pending.proof = remember, ttl, proved
	return nil
}

// assign gives the pending session to another identity. Its ID changes too: a
// store may put the identity's whereabouts into the IDs that it makes.
func (s *state[T]) assign(owner string) error {
	if owner == s.pending.owner {
		return nil
	}
	id, err := stores.NewID(s.store(), owner)
	if err != nil {
		return s.storeFailed(err)
	}
	s.rename(id)
	s.pending.owner = owner
	return nil
}

// share keeps a copy of the data for the next reader, if the codec would give
// it the same.
func (s *state[T]) share(data *T) {
	s.pending.shared = nil
	if s.m.memoizer != nil && s.m.values.survives(data) {
		var base *T
		if s.rec.open != nil && s.rec.open.decoded {
			base = &s.rec.open.value
		}
		shared := &opened[T]{decoded: true}
		s.m.values.keep(&shared.value, data, base)
		s.pending.shared = shared
	}
}

func (s *state[T]) destroy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	s.life.destroy()
	s.pending = pending[T]{}
	return nil
}

func (s *state[T]) renew() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.need(); err != nil {
		return err
	}
	if s.m.embark != nil {
		return fail(errors.ErrUnsupported, errTravels)
	}
	s.rotate(rotateGrace)
	return nil
}

// need refuses what cannot be done now or without a session.
func (s *state[T]) need() error {
	if err := s.open(); err != nil {
		return err
	}
	if !s.life.active() {
		return fail(ErrNoSession, nil)
	}
	return nil
}

func (s *state[T]) remember(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.need(); err != nil {
		return err
	}
	if s.life.onBase() && s.rec.open.remember == on {
		return nil
	}
	s.pending.remember = &on
	s.life.remember()
	return nil
}

func (s *state[T]) setTTL(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.need(); err != nil {
		return err
	}
	if d < time.Second {
		return fail(ErrInvalid, fmt.Errorf("SetTTL called with %v: less than a second; use Destroy to end a session", d))
	}
	if s.pending.ttl == 0 || d < s.pending.ttl {
		s.pending.ttl = d
	}
	if s.life.next == nextSame {
		s.life.remember()
	}
	return nil
}

// remembered is whether the session to write outlives the browser's.
func (s *state[T]) remembered() bool {
	switch {
	case s.pending.remember != nil:
		return *s.pending.remember
	case s.life.next == nextStart:
		return false
	case s.rec.open != nil:
		return s.rec.open.remember
	}
	return false
}

// lifetimes are the timeouts of a session that is created now.
func (s *state[T]) lifetimes() (idle, absolute time.Duration) {
	idle, absolute = s.m.opts.timeouts(s.remembered())
	if s.pending.ttl > 0 {
		absolute = min(absolute, s.pending.ttl)
	}
	return min(idle, absolute), absolute
}

// until is the end that SetTTL gives the session now, 0 if it gives none.
func (s *state[T]) until() int64 {
	if s.pending.ttl == 0 {
		return 0
	}
	return s.m.now().Add(s.pending.ttl).UnixNano()
}

// remaining is the new absolute timeout of the base, and 0 if it stays.
func (s *state[T]) remaining() time.Duration {
	proved := !s.pending.proof.at.IsZero()
	if s.pending.remember == nil && s.pending.ttl == 0 && !proved {
		return 0
	}
	now := s.rec.storeNow(s.m)
	left := s.rec.Deadline.Sub(now)
	if s.pending.remember != nil || proved {
		_, fresh := s.m.opts.timeouts(s.remembered())
		if !proved {
			fresh -= s.m.now().Sub(time.Unix(0, max(s.rec.open.created, s.rec.open.authenticated)))
			if !*s.pending.remember {
				fresh = min(fresh, left)
			}
		}
		if until := s.rec.open.until; until != 0 {
			fresh = min(fresh, time.Unix(0, until).Sub(s.m.now()))
		}
		left = fresh
	}
	if s.pending.ttl > 0 {
		left = min(left, s.pending.ttl)
	}
	// What has passed already ends at the next request, not in the past.
	return max(left, time.Second)
}
