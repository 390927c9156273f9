package storetest

import (
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

// boundChecks are about upper bounds of deadlines.
var boundChecks = []Check{
	newCheck(10, "L2 create keeps to a time",
		"Create made a session with a deadline after NotAfter.",
		func(e *env) {
			now := e.create(e.spec("alice", "x")).Now
			none := time.Time{}
			for _, test := range []struct {
				name     string
				notAfter time.Time
			}{
				{"a time before the idle timeout", now.Add(hour / 2)},
				{"a time between the timeouts", now.Add(2 * hour)},
				{"a time after the absolute timeout", now.Add(2 * day)},
				{"a time in centuries", now.AddDate(900, 0, 0)},
				{"no time", none},
			} {
				c := e.spec("alice", "x")
				c.NotAfter = test.notAfter
				created := e.create(c)
				deadline := created.Now.Add(c.Absolute)
				if test.notAfter != none && test.notAfter.Before(deadline) {
					deadline = test.notAfter
				}
				expires := created.Now.Add(c.Idle)
				if deadline.Before(expires) {
					expires = deadline
				}
				e.same(test.name+": Deadline", created.Deadline, deadline)
				e.same(test.name+": Expires", created.Expires, expires)
				r := e.load(c.ID)
				e.same(test.name+": Deadline as loaded", r.Deadline, deadline)
				e.same(test.name+": Expires as loaded", r.Expires, expires)
			}
			for soon := 2 * e.unit; ; soon *= 2 {
				now := e.create(e.spec("alice", "x")).Now
				c := e.spec("alice", "x")
				c.NotAfter = now.Add(soon)
				_, err := e.store.Create(e.ctx, c)
				if errors.Is(err, stores.ErrNotFound) && soon < hour {
					continue // a slow store came to it after its time
				}
				if err != nil {
					e.fatalf("Create %v before its time: %v", soon, err)
				}
				e.advance(soon + e.unit)
				e.gone("after the time", c.ID)
				break
			}
		}),

	newCheck(10, "L2 create after its time makes no session",
		"Create made a session although NotAfter had passed, or ended another session for it.",
		func(e *env) {
			kept := e.add("alice", "x")
			now := e.load(kept).Now
			e.advance(2 * e.unit)
			for _, notAfter := range []time.Time{now, now.Add(-hour), now.AddDate(-900, 0, 0)} {
				c := e.spec("alice", "x")
				c.NotAfter, c.Limit = notAfter, 1
				_, err := e.store.Create(e.ctx, c)
				e.fails("Create after its time", err, stores.ErrNotFound)
				e.gone("after it", c.ID)
			}
			e.alive("after creates that made nothing", kept)
			e.lists("after creates that made nothing", "alice", kept)
		}),

	newCheck(10, "L2 update can shorten",
		"Update with Shorten moved the deadline later, or not early enough.",
		func(e *env) {
			c := e.spec("alice", "x")
			created := e.create(c)
			version := created.Version
			shorten := func(label string, idle, absolute time.Duration) stores.Updated {
				e.tick()
				updated := e.update(stores.Update{
					ID: c.ID, Version: version, Payload: []byte("y"), Idle: idle, Absolute: absolute, Shorten: true,
				})
				version = updated.Version
				r := e.load(c.ID)
				e.same(label+": Expires as loaded", r.Expires, updated.Expires)
				e.same(label+": Deadline as loaded", r.Deadline, updated.Deadline)
				return updated
			}
			const later, none, sooner, soon = "Shorten to later", "Shorten without Absolute", "Shorten to sooner", "Shorten to before Expires"

			e.same(later+": Deadline", shorten(later, 0, 2*day).Deadline, created.Deadline)
			e.same(later+" by little: Deadline", shorten(later, 0, day).Deadline, created.Deadline)
			updated := shorten(none, hour, 0)
			e.same(none+": Deadline", updated.Deadline, created.Deadline)
			e.same(none+": Expires", updated.Expires, updated.Now.Add(hour))
			updated = shorten(sooner, 0, 2*hour)
			e.same(sooner+": Deadline", updated.Deadline, updated.Now.Add(2*hour))
			before := updated.Deadline
			updated = shorten(later, 3*hour, 4*hour)
			e.same(later+" than before: Deadline", updated.Deadline, before)
			e.same(later+" than before: Expires", updated.Expires, before)
			updated = shorten(soon, 0, hour/2)
			e.same(soon+": Deadline", updated.Deadline, updated.Now.Add(hour/2))
			e.same(soon+": Expires", updated.Expires, updated.Deadline)
		}),

	// This is promise 2, because a session in its cookie never gets a later
	// deadline.
	newCheck(2, "update restarts the deadline",
		"Update with Absolute did not restart the deadline.",
		func(e *env) {
			c := e.spec("alice", "x")
			created := e.create(c)
			e.tick()
			updated := e.update(stores.Update{ID: c.ID, Version: created.Version, Payload: []byte("y"), Absolute: 2 * day})
			e.same("Update with Absolute: Deadline", updated.Deadline, updated.Now.Add(2*day))
			e.same("Update with Absolute: Expires", updated.Expires, created.Expires)
			e.same("Update with Absolute: Deadline as loaded", e.load(c.ID).Deadline, updated.Deadline)
		}),
}
