package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

var loadTouchChecks = []Check{
	newOptional(10, "L10 load touch extends what is due",
		"LoadTouch did not extend a session, or not as Touch does, or not only for the proof.",
		func(e *env) {
			l := need[stores.TouchLoader](e, "TouchLoader")
			const payload = "proof and more"
			add := func(idle time.Duration) stores.ID {
				c := e.spec("alice", payload)
				c.Idle = idle
				e.create(c)
				return c.ID
			}
			load := func(id stores.ID, proof string) stores.Record {
				r, err := l.LoadTouch(e.ctx, id, []byte(proof))
				if err != nil {
					e.fatalf("LoadTouch of a live session: %v", err)
				}
				e.equal("Load after LoadTouch", e.load(id), r)
				return r
			}
			due, updated, early, expired := add(50*e.unit), add(50*e.unit), add(100*e.unit), add(e.unit)
			e.update(stores.Update{ID: updated, Version: e.load(updated).Version, Payload: []byte(payload), Idle: 30 * e.unit})
			short := e.spec("", payload)
			short.Idle, short.Absolute = 50*e.unit, 51*e.unit
			e.create(short)
			before := map[stores.ID]stores.Record{}
			for _, id := range []stores.ID{due, early, short.ID} {
				before[id] = e.load(id)
			}
			e.advance(6 * e.unit)

			for _, wrong := range []string{"roof", "proof and less", payload + ", and more than that", "\x00"} {
				e.equal("LoadTouch with a wrong proof", load(due, wrong), before[due])
			}
			e.equal("LoadTouch before a tenth", load(early, "proof"), before[early])
			extended := func(what string, r stores.Record, idle time.Duration) {
				e.same(what+": LastSeen", r.LastSeen, r.Now)
				e.same(what+": Expires", r.Expires, r.Now.Add(idle))
			}
			r := load(due, "proof")
			extended("LoadTouch", r, 50*e.unit)
			e.same("LoadTouch: Deadline", r.Deadline, before[due].Deadline)
			if r.Version != before[due].Version || string(r.Payload) != payload {
				e.errorf("after LoadTouch version is %d and payload %q, want %d and %q", r.Version, r.Payload, before[due].Version, payload)
			}
			extended("LoadTouch after an Update with another idle timeout", load(updated, payload), 30*e.unit)
			e.same("LoadTouch near the deadline: Expires", load(short.ID, "").Expires, before[short.ID].Deadline)

			for _, id := range []stores.ID{expired, e.id("")} {
				_, err := l.LoadTouch(e.ctx, id, []byte("proof"))
				e.fails("LoadTouch of no session", err, stores.ErrNotFound)
				e.gone("after LoadTouch", id)
			}
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			_, err := l.LoadTouch(ctx, due, []byte("proof"))
			e.fails("LoadTouch with a cancelled context", err, context.Canceled)
		}),

	newOptional(3, "R11 no resurrection by load touch",
		"A LoadTouch that raced a delete brought the session back.",
		func(e *env) {
			l := need[stores.TouchLoader](e, "TouchLoader")
			// All at once, so that one wait makes them all due.
			ids := make([]stores.ID, e.opts.Rounds)
			for i := range ids {
				c := e.spec("alice", "proof")
				c.Idle = 50 * e.unit
				e.create(c)
				ids[i] = c.ID
			}
			e.advance(6 * e.unit)
			for _, id := range ids {
				e.race(e.opts.Concurrency, func(i int) {
					if i == 0 {
						if err := e.store.Delete(e.ctx, id, stores.Condition{}); err != nil {
							e.errorf("Delete that races LoadTouch: %v", err)
						}
						return
					}
					if _, err := l.LoadTouch(e.ctx, id, []byte("proof")); err != nil && !errors.Is(err, stores.ErrNotFound) {
						e.errorf("LoadTouch that races a delete: %v", err)
					}
				})
				e.gone("after Delete", id)
				if e.failed() {
					return
				}
			}
			e.lists("after all deletes", "alice")
		}),
}
