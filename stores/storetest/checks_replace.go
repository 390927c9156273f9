package storetest

import (
	"errors"
	"sync/atomic"

	"github.com/humasess/sessions/stores"
)

var replaceChecks = []Check{
	newOptional(3, "create ends the sessions that it replaces",
		"Create did not end exactly the sessions in Replaces.",
		func(e *env) {
			e.needReplaces()
			kept := []stores.ID{e.add("alice", "kept"), e.add("bob", "kept"), e.add("", "kept")}
			own, other, anonymous := e.add("alice", "own"), e.add("bob", "other"), e.add("", "anonymous")
			version := e.update(stores.Update{ID: own, Version: e.load(own).Version, Payload: []byte("new")}).Version
			c := e.spec("alice", "x")
			c.Replaces = []stores.Replaced{{ID: own, Version: version}, {ID: other}, {ID: anonymous, Version: e.load(anonymous).Version}, {ID: own}}
			e.replaces("three sessions, one of them twice", c, own, other, anonymous)

			deleted, expired := e.add("alice", "x"), e.spec("alice", "x")
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			expired.Idle = e.unit
			e.create(expired)
			e.advance(2 * e.unit)
			last := e.add("alice", "x")
			c = e.spec("alice", "x")
			for _, id := range []stores.ID{deleted, expired.ID, e.id("alice"), last} {
				c.Replaces = append(c.Replaces, stores.Replaced{ID: id, MayBeGone: true})
			}
			e.replaces("sessions that may be gone", c, last)
			e.alive("not replaced", kept...)
		}),

	newOptional(3, "a create that fails ends no session",
		"Create failed and ended a session, or made one.",
		func(e *env) {
			e.needReplaces()
			for _, identity := range []string{"alice", "bob", ""} {
				old := e.add(identity, "old")
				stale := e.load(old).Version
				e.update(stores.Update{ID: old, Version: stale, Payload: []byte("new")})
				deleted, expired := e.add(identity, "x"), e.spec(identity, "x")
				if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
					e.fatalf("Delete: %v", err)
				}
				expired.Idle = e.unit
				e.create(expired)
				e.advance(2 * e.unit)
				own := e.add("alice", "own")
				for _, test := range []struct {
					name string
					bad  stores.Replaced
					want error
				}{
					{"a version that was replaced", stores.Replaced{ID: old, Version: stale}, stores.ErrConflict},
					{"a version to come", stores.Replaced{ID: old, Version: stale + 5, MayBeGone: true}, stores.ErrConflict},
					{"a session that was deleted", stores.Replaced{ID: deleted}, stores.ErrNotFound},
					{"a session that was deleted, at a version", stores.Replaced{ID: deleted, Version: 1}, stores.ErrNotFound},
					{"a session that has expired", stores.Replaced{ID: expired.ID}, stores.ErrNotFound},
					{"a session that never was", stores.Replaced{ID: e.id(identity)}, stores.ErrNotFound},
				} {
					c := e.spec("alice", "x")
					c.Replaces = []stores.Replaced{test.bad}
					if identity == "alice" { // a store may check others later
						c.Replaces = []stores.Replaced{{ID: own}, test.bad, {ID: own}}
					}
					_, err := e.store.Create(e.ctx, c)
					e.fails("Create that replaces "+test.name, err, test.want)
					e.gone("after Create that replaces "+test.name, c.ID)
					e.alive("after Create that replaces "+test.name, old, own)
				}
				e.holds("after creates that failed", old, "new")
			}
		}),

	newOptional(3, "an invalid create replaces no session",
		"An invalid Create ended a session in its Replaces.",
		func(e *env) {
			e.needReplaces()
			old, taken := e.add("alice", "old"), e.add("bob", "taken")
			c := e.spec("alice", "x")
			c.ID, c.Replaces = taken, []stores.Replaced{{ID: old}}
			_, err := e.store.Create(e.ctx, c)
			e.fails("Create of a taken ID that replaces", err, stores.ErrExists)
			c = e.spec("alice", "x")
			c.NotAfter, c.Replaces = e.load(old).Now.Add(-hour), []stores.Replaced{{ID: old}}
			_, err = e.store.Create(e.ctx, c)
			e.fails("Create of a session that is over and replaces", err, stores.ErrNotFound)
			for _, test := range []struct {
				name string
				bad  stores.Replaced
			}{
				{"itself", stores.Replaced{ID: c.ID, MayBeGone: true}},
				{"the zero ID", stores.Replaced{MayBeGone: true}},
				{"a negative version", stores.Replaced{ID: old, Version: -1}},
			} {
				c.NotAfter, c.Replaces = e.load(old).Now.Add(hour), []stores.Replaced{{ID: old}, test.bad}
				if _, err := e.store.Create(e.ctx, c); err == nil {
					e.errorf("Create that replaces %s succeeded", test.name)
				}
				e.gone("after Create that replaces "+test.name, c.ID)
			}
			e.alive("after invalid creates", old, taken)
			e.lists("after invalid creates", "alice", old)
		}),

	newOptional(6, "the limit does not count replaced sessions",
		"A session that Create replaced counted towards the limit, or another one did not.",
		func(e *env) {
			e.needReplaces()
			first := e.add("alice", "1")
			e.tick()
			second := e.add("alice", "2")
			bobs := e.add("bob", "x")
			for _, refuse := range []bool{false, true} {
				e.tick()
				c := e.spec("alice", "x")
				c.Limit, c.Refuse, c.Replaces = 2, refuse, []stores.Replaced{{ID: second}}
				if got := e.replaces("one of two, with limit 2", c, second).Evicted; got != 0 {
					e.errorf("Create that replaces one of two reports %d evicted, want 0", got)
				}
				second = c.ID
				e.lists("after it", "alice", first, second)
			}

			e.tick()
			c := e.spec("alice", "x")
			c.Limit, c.Refuse, c.Replaces = 2, true, []stores.Replaced{{ID: bobs}}
			_, err := e.store.Create(e.ctx, c)
			e.fails("Create over the limit that replaces one of another identity", err, stores.ErrLimit)
			e.gone("refused", c.ID)
			e.alive("after a refusal", first, second, bobs)
			third := e.add("alice", "3")
			c.Replaces = []stores.Replaced{{ID: second}}
			_, err = e.store.Create(e.ctx, c)
			e.fails("Create with limit 2 and Refuse that replaces one of three", err, stores.ErrLimit)
			e.gone("refused", c.ID)
			e.alive("after a refusal", first, second, third)

			c.Refuse = false
			if got := e.replaces("one of three, with limit 2", c, first, second).Evicted; got != 1 {
				e.errorf("Create with limit 2 that replaces one of three reports %d evicted, want 1", got)
			}
			e.lists("after it", "alice", third, c.ID)
			e.alive("of another identity", bobs)
		}),

	newOptional(3, "one of many creates replaces a session",
		"Of several parallel calls that end one version of a session, not exactly one succeeded.",
		func(e *env) {
			e.needReplaces()
			for round := range e.opts.Rounds {
				identity := []string{"alice", "bob", ""}[round%3]
				old := e.add(identity, "old")
				version := e.load(old).Version
				rival := round%2 == 0 // an Update or a Delete
				var won, started atomic.Int64
				e.race(e.opts.Concurrency, func(i int) {
					var err error
					c := e.spec("alice", "x")
					switch {
					case i == 0 && rival && round%4 == 0:
						_, err = e.store.Update(e.ctx, stores.Update{ID: old, Version: version, Payload: []byte("new")})
					case i == 0 && rival:
						err = e.store.Delete(e.ctx, old, stores.Condition{Version: version})
					default:
						c.Replaces = []stores.Replaced{{ID: old, Version: version}}
						if _, err = e.store.Create(e.ctx, c); err == nil {
							started.Add(1)
							e.alive("that has replaced another", c.ID)
						} else {
							e.gone("that failed to replace one", c.ID)
						}
					}
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrConflict):
						e.errorf("a call that lost a race: %v", err)
					}
				})
				if n := won.Load(); n != 1 {
					e.errorf("%d parallel calls ended one version of a session of %q, want 1", n, identity)
				}
				if started.Load() > 0 {
					e.gone("replaced", old)
				}
				if e.failed() {
					return
				}
			}
		}),

	newOptional(3, "a hint comes when a session is replaced",
		"Watch gave no hint of a session that Create replaced, or gave a hint of another one.",
		func(e *env) {
			w := need[stores.Watcher](e, "Watcher")
			e.needReplaces()
			x := e.watch(w)
			defer x.end()
			goes, own, other := e.add("alice", "goes on"), e.add("alice", "own"), e.add("bob", "other")
			c := e.spec("alice", "x")
			c.Replaces = []stores.Replaced{{ID: own}, {ID: goes, Version: e.load(goes).Version + 5}}
			_, err := e.store.Create(e.ctx, c)
			e.fails("Create that replaces another version", err, stores.ErrConflict)
			c.Replaces = []stores.Replaced{{ID: own}, {ID: other}}
			e.replaces("two sessions", c, own, other)
			x.hears("Create that replaces", []stores.ID{own, other}, []stores.ID{goes, c.ID})
		}),
}

// needReplaces ends the check if the store does not support Create.Replaces.
// Such a store must not have ended the session.
func (e *env) needReplaces() {
	old := e.add("probe", "x")
	c := e.spec("probe", "x")
	c.Replaces = []stores.Replaced{{ID: old}}
	if e.create(c).Replaced {
		return
	}
	e.alive("that Create reports as not replaced", old)
	e.fatalf("%w", lacksError{"Create.Replaces"})
}

// replaces requires Create to succeed and to end exactly ids.
func (e *env) replaces(label string, c stores.Create, ids ...stores.ID) stores.Created {
	created := e.create(c)
	if !created.Replaced {
		e.errorf("Create that replaces %s does not report it", label)
	}
	e.gone("after Create that replaces "+label, ids...)
	e.alive("created that replaces "+label, c.ID)
	return created
}
