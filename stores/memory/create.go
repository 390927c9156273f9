package memory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
)

var errZeroID = errors.New("memory: the session ID is zero")

// Create adds a session. It answers ErrExists if a live session has the ID, and
// leaves that session unchanged. It may also answer ErrFull. It ends the
// sessions of Create.Replaces in the same instant.
func (s *Store) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	if err := ctx.Err(); err != nil {
		return stores.Created{}, err
	}
	switch {
	case c.ID.IsZero():
		return stores.Created{}, errZeroID
	case c.Idle <= 0:
		return stores.Created{}, fmt.Errorf("memory: create with idle timeout %v", c.Idle)
	case c.Absolute <= 0:
		return stores.Created{}, fmt.Errorf("memory: create with absolute timeout %v", c.Absolute)
	case c.Limit < 0:
		return stores.Created{}, fmt.Errorf("memory: create with limit %d", c.Limit)
	}
	if err := checkReplaces(&c); err != nil {
		return stores.Created{}, err
	}
	if err := s.fits(c.Payload); err != nil {
		return stores.Created{}, err
	}

	// The memory of the session is allocated before any lock is held. The fresh
	// group is wasted if the identity already has one.
	e := &entry{id: c.ID, body: newBody(c.Payload, nil), version: 1}
	var fresh *group
	if c.Identity != "" {
		fresh = &group{name: strings.Clone(c.Identity)}
	}
	return s.create(e, fresh, c)
}

func (s *Store) create(e *entry, fresh *group, c stores.Create) (stores.Created, error) {
	sh, hash := s.shard(c.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	clock := s.clock.Load()
	now := clock.read()
	if s.taken(sh, hash, c.ID, now) {
		return stores.Created{}, stores.ErrExists
	}
	deadline := after(now, c.Absolute)
	if !c.NotAfter.IsZero() {
		if deadline = min(deadline, clock.nanos(c.NotAfter)); deadline <= now {
			return stores.Created{}, stores.ErrNotFound
		}
	}

	created := stores.Created{Version: e.version}
	name := hashName(c.Identity)
	created.RevokedAgo, created.Mark = s.marks.age(name, c.Identity)
	created.ChangedAgo, created.ChangeMark = s.changes.age(name, c.Identity)
	if err := c.TooOld(&created); err != nil {
		return stores.Created{}, err
	}
	var own *group
	if fresh != nil {
		own = s.groups.find(name, c.Identity)
	}
	live := 0
	if c.Refuse && c.Limit > 0 {
		live = s.liveOf(own, now)
	}
	if err := s.replace(&c, own, live, now); err != nil {
		return stores.Created{}, err
	}
	created.Replaced = len(c.Replaces) > 0
	// No step below fails after Create has ended a session, because each ended
	// session made room.
	if fresh != nil {
		created.Evicted = s.enforce(s.groups.find(name, c.Identity), c.Limit, now)
		own = s.groups.find(name, c.Identity)
	}
	for s.count >= s.max { // a victim of a dead group does not reduce the count
		victim := s.victim(own, fresh == nil, now)
		if victim == nil {
			return stores.Created{}, stores.ErrFull
		}
		s.evict(victim)
		s.hint(victim.id)
		if own != nil && own.first == nil {
			own = nil // without sessions the group has left the directory
		}
	}

	e.group = &s.anonymous
	switch {
	case own != nil:
		e.group = own
	case fresh != nil:
		e.group = fresh
	}
	e.lastSeen = now
	e.deadline = deadline
	e.expires = min(after(now, c.Idle), e.deadline)
	created.Now = clock.time(now)
	created.Expires = clock.time(e.expires)
	created.Deadline = clock.time(e.deadline)
	s.link(e, e.group)

	sh.mu.Lock()
	sh.table.add(hash, e)
	sh.queue.push(e)
	s.reap(sh, now, 2) // removes expired sessions even after Close
	sh.mu.Unlock()

	s.wake()
	return created, nil
}

// replace ends the sessions of Create.Replaces. It refuses the Create if too
// many live sessions of own would remain. Store.mu is held.
func (s *Store) replace(c *stores.Create, own *group, live int, now int64) error {
	var r replacement
	defer r.release()
	if err := s.lockReplaced(&r, c, own, now); err != nil {
		return err
	}
	if c.Refuse && c.Limit > 0 && live-r.own >= c.Limit && c.Identity != "" {
		return stores.ErrLimit
	}
	r.end(s)
	return nil
}

// taken reports whether a live session has the ID. It removes an expired
// session that has it. Store.mu is held.
func (s *Store) taken(sh *shard, hash uint64, id stores.ID, now int64) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.table.find(hash, id)
	if e == nil {
		return false
	}
	if e.live(now) {
		return true
	}
	s.remove(sh, e)
	return false
}

// liveOf counts the live sessions of g and removes the others. It visits each
// session of the identity; the limit keeps them few. Store.mu is held.
func (s *Store) liveOf(g *group, now int64) int {
	live, size := 0, g.size()
	if size == 0 {
		return 0
	}
	for e := g.first; size > 0; size-- {
		newer := e.next
		sh, _ := s.shard(e.id)
		sh.mu.Lock()
		if e.live(now) {
			live++
		} else {
			s.remove(sh, e)
		}
		sh.mu.Unlock()
		e = newer
	}
	return live
}

// enforce makes room for one session below limit by ending the oldest. It
// returns the number of live sessions that it ended. Store.mu is held.
func (s *Store) enforce(g *group, limit int, now int64) int {
	size := g.size()
	if limit <= 0 || size < limit {
		return 0
	}
	evicted, keep := 0, limit-1
	for e := g.first.prev; size > 0; size-- {
		older := e.prev
		sh, _ := s.shard(e.id)
		sh.mu.Lock()
		switch live := e.live(now); {
		case live && keep > 0:
			keep--
		case live:
			evicted++
			s.remove(sh, e)
			s.hint(e.id)
		default:
			s.remove(sh, e)
		}
		sh.mu.Unlock()
		e = older
	}
	return evicted
}
