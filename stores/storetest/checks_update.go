package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var updateChecks = []Check{
	newCheck(2, "update replaces exactly its version",
		"Update replaced another version than the one it was given.",
		func(e *env) {
			c := e.spec("alice", "one")
			v1 := e.create(c).Version
			if v1 < 1 {
				e.errorf("Create answers version %d, want 1 or more", v1)
			}
			if got := e.load(c.ID).Version; got != v1 {
				e.errorf("Load answers version %d, Create answered %d", got, v1)
			}
			for _, wrong := range []int64{v1 + 1, v1 + 100} {
				_, err := e.store.Update(e.ctx, stores.Update{ID: c.ID, Version: wrong, Payload: []byte("wrong")})
				e.fails("Update of a version to come", err, stores.ErrConflict)
			}
			v2 := e.update(stores.Update{ID: c.ID, Version: v1, Payload: []byte("two")}).Version
			if v2 <= v1 {
				e.errorf("Update of version %d answers version %d, want a greater one", v1, v2)
			}
			if got := e.load(c.ID).Version; got != v2 {
				e.errorf("Load answers version %d, Update answered %d", got, v2)
			}
			_, err := e.store.Update(e.ctx, stores.Update{ID: c.ID, Version: v1, Payload: []byte("stale"), Idle: hour})
			e.fails("Update of a version that was replaced", err, stores.ErrConflict)
			e.holds("after updates that failed", c.ID, "two")
			if got := e.load(c.ID).Identity; got != "alice" {
				e.errorf("after an update the identity is %q, want %q", got, "alice")
			}
			for _, wrong := range []int64{0, -1} {
				_, err := e.store.Update(e.ctx, stores.Update{ID: c.ID, Version: wrong, Payload: []byte("wrong")})
				if err == nil {
					e.errorf("Update of version %d succeeded", wrong)
				}
			}
		}),

	newCheck(2, "one of many updates wins",
		"Of several parallel updates of one version, not exactly one succeeded.",
		func(e *env) {
			c := e.spec("alice", "")
			version := e.create(c).Version
			for range e.opts.Rounds {
				var won, next atomic.Int64
				won.Store(-1)
				e.race(e.opts.Concurrency, func(i int) {
					u, err := e.store.Update(e.ctx, stores.Update{
						ID: c.ID, Version: version, Payload: fmt.Append(nil, i),
					})
					switch {
					case err == nil:
						if !won.CompareAndSwap(-1, int64(i)) {
							e.errorf("two updates of version %d succeeded", version)
						}
						next.Store(u.Version)
					case !errors.Is(err, stores.ErrConflict):
						e.errorf("Update that lost a race: got error %v, want %v", err, stores.ErrConflict)
					}
				})
				e.holds("after the race", c.ID, fmt.Sprint(won.Load()))
				if e.failed() {
					return
				}
				version = next.Load()
			}
		}),

	newCheck(2, "no acknowledged update is lost",
		"Several goroutines counted by Load and Update, and a step was lost.",
		func(e *env) {
			id := e.add("alice", "0")
			e.race(e.opts.Concurrency, func(int) {
				for done := 0; done < e.opts.Rounds/2; {
					r := e.load(id)
					n, err := strconv.Atoi(string(r.Payload))
					if err != nil {
						e.fatalf("payload is %.40q, want a number", r.Payload)
					}
					runtime.Gosched() // lets other goroutines run, even on few processors
					_, err = e.store.Update(e.ctx, stores.Update{
						ID: id, Version: r.Version, Payload: strconv.AppendInt(nil, int64(n+1), 10),
					})
					switch {
					case err == nil:
						done++
					case !errors.Is(err, stores.ErrConflict):
						e.fatalf("Update: %v", err)
					}
				}
			})
			e.holds("after counting", id, strconv.Itoa(e.opts.Concurrency*(e.opts.Rounds/2)))
		}),

	newCheck(2, "R12 update-miss never falls back to create",
		"Update created a session.",
		func(e *env) {
			deleted := e.add("alice", "deleted")
			version := e.load(deleted).Version
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			for _, test := range []struct {
				name string
				id   stores.ID
			}{
				{"that never was", e.id("alice")},
				{"that was deleted", deleted},
			} {
				_, err := e.store.Update(e.ctx, stores.Update{
					ID: test.id, Version: version, Payload: []byte("x"), Idle: hour, Absolute: day,
				})
				e.fails("Update of a session "+test.name, err, stores.ErrNotFound)
				e.gone("after Update of a session "+test.name, test.id)
				_, err = e.store.Touch(e.ctx, test.id, hour)
				e.fails("Touch of a session "+test.name, err, stores.ErrNotFound)
				e.gone("after Touch of a session "+test.name, test.id)
			}
			e.lists("after updates that missed", "alice")
		}),
}
