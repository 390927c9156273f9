package memory_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// sweepers returns how many sweepers run in the bubbles of tests, after all
// others have ended. A sweeper outside, from another test, may be about to end.
func sweepers() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		head, _, _ := bytes.Cut(stack, []byte("\n"))
		if bytes.Contains(head, []byte("synctest bubble")) && bytes.Contains(stack, []byte("memory.(*sweeper).run(")) {
			n++
		}
	}
	return n
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestSweeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(nil)
		if _, err := s.List(t.Context(), "alice"); err != nil || sweepers() != 0 {
			t.Errorf("a store without sessions has %d sweepers, error %v", sweepers(), err)
		}
		for n := range 1000 {
			create(t, s, spec(n+1, fmt.Sprint("user", n%10)))
		}
		if got := sweepers(); got != 1 {
			t.Errorf("a store with sessions has %d sweepers, want 1", got)
		}
		pass(59 * time.Minute)
		if got := s.Len(); got != 1000 {
			t.Errorf("before the timeout Len = %d, want 1000", got)
		}
		pass(2*time.Minute + time.Second)
		if got := s.Len(); got != 0 {
			t.Errorf("after a sweep Len = %d, want 0", got)
		}
		if got := sweepers(); got != 0 {
			t.Errorf("an empty store has %d sweepers, want 0", got)
		}
		create(t, s, spec(1, "alice"))
		if got := sweepers(); got != 1 {
			t.Errorf("a store with sessions again has %d sweepers, want 1", got)
		}
		for range 2 {
			if err := s.Close(t.Context()); err != nil || sweepers() != 0 {
				t.Errorf("a closed store has %d sweepers, error %v", sweepers(), err)
			}
		}
		create(t, s, spec(2, "alice"))
		wantLive(t, s, 2, 1, 2)
		if got := sweepers(); got != 0 {
			t.Errorf("a closed store with sessions has %d sweepers, want 0", got)
		}
	})
}

// TestMarksAreSwept shows that a revocation is remembered as long as promised
// and not much longer, even if the clock stands still.
func TestMarksAreSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(&memory.Options{Now: newClock().Now})
		ago := func(n int) time.Duration {
			defer func() {
				if err := s.Delete(t.Context(), id(n), stores.Condition{}); err != nil {
					t.Error(err)
				}
			}()
			return create(t, s, spec(n, "alice")).RevokedAgo
		}
		if _, err := s.RevokeIdentity(t.Context(), "alice", stores.ID{}); err != nil {
			t.Fatal(err)
		}
		pass(30 * time.Minute)
		if got := ago(1); got != 30*time.Minute {
			t.Errorf("RevokedAgo = %v, want 30m", got)
		}
		pass(30 * time.Minute)
		if got := ago(2); got != stores.RevocationRetention {
			t.Errorf("RevokedAgo = %v, want %v", got, stores.RevocationRetention)
		}
		pass(time.Second)
		if got := ago(3); got != stores.NotRevoked {
			t.Errorf("RevokedAgo = %v, want NotRevoked", got)
		}
		pass(time.Minute)
		if got := sweepers(); got != 0 {
			t.Errorf("a store without sessions and marks has %d sweepers, want 0", got)
		}
	})
}

// TestForgottenStore shows that an unused store is collected without Close.
func TestForgottenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		func() {
			s := memory.New(&memory.Options{Now: newClock().Now}) // nothing expires
			create(t, s, spec(1, "alice"))
		}()
		for range 10 {
			runtime.GC()
			pass(time.Minute)
			if sweepers() == 0 {
				return
			}
		}
		t.Error("the sweeper keeps the store alive")
	})
}

// TestTidyWithoutSweeper shows that a store without a goroutine does not grow
// without limit. The store is closed, or has a negative SweepEvery.
func TestTidyWithoutSweeper(t *testing.T) {
	for name, opts := range map[string]memory.Options{"closed": {}, "negative SweepEvery": {SweepEvery: -1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClock()
				opts.Now = c.Now
				s := open(t, &opts)
				if opts.SweepEvery == 0 {
					if err := s.Close(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for n := range 20_000 {
					short := spec(n+1, "")
					short.Idle = time.Minute
					create(t, s, short)
					c.Add(time.Second)
				}
				if got := sweepers(); got != 0 {
					t.Errorf("got %d sweepers, want 0", got)
				}
				if got := s.Len(); got > 1000 {
					t.Errorf("Len = %d of 60 live sessions, want some hundreds at most", got)
				}
			})
		})
	}
}

func TestCloseHonoursItsContext(t *testing.T) {
	// The clock blocks the sweeper until the test releases it.
	entered, release := make(chan struct{}, 1), make(chan struct{})
	block := make(chan bool, 1)
	now := func() time.Time {
		select {
		case <-block:
			entered <- struct{}{}
			<-release
		default:
		}
		return time.Now()
	}
	s := memory.New(&memory.Options{Now: now, SweepEvery: time.Millisecond})
	create(t, s, spec(1, "alice"))
	block <- true
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); err != context.Canceled {
		t.Errorf("Close = %v, want %v", err, context.Canceled)
	}
	close(release)
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close = %v, want nil", err)
	}
}

// TestSweepSlices gates how much the sweeper does while it holds its locks,
// because this bounds how long other calls wait. BenchmarkLongestHold measures
// the time.
func TestSweepSlices(t *testing.T) {
	c := newClock()
	s := open(t, &memory.Options{Now: c.Now, SweepEvery: 100 * time.Hour})
	for n := range 50_000 {
		create(t, s, spec(n+1, fmt.Sprint("user", n%1000)))
	}
	c.Add(48 * time.Hour)
	left := s.Len()
	for shard := range memory.Shards {
		for more := true; more; {
			more = s.SweepSlice(shard)
			if n := left - s.Len(); n > 32 {
				t.Fatalf("a slice removed %d sessions, want 32 at most", n)
			}
			left = s.Len()
		}
	}
	if left != 0 {
		t.Errorf("after the sweep Len = %d, want 0", left)
	}
}
