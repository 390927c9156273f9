package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var createChecks = []Check{
	newCheck(1, "T7 create never overwrites",
		"Create replaced a session that had the ID.",
		func(e *env) {
			first := e.spec("alice", "first")
			e.create(first)
			want := e.load(first.ID)
			for _, identity := range []string{"alice", "bob", ""} {
				second := e.spec(identity, "second")
				second.ID = first.ID
				second.Idle = 2 * hour
				_, err := e.store.Create(e.ctx, second)
				e.fails(fmt.Sprintf("Create of a taken ID for identity %q", identity), err, stores.ErrExists)
				e.equal("after it", e.load(first.ID), want)
			}
			e.lists("after creates that failed", "alice", first.ID)
			e.lists("after creates that failed", "bob")
		}),

	newCheck(1, "T7 one of many creates wins",
		"Of several parallel creates of one ID, not exactly one succeeded.",
		func(e *env) {
			for range e.opts.Rounds {
				c := e.spec("alice", "")
				var won atomic.Int64
				won.Store(-1)
				e.race(e.opts.Concurrency, func(i int) {
					mine := c
					mine.Payload = fmt.Append(nil, i)
					_, err := e.store.Create(e.ctx, mine)
					switch {
					case err == nil:
						if !won.CompareAndSwap(-1, int64(i)) {
							e.errorf("two creates of one ID succeeded")
						}
					case !errors.Is(err, stores.ErrExists):
						e.errorf("Create of a taken ID: got error %v, want %v", err, stores.ErrExists)
					}
				})
				e.holds("after the race", c.ID, fmt.Sprint(won.Load()))
				if e.failed() {
					return
				}
			}
		}),

	newCheck(1, "T7 create that failed evicts no session",
		"A Create that answered ErrExists ended other sessions.",
		func(e *env) {
			kept := e.add("alice", "kept")
			taken := e.add("bob", "taken")
			c := e.spec("alice", "late")
			c.ID, c.Limit = taken, 1
			_, err := e.store.Create(e.ctx, c)
			e.fails("Create of a taken ID with a limit", err, stores.ErrExists)
			e.alive("after it", kept, taken)
		}),

	newCheck(1, "invalid creates are errors",
		"Create accepted invalid parameters.",
		func(e *env) {
			for _, test := range []struct {
				name  string
				spoil func(*stores.Create)
			}{
				{"zero ID", func(c *stores.Create) { c.ID = stores.ID{} }},
				{"no idle timeout", func(c *stores.Create) { c.Idle = 0 }},
				{"negative idle timeout", func(c *stores.Create) { c.Idle = -1 }},
				{"no absolute timeout", func(c *stores.Create) { c.Absolute = 0 }},
				{"negative absolute timeout", func(c *stores.Create) { c.Absolute = -hour }},
			} {
				c := e.spec("alice", "x")
				test.spoil(&c)
				if _, err := e.store.Create(e.ctx, c); err == nil {
					e.errorf("Create with %s succeeded", test.name)
				}
				e.gone("after Create with "+test.name, c.ID)
			}
			e.lists("after invalid creates", "alice")
		}),
}
