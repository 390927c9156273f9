package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

func closed(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func wantClosed(t *testing.T, c <-chan struct{}, want bool, when string) {
	t.Helper()
	if got := closed(c); got != want {
		t.Errorf("Done is closed %s: got %v, want %v", when, got, want)
	}
}

// TestDoneOfNothing requires that Done does not wait without a session.
func TestDoneOfNothing(t *testing.T) {
	within(t, func(t *testing.T, here, _ *process) {
		here.in(humasesstest.NewClient(here.mux), func(_ context.Context, s *humasess.Session[account]) error {
			wantClosed(t, s.Done(), true, "without a session")
			return nil
		})
		here.in(here.client(here.login("ada")), func(ctx context.Context, s *humasess.Session[account]) error {
			before := s.Done()
			if err := s.Destroy(); err != nil {
				t.Error(err)
			}
			wantClosed(t, s.Done(), true, "after Destroy")
			wantClosed(t, before, false, "by Destroy before the commit")
			if err := s.Commit(ctx); err != nil {
				t.Error(err)
			}
			wantClosed(t, before, true, "by the commit")
			return nil
		})
	})
}

// TestDoneOfTheOtherSession tells the session that a request came with from
// the one that it starts.
func TestDoneOfTheOtherSession(t *testing.T) {
	down := errors.New("down")
	tests := []struct {
		name   string
		commit bool  // with Commit, before the response
		answer error // of the handler
		fail   bool  // the store cannot create
		second bool  // the request starts another one afterwards

		old, next bool // closed after the response has begun
	}{
		{name: "written", old: true},
		{name: "written by Commit", commit: true, old: true},
		{name: "dropped by an error response", answer: errors.New("no"), next: true},
		{name: "taken back by an error response", commit: true, answer: errors.New("no"), old: true, next: true},
		{name: "not written", fail: true, next: true},
		{name: "replaced before it is written", second: true, old: true, next: true},
		{name: "replaced after Commit", commit: true, second: true, old: true, next: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			within(t, func(t *testing.T, here, _ *process) {
				c := here.client(here.login("ada"))
				if tt.fail {
					here.store.Fail(humasesstest.OpCreate, down)
				}
				var old, next, last <-chan struct{}
				begun, leave := make(chan struct{}), make(chan struct{})
				here.calls <- func(ctx context.Context, s *humasess.Session[account]) error {
					old = s.Done()
					err := s.Start(account{ID: "bob"})
					next = s.Done()
					if tt.commit {
						err = errors.Join(err, s.Commit(ctx))
					}
					if next != s.Done() {
						t.Error("two channels of one session")
					}
					if tt.second {
						err = errors.Join(err, s.Start(account{ID: "cid"}))
						last = s.Done()
						if next == last {
							t.Error("one channel of two sessions")
						}
					}
					if err != nil {
						t.Error(err)
					}
					wantClosed(t, old, tt.commit, "before the response has begun")
					wantClosed(t, next, false, "before the response has begun")
					return tt.answer
				}
				here.mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
					here.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						s, _ := humasess.From[account](r.Context())
						status := http.StatusOK
						if err := (<-here.calls)(r.Context(), s); err != nil {
							status = http.StatusTeapot
						}
						w.WriteHeader(status)
						close(begun)
						<-leave
					})).ServeHTTP(w, r)
				})
				go c.Do(http.MethodPost, "/slow", nil)
				<-begun
				wantClosed(t, old, tt.old, "of the old session")
				wantClosed(t, next, tt.next, "of the new session")
				if last != nil {
					wantClosed(t, last, false, "of the newest session")
				}
				close(leave)
				wantClosed(t, old, true, "after the request")
				wantClosed(t, next, true, "after the request")
			})
		})
	}
}

// TestDoneAndRenew has the calls that do not end a session.
func TestDoneAndRenew(t *testing.T) {
	within(t, func(t *testing.T, here, there *process) {
		cookie := here.login("ada")
		s := here.wait(cookie)
		defer s.end()
		here.login("ada")
		for _, p := range []*process{here, there} {
			c := p.client(cookie)
			for _, f := range []handler[account]{increment, nothing[account], renew[account], func(ctx context.Context, s *humasess.Session[account]) error {
				_, err := s.RevokeOthers(ctx)
				return err
			}} {
				if got := p.in(c, f); got != http.StatusNoContent {
					t.Errorf("status: got %d", got)
				}
			}
			cookie = &http.Cookie{Name: cookie.Name, Value: token(c)}
			if err := p.sessions.Revoke(t.Context(), spoilt(s.id)); !errors.Is(err, humasess.ErrNotFound) {
				t.Error(err)
			}
			wantOver(t, s, false, "at once")
			time.Sleep(time.Minute)
			wantOver(t, s, false, "after DoneInterval")
		}
	})
}

// TestDoneExpires is told of the end of the time, and not of an end that was
// put off. To wait puts off nothing.
func TestDoneExpires(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		within(t, func(t *testing.T, here, there *process) {
			cookie := here.login("ada")
			s := here.wait(cookie)
			time.Sleep(20 * time.Minute)
			there.in(there.client(cookie), nothing) // extends it
			time.Sleep(33*time.Minute - time.Second)
			wantOver(t, s, false, "before it expires")
			time.Sleep(time.Second + 10*time.Millisecond)
			wantOver(t, s, true, "when it has expired")
		}, func(o *humasess.Options[account]) { o.DoneInterval = time.Hour })
	})
	t.Run("absolute", func(t *testing.T) {
		within(t, func(t *testing.T, here, _ *process) {
			cookie := here.login("ada")
			s := here.wait(cookie)
			for range 12 {
				wantOver(t, s, false, "before it expires")
				time.Sleep(5 * time.Minute)
				here.in(here.client(cookie), nothing)
			}
			time.Sleep(10 * time.Millisecond)
			wantOver(t, s, true, "when it has expired")
		}, func(o *humasess.Options[account]) { o.AbsoluteTimeout, o.DoneInterval = time.Hour, time.Hour })
	})
}

// TestDoneWhileTheStoreFails requires that no wait ends while the store fails. The
// waits for ended sessions end as soon as the store answers.
func TestDoneWhileTheStoreFails(t *testing.T) {
	within(t, func(t *testing.T, here, there *process) {
		cookie := here.login("ada")
		s, other := here.wait(cookie), here.wait(here.login("eve"))
		defer other.end()
		here.store.Fail(humasesstest.OpLoad, errors.New("down"))
		if n, err := there.sessions.RevokeIdentity(t.Context(), "ada"); n != 1 || err != nil {
			t.Fatalf("got %d revoked and error %v", n, err)
		}
		here.events.take()
		time.Sleep(10 * time.Minute)
		wantOver(t, s, false, "while the store fails")
		failures := here.events.take()
		for _, e := range failures {
			if e.Kind != events.StoreFailed {
				t.Errorf("got event %q", e.Kind)
			}
		}
		if n := len(failures); n < 10 || n > 100 {
			t.Errorf("got %d events of failures in ten minutes", n)
		}
		here.store.Fail(humasesstest.OpLoad, nil)
		time.Sleep(15 * time.Second)
		wantOver(t, s, true, "when the store answers again")
		wantOver(t, other, false, "of another user")
	})
}

// TestDoneThatIsTooLate asks after the session has ended.
func TestDoneThatIsTooLate(t *testing.T) {
	within(t, func(t *testing.T, here, there *process) {
		cookie := here.login("ada")
		here.in(here.client(cookie), func(ctx context.Context, s *humasess.Session[account]) error {
			if _, err := there.sessions.RevokeIdentity(ctx, "ada"); err != nil {
				t.Error(err)
			}
			wantClosed(t, s.Done(), true, "at once")
			return nil
		})
	})
}

// TestDoneAfterTheRequest requires that the channel is closed after the request.
func TestDoneAfterTheRequest(t *testing.T) {
	within(t, func(t *testing.T, here, _ *process) {
		var kept *humasess.Session[account]
		var done <-chan struct{}
		for _, panics := range []bool{false, true} {
			here.calls <- func(_ context.Context, s *humasess.Session[account]) error {
				kept, done = s, s.Done()
				if panics {
					panic(http.ErrAbortHandler)
				}
				return nil
			}
			func() {
				defer func() { _ = recover() }()
				here.client(here.login("ada")).Do(http.MethodPost, "/call", nil)
			}()
			wantClosed(t, done, true, "after the request")
			wantClosed(t, kept.Done(), true, "when it is asked for after the request")
		}
	})
}

// TestDoneAndClose ends the streams of a server that is shut down.
func TestDoneAndClose(t *testing.T) {
	within(t, func(t *testing.T, here, _ *process) {
		cookie := here.login("ada")
		s := here.wait(cookie)
		if err := here.sessions.Close(t.Context()); err != nil {
			t.Error(err)
		}
		wantOver(t, s, true, "by Close")
		late := here.wait(cookie)
		wantOver(t, late, true, "after Close")
	})
}

// TestDoneCosts requires that no goroutine runs before a request waits, or after the
// waits have ended.
func TestDoneCosts(t *testing.T) {
	within(t, func(t *testing.T, here, there *process) {
		cookie := here.login("ada")
		here.in(here.client(cookie), nothing)
		before := bubbled(t)
		here.store.Reset()
		time.Sleep(time.Hour / 4)
		synctest.Wait()
		if n := here.store.Total(); n != 0 {
			t.Errorf("got %d calls of the store while no request waits", n)
		}

		s := here.wait(cookie)
		synctest.Wait()
		if n := here.store.Calls()[humasesstest.OpLoad]; n != 2 {
			t.Errorf("got %d loads, want the request's and one that makes sure", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := here.store.Total(); n != 2+4 {
			t.Errorf("got %d calls of the store, want one more in each DoneInterval", n)
		}
		s.end()
		here.store.Reset()
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if n := here.store.Total(); n != 0 {
			t.Errorf("got %d calls of the store after that", n)
		}
		if n := bubbled(t); n > before {
			t.Errorf("got %d goroutines, %d before", n, before)
		}

		again := here.wait(cookie) // starts it anew
		if _, err := there.sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
		time.Sleep(15 * time.Second)
		wantOver(t, again, true, "the second time")
	})
}

// bubbled counts the goroutines of this test's bubble when all of them wait.
// Before that, the goroutine that the store has just started may be missing.
// [runtime.NumGoroutine] also counts goroutines of other tests.
func bubbled(t *testing.T) int {
	t.Helper()
	synctest.Wait()
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	own, _, _ := strings.Cut(string(stacks), "]:") // the first is the caller's
	_, bubble, found := strings.Cut(own, ", synctest ")
	if !found {
		t.Fatalf("the test is outside of a bubble: %s", own)
	}
	return strings.Count(string(stacks), ", synctest "+bubble+"]:")
}

// TestDoneOfMany looks many sessions up in batches.
func TestDoneOfMany(t *testing.T) {
	const many, users = 1000, 10
	synctest.Test(t, func(t *testing.T) {
		store := &batches{Store: memory.New(nil)}
		p := newProcess(t, store, func(o *humasess.Options[account]) { o.MaxPerIdentity = many })
		all := make([]*waiting, many)
		for i := range all {
			all[i] = p.wait(p.login(string(rune('a' + i%users))))
		}
		store.take()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := store.take(); len(got) != 8 || slices.Max(got) != 128 {
			t.Errorf("%d sessions are looked up in batches of %v, want 8 of 128 at most", many, got)
		}
		if n, err := p.sessions.RevokeIdentity(t.Context(), "c"); n != many/users || err != nil {
			t.Errorf("got %d revoked and error %v", n, err)
		}
		synctest.Wait()
		if got := store.take(); len(got) != 1 || got[0] != many/users {
			t.Errorf("after a revocation of %d, batches of %v are looked up", many/users, got)
		}
		for i, s := range all {
			wantOver(t, s, i%users == 2, "after the revocation")
			s.end()
		}
		if err := p.sessions.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// batches notes how many sessions are looked up at a time. It gives no hints,
// which would come one by one in the middle of that.
type batches struct {
	*memory.Store

	mu    sync.Mutex
	sizes []int
}

func (*batches) Watch(context.Context, func(stores.ID)) error { return errors.ErrUnsupported }

func (b *batches) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	b.mu.Lock()
	b.sizes = append(b.sizes, len(ids))
	b.mu.Unlock()
	return b.Store.LoadMany(ctx, ids)
}

func (b *batches) take() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	sizes := b.sizes
	b.sizes = nil
	return sizes
}
