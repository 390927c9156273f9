package memory

import (
	"math"
	"sync/atomic"
)

// queue is a binary heap with the session that expires first at its top.
type queue struct {
	entries []*entry
	next    atomic.Int64 // when the top expires, for readers without the lock
}

// first returns the session that expires first, or nil.
func (q *queue) first() *entry {
	if len(q.entries) == 0 {
		return nil
	}
	return q.entries[0]
}

func (q *queue) publish() {
	next := int64(math.MaxInt64)
	if e := q.first(); e != nil {
		next = e.expires
	}
	q.next.Store(next)
}

func (q *queue) push(e *entry) {
	e.place = int32(len(q.entries))
	q.entries = append(q.entries, e)
	q.up(e)
	q.publish()
}

// moved restores the order after e.expires has changed.
func (q *queue) moved(e *entry) {
	q.up(e)
	q.down(e)
	q.publish()
}

func (q *queue) remove(e *entry) {
	n := len(q.entries) - 1
	last := q.entries[n]
	q.entries[n] = nil
	q.entries = q.entries[:n]
	if last != e {
		q.put(last, e.place)
		q.up(last)
		q.down(last)
	}
	q.entries = shrunk(q.entries)
	q.publish()
}

func (q *queue) put(e *entry, place int32) {
	q.entries[place] = e
	e.place = place
}

func (q *queue) up(e *entry) {
	for e.place > 0 {
		parent := q.entries[(e.place-1)/2]
		if parent.expires <= e.expires {
			return
		}
		place := parent.place
		q.put(parent, e.place)
		q.put(e, place)
	}
}

func (q *queue) down(e *entry) {
	for {
		i := 2*int(e.place) + 1
		if i >= len(q.entries) {
			return
		}
		child := q.entries[i]
		if i+1 < len(q.entries) && q.entries[i+1].expires < child.expires {
			child = q.entries[i+1]
		}
		if e.expires <= child.expires {
			return
		}
		place := child.place
		q.put(child, e.place)
		q.put(e, place)
	}
}
