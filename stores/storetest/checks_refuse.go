package storetest

import (
	"errors"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var refuseChecks = []Check{
	newCheck(6, "R6 a limit may refuse the new one",
		"Create with Refuse ended a session, or counted wrongly.",
		func(e *env) {
			add := func(identity string, limit int) (stores.ID, error) {
				e.tick()
				c := e.spec(identity, "x")
				c.Limit, c.Refuse = limit, true
				created, err := e.store.Create(e.ctx, c)
				if err == nil && created.Evicted != 0 {
					e.errorf("Create with Refuse reports %d evicted", created.Evicted)
				}
				return c.ID, err
			}
			bobs := e.add("bob", "x")
			var ids []stores.ID
			for i := range 3 {
				id, err := add("alice", 3)
				if err != nil {
					e.fatalf("Create %d with limit 3 and Refuse: %v", i+1, err)
				}
				ids = append(ids, id)
			}
			over, err := add("alice", 3)
			e.fails("Create 4 with limit 3 and Refuse", err, stores.ErrLimit)
			e.gone("refused", over)
			_, err = add("alice", 1)
			e.fails("Create with limit 1 and Refuse beside 3", err, stores.ErrLimit)
			e.alive("after refusals", append(ids, bobs)...)
			e.lists("after refusals", "alice", ids...)

			if err := e.store.Delete(e.ctx, ids[1], stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			room, err := add("alice", 3)
			if err != nil {
				e.errorf("Create with limit 3 and Refuse beside 2: %v", err)
			}
			e.lists("after a Delete made room", "alice", ids[0], ids[2], room)
			free, err := add("alice", 0)
			if err != nil {
				e.errorf("Create with Refuse and without limit: %v", err)
			}
			e.alive("without limit", free)
			for range 2 {
				if _, err := add("", 1); err != nil {
					e.errorf("anonymous Create with limit 1 and Refuse: %v", err)
				}
			}
		}),

	newCheck(6, "R6 a limit that refuses counts live sessions only",
		"Create with Refuse counted sessions that had ended.",
		func(e *env) {
			for range 3 {
				c := e.spec("alice", "x")
				c.Idle = e.unit
				e.create(c)
			}
			kept := e.add("alice", "x")
			e.advance(2 * e.unit)
			c := e.spec("alice", "x")
			c.Limit, c.Refuse = 2, true
			if _, err := e.store.Create(e.ctx, c); err != nil {
				e.fatalf("Create with limit 2 and Refuse beside 1 live session: %v", err)
			}
			e.lists("within the limit", "alice", kept, c.ID)
		}),

	newCheck(6, "R6 a limit that refuses is exact under parallel creates",
		"Parallel creates with Refuse left more or fewer sessions than the limit.",
		func(e *env) {
			const limit, each = 3, 4
			for range max(1, e.opts.Rounds/5) {
				identity := "user" + e.id("").String()
				var made, refused atomic.Int64
				e.race(e.opts.Concurrency, func(int) {
					for range each {
						c := e.spec(identity, "x")
						c.Limit, c.Refuse = limit, true
						switch _, err := e.store.Create(e.ctx, c); {
						case err == nil:
							made.Add(1)
							e.alive("that was not refused", c.ID)
						case errors.Is(err, stores.ErrLimit):
							refused.Add(1)
							e.gone("refused", c.ID)
						default:
							e.fatalf("Create with limit %d and Refuse: %v", limit, err)
						}
					}
				})
				calls := int64(each * e.opts.Concurrency)
				if want := min(limit, calls); made.Load() != want || refused.Load() != calls-want {
					e.errorf("%d of %d creates succeeded and %d were refused, the limit is %d", made.Load(), calls, refused.Load(), limit)
				}
				if e.index != nil && int64(len(e.list(identity))) != made.Load() {
					e.errorf("List returns %d sessions, %d creates succeeded", len(e.list(identity)), made.Load())
				}
				if e.failed() {
					return
				}
			}
		}),
}
