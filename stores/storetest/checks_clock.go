package storetest

import (
	"math"
	"time"

	"github.com/humasess/sessions/stores"
)

var clockChecks = []Check{
	newCheck(10, "L1 create sets the times",
		"Create did not turn its timeouts into times on the store's clock.",
		func(e *env) {
			for _, test := range []struct {
				name           string
				idle, absolute time.Duration
				expires        time.Duration
			}{
				{"idle before absolute", hour, day, hour},
				{"idle after absolute", day, hour, hour},
			} {
				c := e.spec("alice", "x")
				c.Idle, c.Absolute = test.idle, test.absolute
				created := e.create(c)
				e.same(test.name+": Expires", created.Expires, created.Now.Add(test.expires))
				e.same(test.name+": Deadline", created.Deadline, created.Now.Add(test.absolute))
				r := e.load(c.ID)
				e.same(test.name+": LastSeen", r.LastSeen, created.Now)
				e.same(test.name+": Expires as loaded", r.Expires, created.Expires)
				e.same(test.name+": Deadline as loaded", r.Deadline, created.Deadline)
				if r.Now.Before(created.Now) {
					e.errorf("%s: Now went from %v back to %v", test.name, created.Now, r.Now)
				}
			}
		}),

	newCheck(10, "the store's clock is the one that counts",
		"Times were taken from another clock than the store's.",
		func(e *env) {
			id := e.add("alice", "x")
			before, began := e.load(id).Now, time.Now()
			e.advance(2 * e.unit)
			r := e.load(id)
			least := 2*e.unit - tolerance
			most := 2*e.unit + time.Since(began) + tolerance
			if got := r.Now.Sub(before); got < least || got > most {
				e.errorf("Now moved by %v, want %v to %v", got, least, most)
			}
			again := e.spec("alice", "x")
			created := e.create(again)
			if created.Now.Before(r.Now.Add(-tolerance)) {
				e.errorf("Create reads %v, Load has read %v before", created.Now, r.Now)
			}
		}),

	newCheck(10, "L1 touch extends",
		"Touch did not extend a session, or changed something else.",
		func(e *env) {
			idle := 50 * e.unit
			c := e.spec("alice", "x")
			c.Idle = idle
			created := e.create(c)
			e.advance(6 * e.unit)
			expires := e.touch(c.ID, idle)
			if !expires.After(created.Expires) {
				e.errorf("Touch answers %v, want later than %v", expires, created.Expires)
			}
			r := e.load(c.ID)
			e.same("Expires after Touch", r.Expires, expires)
			e.same("LastSeen + idle", r.LastSeen.Add(idle), expires)
			e.same("Deadline after Touch", r.Deadline, created.Deadline)
			if r.Version != created.Version || string(r.Payload) != "x" {
				e.errorf("after Touch version is %d and payload %q, want %d and %q", r.Version, r.Payload, created.Version, "x")
			}
			// Touch accepts any version.
			e.update(stores.Update{ID: c.ID, Version: r.Version, Payload: []byte("y")})
			e.touch(c.ID, idle)
		}),

	newCheck(10, "L2 touch never passes the deadline",
		"Touch extended a session beyond its deadline.",
		func(e *env) {
			idle := 50 * e.unit
			c := e.spec("alice", "x")
			c.Idle, c.Absolute = idle, idle+e.unit
			created := e.create(c)
			e.advance(6 * e.unit)
			e.same("Touch near the deadline", e.touch(c.ID, idle), created.Deadline)
			r := e.load(c.ID)
			e.same("Expires after it", r.Expires, created.Deadline)
			e.same("Deadline after it", r.Deadline, created.Deadline)
			if !e.fake {
				return // this would wait too long; another L2 check waits for a shorter deadline
			}
			for range 3 {
				e.advance(14 * e.unit)
				e.touch(c.ID, idle)
			}
			e.advance(4 * e.unit)
			e.gone("after the deadline of a session that was touched", c.ID)
		}),

	newCheck(10, "L10 touch is throttled",
		"A touch within a twentieth of the idle timeout was written, or a later one was not.",
		func(e *env) {
			c := e.spec("alice", "x")
			created := e.create(c)
			e.tick()
			e.same("Touch at once", e.touch(c.ID, hour), created.Expires)
			e.same("LastSeen after it", e.load(c.ID).LastSeen, created.Now)
			if !e.fake {
				return // L1 waits for a touch that is written
			}
			e.advance(2*time.Minute + 30*time.Second)
			e.same("Touch before a twentieth", e.touch(c.ID, hour), created.Expires)
			e.advance(time.Minute)
			expires := e.touch(c.ID, hour)
			if !expires.After(created.Expires) {
				e.errorf("Touch after a twentieth answers %v, want later than %v", expires, created.Expires)
			}
			e.advance(time.Minute)
			e.same("Touch after a touch", e.touch(c.ID, hour), expires)
		}),

	newCheck(10, "update keeps times it is not given",
		"Update changed a time without a new value, or kept one that had a new value.",
		func(e *env) {
			c := e.spec("alice", "x")
			created := e.create(c)
			e.tick()
			u := stores.Update{ID: c.ID, Version: created.Version, Payload: []byte("y")}
			step := func(label string, idle, absolute time.Duration) (stores.Updated, stores.Record) {
				u.Idle, u.Absolute = idle, absolute
				updated := e.update(u)
				u.Version = updated.Version
				r := e.load(c.ID)
				e.same(label+": Expires as loaded", r.Expires, updated.Expires)
				e.same(label+": Deadline as loaded", r.Deadline, updated.Deadline)
				return updated, r
			}
			const none, idle, absolute, both = "Update without timeouts", "Update with Idle", "Update with Absolute", "Update with both"

			updated, r := step(none, 0, 0)
			e.same(none+": Expires", updated.Expires, created.Expires)
			e.same(none+": Deadline", updated.Deadline, created.Deadline)
			e.same(none+": LastSeen", r.LastSeen, created.Now)

			updated, r = step(idle, 2*hour, 0)
			e.same(idle+": Expires", updated.Expires, updated.Now.Add(2*hour))
			e.same(idle+": Deadline", updated.Deadline, created.Deadline)
			e.same(idle+": LastSeen", r.LastSeen, updated.Now)
			kept := updated.Expires

			e.tick()
			updated, _ = step(absolute, 0, 20*hour)
			e.same(absolute+": Expires", updated.Expires, kept)
			e.same(absolute+": Deadline", updated.Deadline, updated.Now.Add(20*hour))

			updated, _ = step(both, 3*day, hour)
			e.same(both+": Expires", updated.Expires, updated.Now.Add(hour))
			e.same(both+": Deadline", updated.Deadline, updated.Now.Add(hour))

			updated, _ = step(absolute, 0, hour/2)
			e.same(absolute+" before Expires: Expires", updated.Expires, updated.Now.Add(hour/2))
		}),

	newCheck(10, "huge timeouts are long",
		"A timeout near the largest duration overflowed.",
		func(e *env) {
			c := e.spec("alice", "x")
			c.Idle, c.Absolute = math.MaxInt64, math.MaxInt64
			created := e.create(c)
			long := func(label string, expires time.Time) {
				if expires.Before(created.Now.AddDate(50, 0, 0)) {
					e.errorf("%s: Expires is %v, want decades from %v", label, expires, created.Now)
				}
			}
			long("Create", created.Expires)
			e.tick()
			e.alive("with huge timeouts", c.ID)
			long("Touch", e.touch(c.ID, math.MaxInt64))
			long("Update", e.update(stores.Update{
				ID: c.ID, Version: created.Version, Idle: math.MaxInt64, Absolute: math.MaxInt64,
			}).Expires)
			e.tick()
			e.lists("with huge timeouts", "alice", c.ID)
		}),
}
