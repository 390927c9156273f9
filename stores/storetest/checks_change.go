package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

var changeChecks = []Check{
	newOptional(5, "a change leaves a mark",
		"Create does not report that the data of its identity changed, or reports a wrong time or mark.",
		func(e *env) {
			m := need[stores.Marker](e, "Marker")
			reports := func(when, identity string, mark int64) {
				created := e.create(e.spec(identity, "x"))
				if created.ChangeMark != mark {
					e.errorf("%s: Create of %q answers ChangeMark %d, want %d", when, identity, created.ChangeMark, mark)
				}
			}
			reports("before any change", "alice", 0)
			kept := []stores.ID{e.add("alice", "x"), e.add("bob", "x")}
			began, moved := time.Now(), e.moved
			first := e.change(m, "alice")
			if first.Ago != stores.NotRevoked || first.Mark == 0 {
				e.errorf("the first MarkChanged answers %+v, want NotRevoked and a mark", first)
			}
			e.alive("after MarkChanged", kept...)
			reports("after a change", "alice", first.Mark)
			for _, other := range []string{"bob", "Alice", "alice2", "alic", ""} {
				reports("after a change of alice", other, 0)
			}

			// A mark that seems older than it is would accept an old sign-in.
			plausible := func(label string, got, least time.Duration) {
				most := time.Since(began) + e.moved - moved + tolerance
				if got < least || got > most {
					e.errorf("%s is %v, want %v to %v", label, got, least, most)
				}
			}
			plausible("ChangedAgo", e.create(e.spec("alice", "x")).ChangedAgo, 0)
			const pause = 20 * time.Millisecond
			e.wait(pause)
			if e.fake {
				e.advance(pause)
			}
			plausible("ChangedAgo after a while", e.create(e.spec("alice", "x")).ChangedAgo, pause-tolerance)
			again := time.Now()
			second := e.change(m, "alice")
			plausible("Ago of a second MarkChanged", second.Ago, pause-tolerance)
			began, moved = again, e.moved
			if second.Mark == first.Mark || second.Mark == 0 {
				e.errorf("two changes have the marks %d and %d", first.Mark, second.Mark)
			}
			reports("after a second change", "alice", second.Mark)
			plausible("ChangedAgo after a second change", e.create(e.spec("alice", "x")).ChangedAgo, 0)

			_, err := m.MarkChanged(e.ctx, "")
			e.fails(`MarkChanged("")`, err, stores.ErrNoIdentity)
		}),

	newOptional(5, "a change is not a revocation",
		"The mark of a change affected the mark of a revocation, or the reverse.",
		func(e *env) {
			m := need[stores.Marker](e, "Marker")
			e.needIndex()
			is := func(when, identity string, revoked, changed int64) {
				created := e.create(e.spec(identity, "x"))
				if created.Mark != revoked || (created.RevokedAgo == stores.NotRevoked) != (revoked == 0) {
					e.errorf("%s: Create of %q answers Mark %d and RevokedAgo %v, want %d", when, identity, created.Mark, created.RevokedAgo, revoked)
				}
				if created.ChangeMark != changed {
					e.errorf("%s: Create of %q answers ChangeMark %d, want %d", when, identity, created.ChangeMark, changed)
				}
			}
			changed := e.change(m, "alice").Mark
			is("changed", "alice", 0, changed)
			if got := e.revoke("alice", stores.ID{}); got.Ago != stores.NotRevoked {
				e.errorf("RevokeIdentity after a change answers Ago %v, want NotRevoked", got.Ago)
			} else {
				is("changed, then revoked", "alice", got.Mark, changed)
			}

			revoked := e.revoke("bob", stores.ID{}).Mark
			got := e.change(m, "bob")
			if got.Ago != stores.NotRevoked {
				e.errorf("MarkChanged after a revocation answers Ago %v, want NotRevoked", got.Ago)
			}
			is("revoked, then changed", "bob", revoked, got.Mark)

			scanner, ok := stores.As[stores.Scanner](e.store)
			if !ok {
				return
			}
			e.wait(2 * tolerance) // a mark may be a time
			cleared, err := scanner.Clear(e.ctx, nil)
			if err != nil {
				e.fatalf("Clear: %v", err)
			}
			is("changed, then cleared", "bob", cleared.Mark, got.Mark)
			is("cleared", "carol", cleared.Mark, 0)
		}),

	newOptional(5, "a change is in force when it is acknowledged",
		"A Create that began after MarkChanged had returned did not report it.",
		func(e *env) {
			m := need[stores.Marker](e, "Marker")
			for range max(1, e.opts.Rounds/10) {
				identity := "user" + e.id("").String()
				e.changeRacingCreates(m, identity)
				marks := make(map[int64]bool)
				var mu sync.Mutex
				e.race(e.opts.Concurrency, func(int) {
					mark := e.change(m, identity).Mark
					mu.Lock()
					defer mu.Unlock()
					marks[mark] = true
				})
				if len(marks) != e.opts.Concurrency && !e.failed() {
					e.errorf("%d parallel changes have %d marks, want one each", e.opts.Concurrency, len(marks))
				}
				if got := e.create(e.spec(identity, "x")).ChangeMark; !marks[got] {
					e.errorf("after parallel changes Create answers ChangeMark %d, which is not the mark of any of them", got)
				}
				if e.failed() {
					return
				}
			}
		}),
}

// change calls MarkChanged and ends the check if it fails.
func (e *env) change(m stores.Marker, identity string) stores.Changed {
	changed, err := m.MarkChanged(e.ctx, identity)
	if err != nil {
		e.fatalf("MarkChanged(%q): %v", identity, err)
	}
	return changed
}

// changeRacingCreates leaves marks one after another while sessions are
// created. Each Create must report the last mark from before it began, or a
// later one.
func (e *env) changeRacingCreates(m stores.Marker, identity string) {
	const changes = 5
	type started struct {
		after int64 // how many marks had been acknowledged
		mark  int64
	}
	var (
		acknowledged atomic.Int64
		marks        []int64
		mu           sync.Mutex
		all          []started
	)
	e.race(e.opts.Concurrency, func(i int) {
		if i == 0 {
			defer acknowledged.Store(changes) // also when it fails
			for range changes {
				marks = append(marks, e.change(m, identity).Mark)
				acknowledged.Add(1)
			}
			return
		}
		for last := false; !last; {
			s := started{after: acknowledged.Load()}
			last = s.after >= changes
			s.mark = e.create(e.spec(identity, "x")).ChangeMark
			mu.Lock()
			all = append(all, s)
			mu.Unlock()
		}
	})
	order := map[int64]int64{0: 0}
	for i, mark := range marks {
		order[mark] = int64(i + 1)
	}
	for _, s := range all {
		if at, known := order[s.mark]; !known || at < s.after {
			e.errorf("Create answers ChangeMark %d, number %d, after change number %d had been acknowledged", s.mark, at, s.after)
			return
		}
	}
}
