package storetest

import (
	"errors"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var deleteChecks = []Check{
	newCheck(3, "delete keeps to its condition",
		"Delete removed a session against its condition, or kept one that met it.",
		func(e *env) {
			id := e.add("alice", "x")
			version := e.load(id).Version
			for _, test := range []struct {
				name string
				when stores.Condition
				want error
			}{
				{"another version", stores.Condition{Version: version + 1}, stores.ErrConflict},
				{"another identity", stores.Condition{Identity: "bob"}, stores.ErrNotFound},
				{"another identity at its version", stores.Condition{Version: version, Identity: "bob"}, stores.ErrNotFound},
				{"its identity at another version", stores.Condition{Version: version + 1, Identity: "alice"}, stores.ErrConflict},
			} {
				err := e.store.Delete(e.ctx, id, test.when)
				e.fails("Delete for "+test.name, err, test.want)
				e.alive("after Delete for "+test.name, id)
			}
			anonymous := e.add("", "x")
			err := e.store.Delete(e.ctx, anonymous, stores.Condition{Identity: "alice"})
			e.fails("Delete of an anonymous session for an identity", err, stores.ErrNotFound)
			e.alive("after it", anonymous)

			for _, when := range []stores.Condition{
				{}, {Version: version}, {Identity: "alice"}, {Version: version, Identity: "alice"},
			} {
				id := e.add("alice", "x")
				if err := e.store.Delete(e.ctx, id, when); err != nil {
					e.errorf("Delete with the condition %+v that holds: %v", when, err)
				}
				e.gone("after Delete", id)
				e.fails("a second Delete", e.store.Delete(e.ctx, id, when), stores.ErrNotFound)
			}
			e.fails("Delete of a session that never was",
				e.store.Delete(e.ctx, e.id(""), stores.Condition{}), stores.ErrNotFound)
		}),

	newCheck(3, "one of many deletes wins",
		"Of several parallel deletes, not exactly one found the session.",
		func(e *env) {
			for range e.opts.Rounds {
				id := e.add("alice", "x")
				var won atomic.Int64
				e.race(e.opts.Concurrency, func(int) {
					switch err := e.store.Delete(e.ctx, id, stores.Condition{}); {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, stores.ErrNotFound):
						e.errorf("Delete that lost a race: got error %v, want %v", err, stores.ErrNotFound)
					}
				})
				if n := won.Load(); n != 1 {
					e.errorf("%d deletes of one session succeeded, want 1", n)
					return
				}
			}
		}),

	newCheck(3, "R11 no resurrection by update",
		"An update that raced a delete brought the session back.",
		func(e *env) {
			for range e.opts.Rounds {
				id := e.add("alice", "x")
				version := e.load(id).Version
				e.race(e.opts.Concurrency, func(i int) {
					if i == 0 {
						if err := e.store.Delete(e.ctx, id, stores.Condition{}); err != nil {
							e.errorf("Delete that races updates: %v", err)
						}
						return
					}
					_, err := e.store.Update(e.ctx, stores.Update{
						ID: id, Version: version, Payload: []byte("y"), Idle: hour, Absolute: day,
					})
					if err != nil && !errors.Is(err, stores.ErrConflict) && !errors.Is(err, stores.ErrNotFound) {
						e.errorf("Update that races a delete: %v", err)
					}
				})
				e.gone("after Delete", id)
				e.lists("after Delete", "alice")
				if e.failed() {
					return
				}
			}
		}),

	newCheck(3, "R11 no resurrection by touch",
		"A touch that raced a delete brought the session back.",
		func(e *env) {
			// All sessions are created first, so that one wait makes them all
			// due for a touch.
			idle := 50 * e.unit
			ids := make([]stores.ID, e.opts.Rounds)
			for i := range ids {
				c := e.spec("alice", "x")
				c.Idle = idle
				e.create(c)
				ids[i] = c.ID
			}
			e.advance(6 * e.unit)
			for _, id := range ids {
				e.race(e.opts.Concurrency, func(i int) {
					if i == 0 {
						if err := e.store.Delete(e.ctx, id, stores.Condition{}); err != nil {
							e.errorf("Delete that races touches: %v", err)
						}
						return
					}
					if _, err := e.store.Touch(e.ctx, id, idle); err != nil && !errors.Is(err, stores.ErrNotFound) {
						e.errorf("Touch that races a delete: %v", err)
					}
				})
				e.gone("after Delete", id)
				if e.failed() {
					return
				}
			}
			e.lists("after all deletes", "alice")
		}),

	newCheck(3, "concurrent histories are consistent",
		"Parallel calls had answers that are not possible in any order of the calls.",
		func(e *env) {
			for seed := range uint64(5) {
				if err := Record(e.ctx, e.store, seed, &e.opts).Check(); err != nil {
					e.errorf("with seed %d: %w", seed, err)
				}
			}
		}),
}
