package storetest

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

var capabilityChecks = []Check{
	newOptional(4, "load many returns the live sessions",
		"LoadMany returned other sessions than Load.",
		func(e *env) {
			m := need[stores.MultiLoader](e, "MultiLoader")
			a, b, deleted := e.add("alice", "a"), e.add("", "b"), e.add("alice", "c")
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			records, err := m.LoadMany(e.ctx, []stores.ID{e.id(""), b, deleted, a})
			if err != nil {
				e.fatalf("LoadMany: %v", err)
			}
			if len(records) != 2 {
				e.fatalf("LoadMany with two live sessions returns %d", len(records))
			}
			for _, r := range records {
				e.equal("LoadMany", r, e.load(r.ID))
			}
			if records[0].ID == records[1].ID {
				e.errorf("LoadMany returns one session twice")
			}
			if records, err := m.LoadMany(e.ctx, nil); err != nil || len(records) != 0 {
				e.errorf("LoadMany of nothing returns %d sessions and %v", len(records), err)
			}
		}),

	newOptional(1, "IDs are never made twice",
		"NewID returned an ID twice, or one that Create refuses.",
		func(e *env) {
			m := need[stores.IDMaker](e, "IDMaker")
			seen := make(map[stores.ID]bool)
			for i := range 1000 {
				id, err := m.NewID(e.ctx, []string{"", "alice"}[i%2])
				if err != nil {
					e.fatalf("NewID: %v", err)
				}
				if id.IsZero() || seen[id] {
					e.fatalf("NewID returned %v, which is zero or not new", id)
				}
				seen[id] = true
			}
			e.alive("created with an ID of the store's", e.add("", "x"), e.add("alice", "x"))
		}),

	newOptional(8, "a memo belongs to its payload",
		"LoadMemo returned the memo of another payload, or lost it.",
		func(e *env) {
			m := need[stores.Memoizer](e, "Memoizer")
			c := e.spec("alice", "x")
			c.Idle = 50 * e.unit
			e.create(c)
			memo := func() *stores.Memo {
				r, memo, err := m.LoadMemo(e.ctx, c.ID)
				if err != nil || memo == nil {
					e.fatalf("LoadMemo: memo %v, error %v", memo, err)
				}
				e.equal("LoadMemo", r, e.load(c.ID))
				return memo
			}
			first := memo()
			if got := first.Value(); got != nil {
				e.errorf("the memo of a new session holds %v, want nothing", got)
			}
			first.Set("one")
			if got := memo().Value(); got != "one" {
				e.errorf("the memo holds %v, want the value that was set", got)
			}
			e.advance(6 * e.unit)
			e.touch(c.ID, c.Idle)
			if got := memo().Value(); got != "one" {
				e.errorf("after Touch the memo holds %v, want the value that was set", got)
			}
			e.update(stores.Update{ID: c.ID, Version: e.load(c.ID).Version, Payload: []byte("y")})
			if got := memo().Value(); got != nil {
				e.errorf("after Update the memo holds %v, want nothing", got)
			}
			// This is a late reader that decoded the old payload.
			first.Set("late")
			if got := memo().Value(); got != nil {
				e.errorf("the memo of the new payload holds %v, which was set for the old payload", got)
			}
			_, _, err := m.LoadMemo(e.ctx, e.id(""))
			e.fails("LoadMemo of a session that never was", err, stores.ErrNotFound)
		}),

	newOptional(9, "close is idempotent and keeps sessions",
		"Close failed, did not return, or ended the sessions.",
		func(e *env) {
			m := need[stores.Closer](e, "Closer")
			id := e.add("alice", "x")
			ctx, cancel := context.WithTimeout(e.ctx, 30*time.Second)
			defer cancel()
			for range 3 {
				if err := m.Close(ctx); err != nil {
					e.errorf("Close: %v", err)
				}
			}
			e.race(e.opts.Concurrency, func(int) {
				if err := m.Close(ctx); err != nil {
					e.errorf("Close from several goroutines: %v", err)
				}
			})
			e.holds("after Close", id, "x")
			e.update(stores.Update{ID: id, Version: e.load(id).Version, Payload: []byte("y")})
			e.holds("after Close", id, "y")
			e.alive("created after Close", e.add("alice", "z"))
		}),
}
