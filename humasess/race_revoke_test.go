package humasess_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// later waits in a bubble of synctest, whose clock moves only while all goroutines
// wait.
func later(d time.Duration) { <-time.After(d) }

// timed runs f in a bubble. Which of two events came first is then a matter
// of the times in the test, and of nothing else.
func timed(t *testing.T, f func(*rig[account])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(newRig(t, accountOptions()))
	})
}

func (r *rig[T]) revokeIdentity(identity string) {
	r.t.Helper()
	if _, err := r.sessions.RevokeIdentity(context.Background(), identity); err != nil {
		r.t.Errorf("RevokeIdentity: %v", err)
	}
}

// another returns the manager of another process on the same store, whose clock
// runs from then on.
func (r *rig[T]) another() *humasess.Manager[account] {
	r.t.Helper()
	options := accountOptions()
	options.Now = time.Now
	m, err := humasess.New(r.store, &options)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig[T]) revokeEverything() {
	r.t.Helper()
	if _, err := r.sessions.RevokeEverything(context.Background()); err != nil {
		r.t.Errorf("RevokeEverything: %v", err)
	}
}

func TestStartAfterRevocation(t *testing.T) {
	// Everything below takes place around one second.
	const instant = time.Microsecond
	startAt := func(r *rig[account], c *humasesstest.Client, begin, work time.Duration) racing {
		return inBackground(func() *httptest.ResponseRecorder {
			later(begin)
			return r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				later(work) // the password is checked
				return s.Start(account{ID: "u1"})
			})
		})
	}
	tests := []struct {
		name        string
		begin, work time.Duration
		want        int
	}{
		{"ended before", 100 * time.Millisecond, 500 * time.Millisecond, http.StatusNoContent},
		{"begun before", 500 * time.Millisecond, time.Second, http.StatusUnauthorized},
		{"begun just before", time.Second - instant, 2 * instant, http.StatusUnauthorized},
		{"begun long before", 0, 59 * time.Minute, http.StatusUnauthorized},
		{"begun at the same time", time.Second, time.Second, http.StatusUnauthorized},
		{"begun just after", time.Second + instant, 0, http.StatusNoContent},
		{"begun after", 2 * time.Second, time.Second, http.StatusNoContent},
	}
	revokers := map[string]func(*rig[account]){
		"R2": func(r *rig[account]) { r.revokeIdentity("u1") },
		"R4": func(r *rig[account]) { r.revokeEverything() },
	}
	for i := range 2 * len(tests) {
		tt, row := tests[i/2], []string{"R2", "R4"}[i%2]
		t.Run(row+" "+tt.name, func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.client()
				login := startAt(r, c, tt.begin, tt.work)
				later(time.Second)
				synctest.Wait() // requests of the same time have begun
				revokers[row](r)
				w := login.wait()
				wantStatus(t, w, tt.want)
				alive := tt.want == http.StatusNoContent && tt.begin > time.Second
				if tt.want != http.StatusNoContent {
					wantCookies(t, w, 0)
				}
				r.wantActive(c, alive)
				list, err := r.sessions.List(context.Background(), "u1")
				if err != nil || (len(list) == 1) != alive {
					t.Errorf("sessions: got %v, %v, want one: %v", list, err, alive)
				}
			})
		})
	}
	t.Run("R2 another identity is not touched", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			login := startAt(r, r.client(), 0, 2*time.Second)
			later(time.Second)
			r.revokeIdentity("u2")
			wantStatus(t, login.wait(), http.StatusNoContent)
		})
	})
	t.Run("R2 a request older than any mark has to be repeated", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.client()
			w := startAt(r, c, 0, time.Hour).wait()
			wantRetry(t, w, http.StatusServiceUnavailable, "1")
			wantCookies(t, w, 0)
		})
	})
	t.Run("R2 a slow store answers a Start that is too old", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			r.store.Before(humasesstest.OpCreate, func(context.Context) error { later(2 * time.Second); return nil })
			login := startAt(r, r.client(), 0, 0)
			later(time.Second)
			r.revokeIdentity("u1")
			wantStatus(t, login.wait(), http.StatusUnauthorized)
			if list, err := r.sessions.List(context.Background(), "u1"); err != nil || len(list) != 0 {
				t.Errorf("sessions: got %v, %v, want none", list, err)
			}
		})
	})
	t.Run("R2 a revocation between the write and its answer ends the written session", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			r.store.After(humasesstest.OpCreate, func(context.Context) error { later(2 * time.Second); return nil })
			c := r.client()
			login := startAt(r, c, 0, 0)
			later(time.Second)
			r.revokeIdentity("u1")
			login.wait()
			r.store.After(humasesstest.OpCreate, nil)
			r.wantActive(c, false)
		})
	})
	t.Run("R2 a slow write of a login that began right before is refused", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			r.store.After(humasesstest.OpCreate, func(context.Context) error { later(time.Second); return nil })
			c := r.client()
			login := startAt(r, c, time.Second-time.Millisecond, 2*time.Millisecond)
			another := r.another()
			later(time.Second)
			if _, err := another.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, login.wait(), http.StatusUnauthorized)
			r.wantActive(c, false)
		})
	})
	for row, revoke := range revokers {
		t.Run(row+" a request after the end of the revocation needs no clock", func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				r.store.After(humasesstest.OpCreate, func(context.Context) error { later(time.Second); return nil })
				c := r.client()
				login := startAt(r, c, time.Second+time.Millisecond, 0)
				later(time.Second)
				revoke(r)
				wantStatus(t, login.wait(), http.StatusNoContent)
				r.wantActive(c, true)
			})
		})
	}
	t.Run("R2 a login that began right before is refused at once, with a write that arrives late", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			r.store.Before(humasesstest.OpCreate, func(context.Context) error { later(100 * time.Millisecond); return nil })
			c := r.client()
			login := startAt(r, c, time.Second-time.Millisecond, 2*time.Millisecond)
			another := r.another()
			r.store.Reset()
			later(time.Second)
			if _, err := another.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, login.wait(), http.StatusUnauthorized)
			if got := r.store.Calls()[humasesstest.OpCreate]; got != 1 {
				t.Errorf("got %d calls of Create, want 1", got)
			}
			r.wantActive(c, false)
		})
	})
	t.Run("R2 a clock that is set forward admits no login that began before", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			r.store.Before(humasesstest.OpCreate, func(context.Context) error { later(100 * time.Millisecond); return nil })
			ahead := time.Duration(0)
			r.store.Before(humasesstest.OpLoad, func(context.Context) error {
				ahead += time.Minute
				r.store.UseClock(func() time.Time { return time.Now().Add(ahead) })
				return nil
			})
			c := r.client()
			login := startAt(r, c, time.Second-time.Millisecond, 2*time.Millisecond)
			another := r.another()
			later(time.Second)
			if _, err := another.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Fatal(err)
			}
			w := login.wait()
			wantStatus(t, w, http.StatusServiceUnavailable)
			wantCookies(t, w, 0)
			if ahead == 0 {
				t.Error("the clock was not read again: the test tests nothing")
			}
		})
	})
	// A login that begins a millisecond after another process has revoked, and
	// a store whose answers take longer than that.
	for _, tt := range []struct {
		name        string
		slow, calls int
		reads       bool // are slow, too
		want        int
	}{
		{"is told by a read of the clock that is fast", 1000, 1, false, http.StatusNoContent},
		{"is tried again until an answer is fast enough", 5, 6, true, http.StatusNoContent},
		{"is refused when no answer is", 1000, 8, true, http.StatusServiceUnavailable},
	} {
		t.Run("R2 an order too close to tell "+tt.name, func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				const slow = 10 * time.Millisecond
				answers := 0
				r.store.After(humasesstest.OpCreate, func(context.Context) error {
					if answers++; answers <= tt.slow {
						later(slow)
					}
					return nil
				})
				if tt.reads {
					r.store.After(humasesstest.OpLoad, func(context.Context) error { later(slow); return nil })
				}
				c := r.client()
				login := startAt(r, c, time.Second+time.Millisecond, 0)
				another := r.another()
				later(time.Second)
				if _, err := another.RevokeIdentity(context.Background(), "u1"); err != nil {
					t.Fatal(err)
				}
				wantStatus(t, login.wait(), tt.want)
				if answers != tt.calls {
					t.Errorf("got %d calls of Create, want %d", answers, tt.calls)
				}
				alive := tt.want == http.StatusNoContent
				r.store.After(humasesstest.OpLoad, nil)
				r.wantActive(c, alive)
				if list, err := r.sessions.List(context.Background(), "u1"); err != nil || (len(list) == 1) != alive {
					t.Errorf("sessions: got %v, %v, want one: %v", list, err, alive)
				}
			})
		})
	}
}

func TestStartAfterOwnRevocation(t *testing.T) {
	type action func(ctx context.Context, s *humasess.Session[account]) (int, error)
	all := func(ctx context.Context, s *humasess.Session[account]) (int, error) { return s.RevokeAll(ctx) }
	others := func(ctx context.Context, s *humasess.Session[account]) (int, error) { return s.RevokeOthers(ctx) }
	for name, revoke := range map[string]action{"RevokeAll": all, "RevokeOthers": others} {
		// changePassword revokes and signs in again, a second later.
		changePassword := func(r *rig[account], c *humasesstest.Client, between time.Duration) racing {
			return inBackground(func() *httptest.ResponseRecorder {
				return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					later(time.Second)
					if _, err := revoke(ctx, s); err != nil {
						return err
					}
					later(between)
					return s.Start(account{ID: "u1"})
				})
			})
		}
		t.Run("R3 "+name+" then Start", func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c, other := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})
				old := token(c)
				later(time.Second)
				wantStatus(t, changePassword(r, c, time.Second).wait(), http.StatusNoContent)
				r.wantActive(c, true)
				r.wantActive(other, false)
				r.wantDead(old)
			})
		})
		t.Run("R3 "+name+", a foreign revocation, then Start", func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				changing := changePassword(r, c, 2*time.Second)
				later(2 * time.Second) // in the middle of the two
				r.revokeIdentity("u1")
				w := changing.wait()
				wantStatus(t, w, http.StatusUnauthorized)
				wantCookies(t, w, 0)
				r.wantActive(c, false)
			})
		})
		t.Run("R3 a foreign revocation, "+name+", then Start", func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				changing := changePassword(r, c, time.Second)
				later(time.Second / 2) // after the request has begun
				r.revokeIdentity("u1")
				w := changing.wait()
				wantStatus(t, w, http.StatusUnauthorized)
				r.wantActive(c, false)
			})
		})
	}
}

func TestRevocationRacesLogins(t *testing.T) {
	t.Run("R2 50 logins, one each millisecond", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			const (
				takes  = 5*time.Millisecond + time.Microsecond
				revoke = 25*time.Millisecond + 500*time.Microsecond
			)
			var wg sync.WaitGroup
			var mu sync.Mutex
			refused := 0
			for i := range 50 {
				wg.Go(func() {
					begin := time.Duration(i) * time.Millisecond
					c := r.client()
					later(begin)
					w := r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
						later(takes)
						return s.Start(account{ID: "u1"})
					})
					later(time.Second - begin)
					_, alive := r.data(c)
					switch {
					case begin > revoke:
						if w.Code != http.StatusNoContent || !alive {
							t.Errorf("login %d, begun after: got %d, alive %v, want 204, true", i, w.Code, alive)
						}
					case begin+takes < revoke:
						if w.Code != http.StatusNoContent || alive {
							t.Errorf("login %d, ended before: got %d, alive %v, want 204, false", i, w.Code, alive)
						}
					default:
						mu.Lock()
						refused++
						mu.Unlock()
						if w.Code != http.StatusUnauthorized || alive {
							t.Errorf("login %d, during it: got %d, alive %v, want 401, false", i, w.Code, alive)
						}
					}
				})
			}
			later(revoke)
			r.revokeIdentity("u1")
			wg.Wait()
			if refused == 0 {
				t.Error("no login was under way: the test tests nothing")
			}
		})
	})
	t.Run("R2 sessions of earlier answers have ended", func(t *testing.T) {
		for range 20 {
			r := newRig(t, accountOptions())
			var wg sync.WaitGroup
			var mu sync.Mutex
			var before []string
			revoked := false
			for range 50 {
				wg.Go(func() {
					tokens := live(t, r.loginCall(r.client(), start(account{ID: "u1"})))
					mu.Lock()
					defer mu.Unlock()
					if !revoked {
						before = append(before, tokens...)
					}
				})
			}
			mu.Lock()
			revoked = true
			known := before
			mu.Unlock()
			r.revokeIdentity("u1")
			wg.Wait()
			r.wantDead(known...)
		}
	})
}

// wantRetry checks an answer that tells the client when to try again.
func wantRetry(t *testing.T, w *httptest.ResponseRecorder, status int, after string) {
	t.Helper()
	wantStatus(t, w, status)
	if got := w.Header().Get("Retry-After"); got != after {
		t.Errorf("Retry-After: got %q, want %q", got, after)
	}
}
