package memory

// sizes ranks identities with more than one session by their number of
// sessions, so that the largest is found at once. Most identities have one
// session and cost nothing here.
type sizes struct {
	top, bottom *rank // the largest and the smallest size
}

// rank is a size and the identities that have it.
type rank struct {
	size     int
	crowds   *crowd
	up, down *rank // the next larger and the next smaller size
}

// crowd is the place of one identity in a rank.
type crowd struct {
	group      *group
	rank       *rank
	prev, next *crowd
}

// largest returns a group that holds the most sessions, or nil when none
// holds more than one.
func (z *sizes) largest() *group {
	if z.top == nil {
		return nil
	}
	return z.top.crowds.group
}

// grow counts a session that was added to g.
func (z *sizes) grow(g *group) {
	switch c := g.crowd; {
	case g.first.next == g.first: // its only one
	case c == nil:
		g.crowd = &crowd{group: g}
		z.enter(g.crowd, 2, nil)
	default:
		old := c.rank
		z.enter(c, old.size+1, z.leave(c))
	}
}

// shrink counts a session that was removed from g.
func (z *sizes) shrink(g *group) {
	c := g.crowd
	if c == nil {
		return
	}
	size := c.rank.size - 1
	below := z.leave(c)
	if size < 2 {
		g.crowd = nil
		return
	}
	for below != nil && below.size > size {
		below = below.down
	}
	z.enter(c, size, below)
}

// forget removes g.
func (z *sizes) forget(g *group) {
	if g.crowd != nil {
		z.leave(g.crowd)
		g.crowd = nil
	}
}

// enter gives c a size. Below is a rank of that size or of the nearest smaller
// one, or nil.
func (z *sizes) enter(c *crowd, size int, below *rank) {
	if below == nil && z.bottom != nil && z.bottom.size == size {
		below = z.bottom
	}
	if below != nil && below.up != nil && below.up.size == size {
		below = below.up
	}
	r := below
	if r == nil || r.size != size {
		r = &rank{size: size, down: below}
		if below == nil {
			r.up, z.bottom = z.bottom, r
		} else {
			r.up, below.up = below.up, r
		}
		if r.up == nil {
			z.top = r
		} else {
			r.up.down = r
		}
	}
	c.rank, c.prev, c.next = r, nil, r.crowds
	if c.next != nil {
		c.next.prev = c
	}
	r.crowds = c
}

// leave removes c from its rank, and the rank itself if it is then empty. It
// returns the rank, or the next smaller one if it was removed.
func (z *sizes) leave(c *crowd) *rank {
	r := c.rank
	if c.prev == nil {
		r.crowds = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.rank, c.prev, c.next = nil, nil, nil
	if r.crowds != nil {
		return r
	}
	if r.down == nil {
		z.bottom = r.up
	} else {
		r.down.up = r.up
	}
	if r.up == nil {
		z.top = r.down
	} else {
		r.up.down = r.down
	}
	return r.down
}
