package storetest

import (
	"time"

	"github.com/humasess/sessions/stores"
)

var ageChecks = []Check{
	newCheck(5, "a create that is older than a revocation is refused",
		"A sign-in that began before its identity was revoked has created a session, or has ended one.",
		func(e *env) {
			e.needIndex()
			old := e.add("bob", "x")
			e.revoke("alice", stores.ID{})
			e.refusesOld("alice", old, stores.ErrRevoked)
			e.passesOld("carol")
		}),
	newOptional(5, "a create that is older than a change is refused",
		"A sign-in that began before the data of its identity changed has created a session, or has ended one.",
		func(e *env) {
			m := need[stores.Marker](e, "Marker")
			old := e.add("bob", "x")
			e.change(m, "alice")
			e.refusesOld("alice", old, stores.ErrChanged)
			e.passesOld("carol")
			e.revoke("alice", stores.ID{})
			e.refusesOld("alice", old, stores.ErrRevoked) // a revocation outranks a change
		}),
}

// refusesOld checks Create.Age around a mark that has just been left.
func (e *env) refusesOld(identity string, old stores.ID, want error) {
	young := e.spec(identity, "x")
	young.Age = time.Nanosecond
	e.wait(20 * time.Millisecond)
	if e.fake {
		e.advance(20 * time.Millisecond)
	}
	e.create(young) // began after the mark
	for _, limit := range []int{0, 1} {
		c := e.spec(identity, "x")
		c.Age, c.Limit = time.Hour, limit
		c.Replaces = []stores.Replaced{{ID: old}}
		_, err := e.store.Create(e.ctx, c)
		e.fails("Create that is older than the mark", err, want)
		e.gone("after a Create that was refused for its age", c.ID)
		e.alive("after a Create that was refused for its age", old, young.ID)
	}
	c := e.spec(identity, "x")
	e.create(c) // without an age the caller decides
	e.alive("after a Create without an age", c.ID)
}

// passesOld checks that an identity without a mark is not refused.
func (e *env) passesOld(identity string) {
	c := e.spec(identity, "x")
	c.Age = time.Hour
	e.create(c)
	e.alive("after a Create of an identity without a mark", c.ID)
}
