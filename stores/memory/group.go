package memory

import "sync/atomic"

// group holds the sessions of one identity. Store.mu guards it, except name,
// which never changes, and dead.
type group struct {
	name  string
	first *entry // the oldest of the ring
	crowd *crowd // nil for fewer than two sessions
	chain *group // in the directory

	// dead ends all sessions of the group at once. So a revocation is atomic
	// also for readers that lock only a shard. A dead group is not in the
	// directory and gets no new sessions.
	dead atomic.Bool
}

func (g *group) key() string   { return g.name }
func (g *group) hash() uint64  { return hashName(g.name) }
func (g *group) link() **group { return &g.chain }

// size returns the number of sessions kept. It is not maintained for the
// anonymous group.
func (g *group) size() int {
	switch {
	case g == nil || g.first == nil:
		return 0
	case g.crowd == nil:
		return 1
	default:
		return g.crowd.rank.size
	}
}

// push makes e the newest session.
func (g *group) push(e *entry) {
	if g.first == nil {
		g.first, e.prev, e.next = e, e, e
		return
	}
	last := g.first.prev
	e.prev, e.next = last, g.first
	last.next, g.first.prev = e, e
}

// cut takes e out of the ring.
func (g *group) cut(e *entry) {
	switch {
	case e.next == e:
		g.first = nil
	case g.first == e:
		g.first = e.next
	}
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}

// link adds e to g, and g to the directory if it is not there. Store.mu is
// held.
func (s *Store) link(e *entry, g *group) {
	s.count++
	if g == &s.anonymous {
		g.push(e)
		return
	}
	if g.first == nil {
		s.groups.add(g)
	}
	g.push(e)
	s.sizes.grow(g)
}

// unlink undoes link. Store.mu is held.
func (s *Store) unlink(e *entry) {
	g := e.group
	g.cut(e)
	if g.dead.Load() {
		return // revoke has already updated the rest
	}
	s.count--
	if g == &s.anonymous {
		return
	}
	s.sizes.shrink(g)
	if g.first == nil {
		s.groups.remove(g)
	}
}
