package storetest

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

var revokeChecks = []Check{
	newCheck(5, "R2 revoke identity ends all its sessions",
		"RevokeIdentity left a session, or ended one of another identity.",
		func(e *env) {
			e.needIndex()
			mine := []stores.ID{e.add("alice", "1"), e.add("alice", "2"), e.add("alice", "3")}
			others := []stores.ID{e.add("bob", "4"), e.add("alice2", "5"), e.add("Alice", "6"), e.add("", "7")}
			if got := e.revoke("alice", stores.ID{}).Count; got != len(mine) {
				e.errorf("RevokeIdentity counts %d sessions, want %d", got, len(mine))
			}
			e.gone("after RevokeIdentity", mine...)
			e.lists("after RevokeIdentity", "alice")
			e.alive("after RevokeIdentity of another identity", others...)
			if got := e.revoke("alice", stores.ID{}).Count; got != 0 {
				e.errorf("a second RevokeIdentity counts %d sessions, want 0", got)
			}
			after := e.add("alice", "8")
			e.alive("created after RevokeIdentity", after)
		}),

	newCheck(5, "R3 revoke others keeps one",
		"RevokeIdentity did not keep exactly the session to except.",
		func(e *env) {
			e.needIndex()
			first, kept, last := e.add("alice", "1"), e.add("alice", "kept"), e.add("alice", "3")
			bobs := e.add("bob", "4")
			want := e.load(kept)
			if got := e.revoke("alice", kept).Count; got != 2 {
				e.errorf("RevokeIdentity except one counts %d sessions, want 2", got)
			}
			e.gone("after RevokeIdentity", first, last)
			e.equal("the session to keep", e.load(kept), want)
			e.lists("after RevokeIdentity", "alice", kept)
			if got := e.revoke("alice", kept).Count; got != 0 {
				e.errorf("RevokeIdentity except the only one counts %d sessions, want 0", got)
			}
			e.alive("the only session, kept", kept)
			e.lists("after RevokeIdentity except the only one", "alice", kept)
			e.update(stores.Update{ID: kept, Version: want.Version, Payload: []byte("still usable")})

			if got := e.revoke("alice", bobs).Count; got != 1 {
				e.errorf("RevokeIdentity except a session of another identity counts %d sessions, want 1", got)
			}
			e.gone("after RevokeIdentity except a session of another identity", kept)
			e.alive("a session of another identity", bobs)
			e.lists("after RevokeIdentity", "alice")
			e.lists("after RevokeIdentity of another identity", "bob", bobs)
		}),

	newCheck(5, "R2 revocation leaves a mark",
		"Create does not report how long ago its identity was revoked.",
		func(e *env) {
			e.needIndex()
			var left time.Time // the time of the mark, according to the last Create
			ago := func(identity string) time.Duration {
				created := e.create(e.spec(identity, "x"))
				left = created.Now.Add(-created.RevokedAgo)
				return created.RevokedAgo
			}
			if got := ago("alice"); got != stores.NotRevoked {
				e.errorf("RevokedAgo is %v before any revocation, want NotRevoked", got)
			}
			began, moved := time.Now(), e.moved
			if got := e.revoke("alice", stores.ID{}).Ago; got != stores.NotRevoked {
				e.errorf("the first RevokeIdentity answers Ago %v, want NotRevoked", got)
			}
			if got := e.revoke("empty", stores.ID{}).Ago; got != stores.NotRevoked {
				e.errorf("RevokeIdentity of an unknown identity answers Ago %v, want NotRevoked", got)
			}
			// A mark that seems older than it is would accept an old sign-in.
			plausible := func(label string, got, least time.Duration) {
				most := time.Since(began) + e.moved - moved + tolerance
				if got < least || got > most {
					e.errorf("%s is %v, want %v to %v", label, got, least, most)
				}
			}
			plausible("RevokedAgo", ago("alice"), 0)
			plausible("RevokedAgo of an identity that had no sessions", ago("empty"), 0)
			if got := ago("bob"); got != stores.NotRevoked {
				e.errorf("RevokedAgo of another identity is %v, want NotRevoked", got)
			}

			// The core reads Now again to compare a mark with the start of a
			// request. A fake clock stands still while marks age.
			still := time.Now() // before the store measures the first of the two ages
			plausible("RevokedAgo", ago("alice"), 0)
			first := left
			e.wait(5 * tolerance)
			plausible("RevokedAgo", ago("alice"), 0)
			allowed := tolerance
			if e.fake {
				allowed += time.Since(still)
			}
			if apart := left.Sub(first).Abs(); apart > allowed {
				e.errorf("Now minus RevokedAgo differs by %v between two Creates, want the same time, because RevokedAgo must be measured at Now", apart)
			}

			// On the fake clock and on the real one, this much time passes.
			const pause = 20 * time.Millisecond
			e.wait(pause)
			if e.fake {
				e.advance(pause)
			}
			plausible("RevokedAgo after a while", ago("alice"), pause-tolerance)
			again := time.Now() // the answer may take longer than the pause
			plausible("Ago of a second RevokeIdentity", e.revoke("alice", stores.ID{}).Ago, pause-tolerance)
			began, moved = again, e.moved
			plausible("RevokedAgo after a second RevokeIdentity", ago("alice"), 0)
		}),

	newCheck(5, "R2 a mark names its revocation",
		"Create and RevokeIdentity do not agree on which revocation left the mark.",
		func(e *env) {
			e.needIndex()
			mark := func(identity string) int64 {
				return e.create(e.spec(identity, "x")).Mark
			}
			if got := mark("alice"); got != 0 {
				e.errorf("Mark is %d before any revocation, want 0", got)
			}
			first := e.revoke("alice", stores.ID{}).Mark
			if got := mark("alice"); got != first {
				e.errorf("Mark is %d after the revocation %d", got, first)
			}
			second := e.revoke("alice", stores.ID{}).Mark
			if got := mark("alice"); got != second {
				e.errorf("Mark is %d after the revocation %d", got, second)
			}
			if first == second && first != 0 {
				e.errorf("two revocations have the Mark %d", first)
			}
			if got := mark("bob"); got != 0 {
				e.errorf("Mark of another identity is %d, want 0", got)
			}
		}),

	newCheck(5, "R2 revoke is atomic against creates",
		"A Create that raced RevokeIdentity was not ended by it and did not report it.",
		func(e *env) {
			e.needIndex()
			for round := range e.opts.Rounds {
				e.revokeRacingCreates(round)
				if e.failed() {
					return
				}
			}
		}),

	newCheck(5, "R2 revoke is atomic against updates and touches",
		"A write that raced RevokeIdentity brought a session back.",
		func(e *env) {
			e.needIndex()
			idle := 50 * e.unit
			ids := make([]stores.ID, e.opts.Rounds)
			for i := range ids {
				c := e.spec(identityOf(i), "x")
				c.Idle = idle
				e.create(c)
				ids[i] = c.ID
			}
			e.advance(6 * e.unit)
			for i, id := range ids {
				version := e.load(id).Version
				second := e.add(identityOf(i), "x")
				e.race(e.opts.Concurrency, func(k int) {
					var err error
					switch {
					case k == 0:
						if got := e.revoke(identityOf(i), stores.ID{}).Count; got != 2 {
							e.errorf("RevokeIdentity counts %d sessions, want 2", got)
						}
					case k%2 == 0:
						_, err = e.store.Touch(e.ctx, id, idle)
					default:
						_, err = e.store.Update(e.ctx, stores.Update{
							ID: id, Version: version, Payload: []byte("y"), Idle: hour, Absolute: day,
						})
					}
					if err != nil && !errors.Is(err, stores.ErrConflict) && !errors.Is(err, stores.ErrNotFound) {
						e.errorf("a write that races RevokeIdentity: %v", err)
					}
				})
				e.gone("after RevokeIdentity", id, second)
				e.lists("after RevokeIdentity", identityOf(i))
				if e.failed() {
					return
				}
			}
		}),
}

func identityOf(i int) string { return "user" + string(rune('A'+i%26)) + string(rune('0'+i/26%10)) }

// revokeRacingCreates revokes an identity while other goroutines create
// sessions of it. The mark tells whether each Create came before or after the
// revocation. A session from before must be gone, and one from after must be
// live.
func (e *env) revokeRacingCreates(round int) {
	const each = 4
	type outcome struct {
		id     stores.ID
		before bool // according to the answer of Create
		early  bool // by the time it returned
	}
	var (
		mu       sync.Mutex
		outcomes []outcome
		created  atomic.Int64
		began    time.Time
		revoked  stores.Revoked
	)
	identity := "user" + e.id("").String()
	e.race(e.opts.Concurrency, func(i int) {
		if i == 0 {
			// The moment differs in every round, and is never too late.
			after := int64(round % (each * max(1, e.opts.Concurrency-1)))
			for tries := 0; created.Load() < after && tries < 1000; tries++ {
				runtime.Gosched()
			}
			mu.Lock()
			began = time.Now()
			mu.Unlock()
			revoked = e.revoke(identity, stores.ID{})
			return
		}
		for range each {
			c := e.spec(identity, "x")
			answer := e.create(c)
			created.Add(1)
			mu.Lock()
			outcomes = append(outcomes, outcome{
				id:     c.ID,
				before: answer.RevokedAgo == stores.NotRevoked,
				early:  began.IsZero(),
			})
			mu.Unlock()
			runtime.Gosched()
		}
	})
	before := 0
	for _, o := range outcomes {
		if o.early && !o.before {
			e.errorf("a Create that returned before RevokeIdentity began reports it")
		}
		if o.before {
			before++
			e.gone("created before RevokeIdentity, as Create reported", o.id)
		} else {
			e.alive("created after RevokeIdentity, as Create reported", o.id)
		}
	}
	if revoked.Count != before {
		e.errorf("RevokeIdentity counts %d sessions, %d creates came before it", revoked.Count, before)
	}
	if got, want := len(e.list(identity)), len(outcomes)-before; got != want {
		e.errorf("after RevokeIdentity List returns %d sessions, want %d", got, want)
	}
}
