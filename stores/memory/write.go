package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
)

// fits refuses a payload that is too large.
func (s *Store) fits(payload []byte) error {
	if len(payload) > s.maxPayload {
		return fmt.Errorf("memory: payload of %d bytes, %d allowed: %w", len(payload), s.maxPayload, stores.ErrTooLarge)
	}
	return nil
}

// Update replaces the payload if the session has exactly the given version. It
// answers ErrConflict for another version, and ErrNotFound if there is no such
// session.
func (s *Store) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	if err := ctx.Err(); err != nil {
		return stores.Updated{}, err
	}
	switch {
	case u.ID.IsZero():
		return stores.Updated{}, errZeroID
	case u.Version <= 0:
		return stores.Updated{}, fmt.Errorf("memory: update of version %d", u.Version)
	case u.Idle < 0:
		return stores.Updated{}, fmt.Errorf("memory: update with idle timeout %v", u.Idle)
	case u.Absolute < 0:
		return stores.Updated{}, fmt.Errorf("memory: update with absolute timeout %v", u.Absolute)
	}
	if err := s.fits(u.Payload); err != nil {
		return stores.Updated{}, err
	}
	next := newBody(u.Payload, u.Owned)
	if u.Memo != nil {
		next.memo.Set(u.Memo)
	}

	sh, hash := s.shard(u.ID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	clock := s.clock.Load()
	now := clock.read()
	e := sh.table.find(hash, u.ID)
	if e == nil || !e.live(now) {
		return stores.Updated{}, stores.ErrNotFound
	}
	if e.version != u.Version {
		return stores.Updated{}, stores.ErrConflict
	}
	e.body = next
	e.version++
	if deadline := after(now, u.Absolute); u.Absolute > 0 && (!u.Shorten || deadline < e.deadline) {
		e.deadline = deadline
	}
	expires := e.expires
	if u.Idle > 0 {
		e.lastSeen = now
		expires = after(now, u.Idle)
	}
	sh.expire(e, expires)
	return stores.Updated{
		Version:  e.version,
		Expires:  clock.time(e.expires),
		Deadline: clock.time(e.deadline),
		Now:      clock.time(now),
	}, nil
}

// Touch extends the session to now + idle, never beyond its deadline, and
// returns when it expires. A touch within a twentieth of idle after
// LastSeen is not written.
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	if id.IsZero() {
		return time.Time{}, errZeroID
	}
	if idle <= 0 {
		return time.Time{}, fmt.Errorf("memory: touch with idle timeout %v", idle)
	}

	sh, hash := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	clock := s.clock.Load()
	now := clock.read()
	e := sh.table.find(hash, id)
	if e == nil || !e.live(now) {
		return time.Time{}, stores.ErrNotFound
	}
	// After the clock was set back Touch always writes, because LastSeen must
	// not stay in the future. The unsigned difference is right even if the
	// signed one overflows.
	if now < e.lastSeen || uint64(now-e.lastSeen) >= uint64(idle/20) {
		e.lastSeen = now
		sh.expire(e, after(now, idle))
	}
	return clock.time(e.expires), nil
}

// expire sets the expiry of e, whose shard is locked, to at, but not after its
// deadline.
func (sh *shard) expire(e *entry, at int64) {
	if at = min(at, e.deadline); at != e.expires {
		e.expires = at
		sh.queue.moved(e)
	}
}

// Delete removes the session for good. It answers ErrNotFound if there is no
// such session, and ErrConflict if the session has another version than
// required.
func (s *Store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if id.IsZero() {
		return errZeroID
	}
	if when.Version < 0 {
		return fmt.Errorf("memory: delete of version %d", when.Version)
	}

	sh, hash := s.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.table.find(hash, id)
	switch {
	case e == nil || !e.live(s.clock.Load().read()):
		return stores.ErrNotFound
	case when.Identity != "" && when.Identity != e.group.name:
		return stores.ErrNotFound
	case when.Version != 0 && when.Version != e.version:
		return stores.ErrConflict
	}
	s.remove(sh, e)
	s.hint(id)
	return nil
}
