package memory_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// TestReplacesMakesRoom shows that a full store accepts a session that replaces
// another one, and removes no third session.
func TestReplacesMakesRoom(t *testing.T) {
	s := open(t, &memory.Options{MaxSessions: 3, Now: newClock().Now})
	for n, identity := range []string{"alice", "bob", "carol"} {
		create(t, s, spec(n+1, identity))
	}
	c := spec(4, "alice")
	c.Replaces = []stores.Replaced{{ID: id(2), Version: 7}}
	if _, err := s.Create(t.Context(), c); !errors.Is(err, stores.ErrConflict) {
		t.Errorf("another version: got error %v, want ErrConflict", err)
	}
	c.Replaces = []stores.Replaced{{ID: id(9), MayBeGone: true}}
	c.Identity = "dave"
	if _, err := s.Create(t.Context(), c); !errors.Is(err, stores.ErrFull) {
		t.Errorf("nothing replaced: got error %v, want ErrFull", err)
	}
	c.Replaces = []stores.Replaced{{ID: id(2), Version: 1}}
	if created := create(t, s, c); !created.Replaced || created.Evicted != 0 {
		t.Errorf("got %+v, want it replaced and none evicted", created)
	}
	for n, want := range map[int]error{1: nil, 2: stores.ErrNotFound, 3: nil, 4: nil} {
		if _, err := s.Load(t.Context(), id(n)); !errors.Is(err, want) {
			t.Errorf("session %d: got error %v, want %v", n, err, want)
		}
	}
}

// TestReplacesManyAtOnce makes parallel creates end sessions of many shards,
// each in another order, while other goroutines write these sessions. A
// deadlock ends the test by its timeout.
func TestReplacesManyAtOnce(t *testing.T) {
	const shared, rounds = 64, 200
	s := open(t, nil)
	for n := range shared {
		create(t, s, spec(n+1, ""))
	}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(worker)))
			for round := range rounds {
				c := spec(1000+worker*rounds+round, "alice")
				c.Limit, c.Refuse = 5, round%2 == 0
				for _, n := range rng.Perm(shared)[:16] {
					c.Replaces = append(c.Replaces, stores.Replaced{ID: id(n + 1), MayBeGone: true})
				}
				if _, err := s.Create(t.Context(), c); err != nil && !errors.Is(err, stores.ErrLimit) {
					t.Errorf("Create: %v", err)
				}
				again := spec(rng.IntN(shared)+1, "")
				if _, err := s.Create(t.Context(), again); err != nil && !errors.Is(err, stores.ErrExists) {
					t.Errorf("Create: %v", err)
				}
				_, err := s.Update(t.Context(), stores.Update{ID: again.ID, Version: 1, Idle: time.Hour})
				if err != nil && !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrConflict) {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	all.Wait()
	if records, err := s.List(t.Context(), "alice"); err != nil || len(records) > 5 {
		t.Errorf("List: got %d sessions and error %v, want 5 at most", len(records), err)
	}
}

// TestReplacesIsOneStep races an update of one of many sessions against the
// create that replaces them all at their versions. One of the two succeeds.
func TestReplacesIsOneStep(t *testing.T) {
	const many, rounds = 300, 200
	s := open(t, nil)
	for round := range rounds {
		c := spec(many+1, "alice")
		for n := range many {
			create(t, s, spec(n+1, ""))
			c.Replaces = append(c.Replaces, stores.Replaced{ID: id(n + 1), Version: 1})
		}
		var updated error
		var both sync.WaitGroup
		both.Go(func() {
			for range round * 20 { // at another moment in every round
				if _, err := s.Load(t.Context(), id(1)); err != nil {
					break
				}
			}
			_, updated = s.Update(t.Context(), stores.Update{ID: id(1), Version: 1})
		})
		_, created := s.Create(t.Context(), c)
		both.Wait()
		if (updated == nil) == (created == nil) {
			t.Fatalf("round %d: Update answers %v and Create answers %v, want one to succeed", round, updated, created)
		}
		for n := range many + 1 {
			err := s.Delete(t.Context(), id(n+1), stores.Condition{})
			if gone := errors.Is(err, stores.ErrNotFound); gone != (created == nil && n < many || created != nil && n == many) {
				t.Fatalf("round %d: session %d is gone: %v; Create answered %v", round, n+1, gone, created)
			}
		}
	}
}

// TestChangesAreForgotten shows how long the mark of a change is kept. It also
// shows that the sweeper ends after the last one.
func TestChangesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(nil)
		changed, err := s.MarkChanged(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		mark := func(n int) int64 {
			c := spec(n, "alice")
			c.Idle = time.Second
			return create(t, s, c).ChangeMark
		}
		pass(stores.RevocationRetention)
		if got := mark(1); got != changed.Mark {
			t.Errorf("after the retention ChangeMark is %d, want %d", got, changed.Mark)
		}
		pass(time.Second)
		if got := mark(2); got != 0 {
			t.Errorf("later ChangeMark is %d, want 0", got)
		}
		pass(2 * time.Minute)
		if n := sweepers(); n != 0 {
			t.Errorf("%d sweepers run, want none", n)
		}
		if _, err := s.MarkChanged(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		if n := sweepers(); n != 1 {
			t.Errorf("with a mark to forget, %d sweepers run, want 1", n)
		}
		pass(stores.RevocationRetention / 2)
		if n := sweepers(); n != 1 {
			t.Errorf("half an hour later, %d sweepers run, want 1", n)
		}
		pass(stores.RevocationRetention/2 + 2*time.Minute)
		if n := sweepers(); n != 0 {
			t.Errorf("after that, %d sweepers run, want none", n)
		}
		runtime.KeepAlive(s) // a store that is collected has no sweeper
	})
}

func TestMaxPayload(t *testing.T) {
	s := open(t, &memory.Options{MaxPayload: 10})
	c := spec(1, "alice")
	c.Payload = make([]byte, 11)
	if _, err := s.Create(t.Context(), c); !errors.Is(err, stores.ErrTooLarge) {
		t.Errorf("Create of 11 bytes: got error %v, want ErrTooLarge", err)
	}
	c.Payload = c.Payload[:10]
	create(t, s, c)
	_, err := s.Update(t.Context(), stores.Update{ID: c.ID, Version: 1, Payload: make([]byte, 11)})
	if !errors.Is(err, stores.ErrTooLarge) {
		t.Errorf("Update to 11 bytes: got error %v, want ErrTooLarge", err)
	}
}
