package storetest

import (
	"sync"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var limitChecks = []Check{
	newCheck(6, "limit is exact under parallel creates",
		"Parallel creates left more or fewer sessions than the limit.",
		func(e *env) {
			const limit, each = 3, 4
			for range max(1, e.opts.Rounds/5) {
				identity := "user" + e.id("").String()
				var mu sync.Mutex
				var ids []stores.ID
				var evicted atomic.Int64
				e.race(e.opts.Concurrency, func(int) {
					for range each {
						c := e.spec(identity, "x")
						c.Limit = limit
						evicted.Add(int64(e.create(c).Evicted))
						mu.Lock()
						ids = append(ids, c.ID)
						mu.Unlock()
						if e.index == nil {
							continue
						}
						if n := len(e.list(identity)); n > limit {
							e.errorf("List returns %d sessions, the limit is %d", n, limit)
						}
					}
				})
				records, err := stores.LoadMany(e.ctx, e.store, ids)
				if err != nil {
					e.fatalf("LoadMany: %v", err)
				}
				want := min(limit, len(ids))
				if len(records) != want {
					e.errorf("%d sessions are live, want %d", len(records), want)
				}
				if got := int(evicted.Load()); got != len(ids)-want {
					e.errorf("Create reports %d sessions evicted, want %d", got, len(ids)-want)
				}
				if e.index != nil && len(e.list(identity)) != want {
					e.errorf("List returns %d sessions, want %d", len(e.list(identity)), want)
				}
				if e.failed() {
					return
				}
			}
		}),

	newCheck(6, "the oldest gives way",
		"The limit ended another session than the oldest.",
		func(e *env) {
			limited := func(limit int) (stores.ID, int) {
				e.tick()
				c := e.spec("alice", "x")
				c.Limit = limit
				created := e.create(c)
				return c.ID, created.Evicted
			}
			bobs := e.add("bob", "x")
			var ids []stores.ID
			for i := range 5 {
				id, evicted := limited(3)
				ids = append(ids, id)
				if want := max(0, i-2); evicted != min(want, 1) {
					e.errorf("Create %d with limit 3 reports %d evicted, want %d", i+1, evicted, min(want, 1))
				}
				if i == 2 {
					// It was used last, but it was created first.
					e.tick()
					e.update(stores.Update{ID: ids[0], Version: e.load(ids[0]).Version, Idle: hour})
				}
			}
			e.gone("created before the newest three", ids[0], ids[1])
			e.lists("after five creates with limit 3", "alice", ids[2:]...)

			free, evicted := limited(0)
			if evicted != 0 {
				e.errorf("Create without limit reports %d evicted, want 0", evicted)
			}
			e.alive("after Create without limit", append(ids[2:], free)...)
			last, evicted := limited(1)
			if evicted != 4 {
				e.errorf("Create with limit 1 beside 4 sessions reports %d evicted, want 4", evicted)
			}
			e.gone("after Create with limit 1", append(ids[2:], free)...)
			e.lists("after Create with limit 1", "alice", last)
			e.alive("of another identity", bobs)
		}),

	newCheck(6, "the limit counts live sessions only",
		"Sessions that had ended counted towards the limit.",
		func(e *env) {
			add := func(limit int, short bool) (stores.ID, int) {
				e.tick()
				c := e.spec("alice", "x")
				c.Limit = limit
				if short {
					c.Idle = e.unit
				}
				evicted := e.create(c).Evicted
				return c.ID, evicted
			}
			kept, _ := add(0, false)
			add(0, true)
			add(0, true)
			deleted, _ := add(0, false)
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			e.advance(2 * e.unit)
			second, evicted := add(2, false)
			if evicted != 0 {
				e.errorf("Create with limit 2 beside 1 live session reports %d evicted, want 0", evicted)
			}
			e.alive("within the limit", kept, second)
			e.lists("within the limit", "alice", kept, second)
		}),

	newCheck(6, "the limit is for identities",
		"The limit ended anonymous sessions.",
		func(e *env) {
			var ids []stores.ID
			for range 4 {
				c := e.spec("", "x")
				c.Limit = 1
				if got := e.create(c).Evicted; got != 0 {
					e.errorf("an anonymous Create with a limit reports %d evicted, want 0", got)
				}
				ids = append(ids, c.ID)
			}
			e.alive("anonymous", ids...)
		}),
}
