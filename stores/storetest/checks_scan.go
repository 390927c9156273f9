package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

var scanChecks = []Check{
	newOptional(8, "a scan returns every session, whole",
		"Scan or Count missed a session, returned a wrong one, or differed from Load.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			e.scans("of an empty store", scanner, nil)
			var all, ours []stores.ID
			for i := range 40 {
				identity := []string{"", "alice", "bob", fmt.Sprint("user", i)}[i%4]
				payload := []string{"ours ", "our", "theirs "}[i%3]
				id := e.add(identity, payload+fmt.Sprint(i))
				if all = append(all, id); payload == "ours " {
					ours = append(ours, id)
				}
			}
			e.scans("of all sessions", scanner, nil, all...)
			e.scans("of those with a head", scanner, []byte("ours "), ours...)
			e.scans("of those with a head that none has", scanner, []byte("ours 1 "))
		}),

	newOptional(4, "a scan leaves out ended sessions",
		"Scan or Count included an ended session, or extended one.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			deleted := e.add("alice", "x")
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			for _, identity := range []string{"", "alice", "bob"} {
				c := e.spec(identity, "x")
				c.Idle = e.unit
				e.create(c)
				c = e.spec(identity, "x")
				c.Absolute = e.unit
				e.create(c)
			}
			stay := []stores.ID{e.add("", "x"), e.add("alice", "x")}
			c := e.spec("alice", "x")
			c.Idle = 50 * e.unit
			e.create(c)
			want := e.load(c.ID)
			e.advance(6 * e.unit) // now a touch would be written
			e.pages(scanner, nil, 100, func(stores.Page) {})
			e.equal("Load after Scan", e.load(c.ID), want)
			if err := e.store.Delete(e.ctx, c.ID, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			e.scans("after the end of others", scanner, nil, stay...)
		}),

	newOptional(8, "a scan returns sessions that stay while others come and go",
		"A session that was live from the first page to the last was on no page.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			var stay, leave []stores.ID
			for i := range 60 {
				identity := []string{"", "alice", fmt.Sprint("user", i)}[i%3]
				stay = append(stay, e.add(identity, "stays"))
				leave = append(leave, e.add(identity, "leaves"))
			}
			for _, growing := range []bool{true, false} {
				met := make(map[stores.ID]bool)
				e.pages(scanner, nil, 5, func(page stores.Page) {
					for _, r := range page.Records {
						met[r.ID] = true
					}
					for range 8 {
						switch {
						case growing && len(leave) > 500: // now the scan can end
						case growing:
							leave = append(leave, e.add([]string{"", "alice"}[len(leave)%2], "leaves"))
						case len(leave) > 0:
							if err := e.store.Delete(e.ctx, leave[0], stores.Condition{}); err != nil {
								e.fatalf("Delete: %v", err)
							}
							leave = leave[1:]
						}
					}
				})
				for _, id := range stay {
					if !met[id] {
						e.errorf("Scan did not return session %v, which was there all the time (more sessions coming: %v)", id, growing)
						return
					}
				}
			}
		}),

	newOptional(9, "a scan refuses invalid arguments",
		"Scan accepted an invalid limit or cursor, or a context that had ended.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			id := e.add("alice", "x")
			for _, limit := range []int{0, -1} {
				if _, err := scanner.Scan(e.ctx, nil, "", limit); err == nil {
					e.errorf("Scan with limit %d returns no error", limit)
				}
			}
			for _, cursor := range []string{"?", "\x00", "0000", "*", "' OR 1"} {
				if page, err := scanner.Scan(e.ctx, nil, cursor, 10); err == nil {
					e.errorf("Scan with cursor %q returns %d sessions and no error", cursor, len(page.Records))
				}
			}
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			_, err := scanner.Scan(ctx, nil, "", 10)
			e.fails("Scan with a context that has ended", err, context.Canceled)
			_, err = scanner.Count(ctx, nil)
			e.fails("Count with a context that has ended", err, context.Canceled)
			_, err = scanner.Clear(ctx, nil)
			e.fails("Clear with a context that has ended", err, context.Canceled)
			e.alive("after Clear with a context that had ended", id)
		}),

	newOptional(5, "R4 clear ends those with the head and no others",
		"Clear left a session with the head, or ended another one.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			var ours, theirs []stores.ID
			for i := range 40 {
				identity := []string{"", "alice", fmt.Sprint("user", i)}[i%3]
				if i%2 == 0 {
					ours = append(ours, e.add(identity, "ours"))
				} else {
					theirs = append(theirs, e.add(identity, "theirs"))
				}
			}
			short := e.spec("alice", "ours")
			short.Idle = e.unit
			e.create(short)
			e.advance(2 * e.unit)

			e.clears(scanner, []byte("ours"), len(ours))
			e.gone("after Clear", ours...)
			e.alive("of another head than Clear was given", theirs...)
			e.scans("after Clear", scanner, nil, theirs...)
			e.clears(scanner, []byte("ours"), 0)
			e.clears(scanner, nil, len(theirs))
			e.gone("after Clear of all", theirs...)
			e.scans("after Clear of all", scanner, nil)
			e.lists("after Clear of all", "alice")
			again := e.add("alice", "ours")
			e.lists("created after Clear", "alice", again)
			e.alive("created after Clear", again)
		}),

	newOptional(5, "R4 clear leaves a mark for all identities",
		"Create does not report that Clear has ended all sessions.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			e.revoke("alice", stores.ID{})
			began := time.Now()
			mark := e.clears(scanner, []byte("x"), 0).Mark
			for _, identity := range []string{"alice", "bob", ""} {
				created := e.create(e.spec(identity, "any"))
				if most := time.Since(began) + tolerance; created.RevokedAgo < 0 || created.RevokedAgo > most {
					e.errorf("RevokedAgo of identity %q is %v after Clear, want 0 to %v", identity, created.RevokedAgo, most)
				}
				if created.Mark != mark {
					e.errorf("Create of identity %q answers mark %d, Clear left %d", identity, created.Mark, mark)
				}
			}
			if got := e.revoke("carol", stores.ID{}).Ago; got < 0 || got > time.Since(began)+tolerance {
				e.errorf("RevokeIdentity after Clear answers Ago %v, want 0 to %v", got, time.Since(began)+tolerance)
			}
			e.wait(2 * tolerance) // a mark may be a time
			own := e.revoke("alice", stores.ID{}).Mark
			if got := e.create(e.spec("alice", "any")).Mark; got != own {
				e.errorf("Create of an identity that was revoked after Clear answers mark %d, want %d", got, own)
			}
			if got := e.create(e.spec("bob", "any")).Mark; got != mark {
				e.errorf("Create of another identity answers mark %d, Clear left %d", got, mark)
			}
			e.wait(2 * tolerance)
			last := e.clears(scanner, nil, 4).Mark
			if got := e.create(e.spec("alice", "any")).Mark; got != last || last == mark {
				e.errorf("Create answers mark %d after a second Clear that left %d, the first left %d", got, last, mark)
			}
		}),

	newOptional(5, "R4 no create slips through a clear",
		"A session that Create did not report as revoked was there after Clear.",
		func(e *env) {
			scanner := need[stores.Scanner](e, "Scanner")
			rounds, raced := max(1, e.opts.Rounds/5), 0
			// The longer a Clear takes, the more calls of Create race with it.
			for round := 0; round < rounds && raced < 40*e.opts.Rounds; round++ {
				var mu sync.Mutex
				var marks []int64 // of the calls of Clear
				type started struct {
					id   stores.ID
					mark int64
				}
				var all []started
				var done atomic.Bool
				e.race(e.opts.Concurrency, func(i int) {
					if i == 0 {
						defer done.Store(true)
						cleared, err := scanner.Clear(e.ctx, nil)
						if err != nil {
							e.fatalf("Clear: %v", err)
						}
						marks = append(marks, cleared.Mark)
						return
					}
					for n := 0; n < 4 || n < 100 && !done.Load(); n++ {
						c := e.spec(fmt.Sprintf("user%d-%d-%d", round, i, n%2), "x")
						created := e.create(c)
						mu.Lock()
						all = append(all, started{c.ID, created.Mark})
						mu.Unlock()
					}
				})
				raced += len(all)
				for _, s := range all {
					if !slices.Contains(marks, s.mark) {
						e.gone("created without a report of the Clear that was running", s.id)
					}
				}
				if e.failed() {
					return
				}
				e.wait(2 * tolerance)
			}
		}),
}

// pages visits all pages of a scan; it ends the check if Scan fails.
func (e *env) pages(scanner stores.Scanner, head []byte, limit int, f func(stores.Page)) {
	for cursor := ""; ; {
		page, err := scanner.Scan(e.ctx, head, cursor, limit)
		if err != nil {
			e.fatalf("Scan: %v", err)
		}
		f(page)
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}

// scans requires Scan, with any limit, and Count to find exactly ids.
func (e *env) scans(when string, scanner stores.Scanner, head []byte, ids ...stores.ID) {
	for _, limit := range []int{1, 7, 1000} {
		met := make(map[stores.ID]int)
		e.pages(scanner, head, limit, func(page stores.Page) {
			for _, r := range page.Records {
				met[r.ID]++
				if r.Now.Before(r.LastSeen.Add(-tolerance)) {
					e.errorf("Scan %s: Now is %v, before LastSeen %v", when, r.Now, r.LastSeen)
				}
				if slices.Contains(ids, r.ID) {
					e.equal("Scan "+when, r, e.load(r.ID))
				} else {
					e.errorf("Scan %s returns %v, which it should not", when, r.ID)
				}
			}
		})
		for _, id := range ids {
			if met[id] == 0 {
				e.errorf("Scan %s, with limit %d, does not return %v", when, limit, id)
			}
		}
	}
	if n, err := scanner.Count(e.ctx, head); err != nil || n != len(ids) {
		e.errorf("Count %s answers %d and error %v, want %d", when, n, err, len(ids))
	}
}

// clears requires Clear to end exactly want sessions.
func (e *env) clears(scanner stores.Scanner, head []byte, want int) stores.Cleared {
	cleared, err := scanner.Clear(e.ctx, head)
	if err != nil {
		e.fatalf("Clear: %v", err)
	}
	if cleared.Count != want {
		e.errorf("Clear(%q) counts %d sessions, want %d", head, cleared.Count, want)
	}
	return cleared
}
