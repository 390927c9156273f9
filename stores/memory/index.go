package memory

import (
	"context"
	"runtime"

	"github.com/humasess/sessions/stores"
)

// slice is the number of sessions removed while the index is locked once.
const slice = 32

// List returns the live sessions of an identity as they were at one instant,
// oldest first.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	hash := hashName(identity)
	// Memory is allocated without the lock, so a second round is needed for
	// more than four sessions.
	for room := 4; ; {
		records := make([]stores.Record, 0, room)
		need := s.list(hash, identity, &records)
		if need > room {
			room = need + need/8
			continue
		}
		for i := range records {
			records[i].Payload = clone(records[i].Payload)
		}
		return records, nil
	}
}

// list appends the sessions of an identity if they fit, and returns their
// number. It does not copy their payloads.
func (s *Store) list(hash uint64, identity string, records *[]stores.Record) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups.find(hash, identity)
	n := g.size()
	if n == 0 || n > cap(*records) {
		return n
	}
	clock := s.clock.Load()
	now := clock.read()
	for e := g.first; ; {
		sh, _ := s.shard(e.id)
		sh.mu.RLock()
		if e.live(now) {
			*records = append(*records, clock.record(e, now))
		}
		sh.mu.RUnlock()
		if e = e.next; e == g.first {
			return n
		}
	}
}

// RevokeIdentity atomically deletes every session of an identity except the
// session except, and leaves the revocation mark.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if err := ctx.Err(); err != nil {
		return stores.Revoked{}, err
	}
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	revoked, dead := s.revoke(hashName(identity), identity, except)
	// All readers now see these sessions as ended. Their memory is freed in
	// slices, so other calls wait for the index no longer than one slice takes.
	for dead != nil && s.bury(dead) {
		runtime.Gosched()
	}
	return revoked, nil
}

// revoke ends the sessions of an identity in one instant and returns the group
// that has to be buried, or nil.
func (s *Store) revoke(hash uint64, identity string, except stores.ID) (stores.Revoked, *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var revoked stores.Revoked
	revoked.Ago, _ = s.marks.age(hash, identity)
	revoked.Mark = s.marks.set(hash, identity)
	s.wake()
	g := s.groups.find(hash, identity)
	if g == nil {
		return revoked, nil
	}
	now := s.clock.Load().read()
	kept := s.spare(g, except, now)
	empty := g.first == nil
	if !empty {
		g.dead.Store(true)
		s.count -= g.size()
		s.sizes.forget(g)
		s.groups.remove(g)
	}
	if kept != nil {
		s.link(kept, kept.group)
	}
	if empty {
		return revoked, nil
	}
	revoked.Count = s.census(g, now)
	return revoked, g
}

// spare moves the session to keep into a new group, so the end of g does not
// end it. It returns that session, which the caller has to link. It returns nil
// if the session is not a live one of g.
func (s *Store) spare(g *group, id stores.ID, now int64) *entry {
	sh, hash := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.table.find(hash, id)
	if e == nil || e.group != g || !e.live(now) {
		return nil
	}
	s.unlink(e)
	e.group = &group{name: g.name}
	return e
}

// census counts the sessions of a dead group that had not expired.
func (s *Store) census(g *group, now int64) int {
	n := 0
	for e := g.first; ; {
		sh, _ := s.shard(e.id)
		sh.mu.RLock()
		if now < e.expires {
			n++
			s.hint(e.id)
		}
		sh.mu.RUnlock()
		if e = e.next; e == g.first {
			return n
		}
	}
}

// bury removes a slice of a dead group and reports whether there is more.
func (s *Store) bury(g *group) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range slice {
		if g.first == nil {
			return false
		}
		s.evict(g.first)
	}
	return g.first != nil
}
