package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

const (
	idle     = 30 * time.Minute
	unused   = idle + idle/10 // the longest life without a request
	absolute = 12 * time.Hour
)

func TestIdleTimeout(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
		want bool
	}{
		{"L1 at it", idle, true},
		{"L1 at most a tenth longer", unused, false},
		{"L1 a nanosecond more", unused + 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			r.clock.Advance(tt.wait)
			r.wantActive(c, tt.want)
		})
	}
	t.Run("L1 each request extends it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for range 5 {
			r.clock.Advance(idle)
			r.wantActive(c, true)
		}
		r.clock.Advance(unused)
		r.wantActive(c, false)
	})
	t.Run("L1 L10 a session lives for all of it after the last request, wherever that lies", func(t *testing.T) {
		for early := range 21 {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			r.clock.Advance(idle * time.Duration(early) / 100) // within or just after the throttle
			r.wantActive(c, true)
			r.clock.Advance(idle)
			r.wantActive(c, true)
			r.clock.Advance(unused)
			r.wantActive(c, false)
		}
	})
	t.Run("L1 a write extends it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(time.Second) // no extension of its own is due
		r.must(c, increment)
		r.clock.Advance(idle - 1)
		r.wantActive(c, true)
	})
	t.Run("C11 a cookie that the client has kept opens nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(unused)
		wantStatus(t, r.requiredCall(c, nothing[account]), http.StatusUnauthorized)
		if token(c) == "" {
			t.Error("the dead cookie was expired: that could delete one that a login has just set")
		}
	})
	t.Run("asking when it ends does not extend it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		begin := r.clock.Now()
		r.clock.Advance(time.Minute)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wantTime(t, "L7 ExpiresAt", s.ExpiresAt(), begin.Add(unused))
			return nil
		})
	})
}

func TestAbsoluteTimeout(t *testing.T) {
	// busy makes a request every 20 minutes until the session is gone.
	busy := func(r *rig[account], c *humasesstest.Client, do handler[account]) time.Duration {
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < 100*24*time.Hour {
			r.clock.Advance(20 * time.Minute)
			if w := r.requiredCall(c, do); w.Code != http.StatusNoContent {
				break
			}
		}
		return r.clock.Now().Sub(begin)
	}
	for name, do := range map[string]handler[account]{
		"L2 reads":   nothing[account],
		"L2 updates": increment,
		"L9 renewals": func(ctx context.Context, s *humasess.Session[account]) error {
			return s.Renew()
		},
	} {
		t.Run(name+" do not extend it", func(t *testing.T) {
			r := newRig(t, accountOptions())
			if got := busy(r, r.signedIn(account{ID: "u1"}), do); got != absolute {
				t.Errorf("the session ended after %v, want %v", got, absolute)
			}
		})
	}
	t.Run("L2 exact, and never past it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < absolute-10*time.Minute {
			r.clock.Advance(10 * time.Minute)
			r.wantActive(c, true)
		}
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wantTime(t, "ExpiresAt", s.ExpiresAt(), begin.Add(absolute))
			return nil
		})
		r.clock.Advance(10*time.Minute - 1)
		r.wantActive(c, true)
		r.clock.Advance(1)
		r.wantActive(c, false)
	})
	t.Run("L4 a change of identity restarts it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, increment)
		for range 30 {
			r.clock.Advance(20 * time.Minute)
			r.wantActive(c, true)
		}
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u1"; return nil })
		})
		if got := busy(r, c, nothing[account]); got != absolute {
			t.Errorf("the session ended after %v, want %v", got, absolute)
		}
	})
}

func TestTouchThrottle(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	type calls = map[humasesstest.Op]int
	t.Run("L10 X2 a thousand reads in a tenth are one write at most", func(t *testing.T) {
		r.in(t)
		for tenth := range 3 {
			r.store.Reset()
			for range 1000 {
				r.call(c, nothing[account])
				r.clock.Advance(idle / 10 / 1000)
			}
			if got := r.store.Calls(); got[humasesstest.OpTouch] > 1 || len(got) > 2 || got[humasesstest.OpLoad] != 1000 {
				t.Errorf("tenth %d: got %v, want 1000 loads and at most one touch", tenth, got)
			}
		}
	})
	t.Run("L10 not before a tenth has passed", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle/10 - 1)
		r.store.Reset()
		wantCookies(t, r.must(c, nothing[account]), 0)
		r.wantCalls(calls{humasesstest.OpLoad: 1})
		r.clock.Advance(1)
		r.store.Reset()
		wantCookies(t, r.must(c, nothing[account]), 0)
		r.wantCalls(calls{humasesstest.OpLoad: 1, humasesstest.OpTouch: 1})
	})
	t.Run("L10 Commit and the response extend it once", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle / 2)
		r.store.Reset()
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) })
		r.wantCalls(calls{humasesstest.OpLoad: 1, humasesstest.OpTouch: 1})
	})
	t.Run("an error response extends it too", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle / 2)
		r.store.Reset()
		r.call(c, func(context.Context, *humasess.Session[account]) error { return fmt.Errorf("x") })
		r.wantCalls(calls{humasesstest.OpLoad: 1, humasesstest.OpTouch: 1})
	})
	t.Run("a refused request does not", func(t *testing.T) {
		r.in(t)
		r.clock.Advance(idle / 2)
		r.store.Reset()
		wantStatus(t, r.requiredCall(r.withToken(token(c)[:22]+strings.Repeat("B", 42)), nothing[account]), http.StatusUnauthorized)
		r.wantCalls(calls{humasesstest.OpLoad: 1})
	})
}

func TestClockStepsBack(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.clock.Advance(10 * time.Minute)
	r.wantActive(c, true)
	r.clock.Advance(-time.Hour)
	t.Run("L11 nothing fails", func(t *testing.T) {
		for _, do := range []handler[account]{nothing[account], increment, renew[account]} {
			wantStatus(t, r.requiredCall(c, do), http.StatusNoContent)
		}
	})
	t.Run("L11 and no session is immortal", func(t *testing.T) {
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < 2*absolute {
			r.clock.Advance(20 * time.Minute)
			if w := r.requiredCall(c, increment); w.Code == http.StatusUnauthorized {
				break
			}
		}
		if got := r.clock.Now().Sub(begin); got > absolute+time.Hour {
			t.Errorf("the session lived for %v, want at most %v", got, absolute+time.Hour)
		}
	})
	t.Run("L11 idle time counts as before", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(-time.Hour)
		r.must(c, increment)
		r.clock.Advance(unused)
		r.wantActive(c, false)
	})
}

func remember(on bool) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(on) }
}

// remembered returns a client with a session of its own that outlives the browser's.
func (r *rig[T]) remembered(data T) *humasesstest.Client {
	r.t.Helper()
	c := r.client()
	wantStatus(r.t, r.loginCall(c, func(_ context.Context, s *humasess.Session[T]) error {
		return errors.Join(s.Start(data), s.Remember(true))
	}), http.StatusNoContent)
	return c
}

// maxAge returns the Max-Age of the one cookie, or "".
func maxAge(t *testing.T, lines []string) string {
	t.Helper()
	if len(lines) != 1 {
		t.Fatalf("Set-Cookie lines: got %q, want one", lines)
	}
	_, age, _ := strings.Cut(lines[0], "Max-Age=")
	return age
}

func TestRemember(t *testing.T) {
	const day = 24 * time.Hour
	t.Run("C12 with Start: a cookie with an age, and longer timeouts", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		w := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u1"}); err != nil {
				return err
			}
			err := s.Remember(true)
			wantTime(t, "ExpiresAt", s.ExpiresAt(), r.clock.Now().Add(14*day+14*day/10))
			return err
		})
		if got, want := maxAge(t, setCookies(w)), "2592000"; got != want {
			t.Errorf("Max-Age: got %q, want %q", got, want)
		}
		r.clock.Advance(14*day - 1)
		r.wantActive(c, true)
		r.clock.Advance(14*day - 1)
		r.wantActive(c, true)
		r.clock.Advance(2*day + 2)
		r.wantActive(c, false)
	})
	t.Run("C12 later: a cookie with an age and a longer idle timeout, but the deadline stays", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		begin, before := r.clock.Now(), token(c)
		r.clock.Advance(20 * time.Minute)
		w := r.must(c, remember(true))
		if got, want := maxAge(t, setCookies(w)), fmt.Sprint(int((absolute - 20*time.Minute).Seconds())); got != want {
			t.Errorf("Max-Age: got %q, want %q", got, want)
		}
		if token(c) != before {
			t.Error("the token changed")
		}
		r.clock.Advance(begin.Add(absolute).Sub(r.clock.Now()) - 1)
		r.wantActive(c, true)
		r.clock.Advance(1)
		r.wantActive(c, false)
	})
	t.Run("C12 with Reauthenticated: longer timeouts", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(20 * time.Minute)
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			err := errors.Join(s.Remember(true), s.Reauthenticated("pwd"))
			wantTime(t, "Deadline", s.Deadline(), r.clock.Now().Add(30*day))
			return err
		})
		if got := maxAge(t, setCookies(w)); got != "2592000" {
			t.Errorf("Max-Age: got %q, want 30 days", got)
		}
	})
	t.Run("C12 taken back", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.remembered(account{ID: "u1"})
		begin := r.clock.Now()
		r.clock.Advance(time.Hour)
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			err := s.Remember(false)
			wantTime(t, "Deadline", s.Deadline(), begin.Add(absolute))
			wantTime(t, "ExpiresAt", s.ExpiresAt(), r.clock.Now().Add(unused))
			return err
		})
		if got := maxAge(t, setCookies(w)); got != "" {
			t.Errorf("Max-Age: got %q, want none", got)
		}
		r.clock.Advance(unused)
		r.wantActive(c, false)
	})
	t.Run("L2 neither it nor SetTTL moves the deadline later, on any clock", func(t *testing.T) {
		ttl := func(d time.Duration) handler[account] {
			return func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(d) }
		}
		for name, do := range map[string]handler[account]{
			"on": remember(true), "off": remember(false), "SetTTL": ttl(48 * time.Hour),
			"SetTTL of a second": ttl(time.Second),
		} {
			r := newRig(t, accountOptions())
			c := r.remembered(account{ID: "u1"})
			last := r.clock.Now().Add(31 * day)
			for i := range 20 {
				r.clock.Advance(700 * time.Millisecond)
				var asked, deadline time.Time
				w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					if !s.Active() {
						return nil
					}
					if i%2 == 1 && name == "on" {
						if err := s.Remember(false); err != nil {
							return err
						}
					}
					if err := do(ctx, s); err != nil {
						return err
					}
					asked = s.Deadline()
					r.clock.Advance(100 * time.Millisecond) // the handler takes its time
					err := s.Commit(ctx)
					deadline = s.Deadline()
					return err
				})
				if w.Code == http.StatusUnauthorized || deadline.IsZero() {
					break // it has ended
				}
				if deadline.After(last) {
					t.Errorf("%s: got %v, want at most %v", name, deadline, last)
				}
				if late := deadline.Sub(asked); late < 0 || late > 100*time.Millisecond {
					t.Errorf("%s: got %v before the write, and %v after it", name, asked, deadline)
				}
				last = deadline
			}
		}
	})
	t.Run("an unchanged value writes nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		wantCookies(t, r.must(c, remember(false)), 0)
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
		r.must(c, remember(true))
		wantCookies(t, r.must(c, remember(true)), 0)
	})
	t.Run("L9 a renewal keeps it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.remembered(account{ID: "u1"})
		r.clock.Advance(day)
		w := r.must(c, renew[account])
		if got, want := maxAge(t, setCookies(w)), fmt.Sprint(int((29 * day).Seconds())); got != want {
			t.Errorf("Max-Age: got %q, want %q", got, want)
		}
	})
	t.Run("a change of identity keeps it, Start does not", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, increment)
		r.must(c, remember(true))
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u1"; return nil })
		})
		if got := maxAge(t, setCookies(w)); got != "2592000" {
			t.Errorf("Max-Age after the change of identity: got %q, want %q", got, "2592000")
		}
		w = r.must(c, start(account{ID: "u1"}))
		if got := maxAge(t, setCookies(w)); got != "" {
			t.Errorf("Max-Age after Start: got %q, want none", got)
		}
	})
}

func TestSetTTL(t *testing.T) {
	ttl := func(d time.Duration) handler[account] {
		return func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(d) }
	}
	// ends keeps the session busy each minute and says how long it lived.
	ends := func(r *rig[account], c *humasesstest.Client) time.Duration {
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < 2*absolute {
			r.clock.Advance(time.Minute)
			if w := r.requiredCall(c, nothing[account]); w.Code != http.StatusNoContent {
				break
			}
		}
		return r.clock.Now().Sub(begin)
	}
	for _, tt := range []struct {
		name  string
		steps []handler[account]
		want  time.Duration
	}{
		{"shortens, despite activity", []handler[account]{ttl(time.Hour)}, time.Hour},
		{"the shortest counts", []handler[account]{ttl(2 * time.Hour), ttl(time.Hour), ttl(3 * time.Hour)}, time.Hour},
		{"never extends", []handler[account]{ttl(48 * time.Hour)}, absolute},
		{"with Start", []handler[account]{start(account{ID: "u1"}), ttl(time.Hour)}, time.Hour},
		{"less than the idle timeout", []handler[account]{ttl(5 * time.Minute)}, 5 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				for _, step := range tt.steps {
					if err := step(ctx, s); err != nil {
						return err
					}
				}
				return nil
			})
			if got := ends(r, c); got != tt.want {
				t.Errorf("the session lived for %v, want %v", got, tt.want)
			}
		})
		t.Run(tt.name+", in requests of their own", func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			for _, step := range tt.steps {
				r.must(c, step)
			}
			if got := ends(r, c); got != tt.want {
				t.Errorf("the session lived for %v, want %v", got, tt.want)
			}
		})
	}
	t.Run("less than a second is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		for _, d := range []time.Duration{0, -time.Hour, time.Second - 1} {
			r.must(r.signedIn(account{ID: "u1"}), func(_ context.Context, s *humasess.Session[account]) error {
				if err := s.SetTTL(d); err == nil {
					t.Errorf("SetTTL(%v): got no error", d)
				}
				return nil
			})
		}
	})
}

func TestTimesAreUTC(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
		all, err := s.List(ctx)
		if err != nil || len(all) != 1 {
			t.Fatalf("List: got %v, %v", all, err)
		}
		for name, at := range map[string]time.Time{
			"ExpiresAt": s.ExpiresAt(), "Deadline": s.Deadline(),
			"Info.ExpiresAt": all[0].ExpiresAt, "Info.LastSeenAt": all[0].LastSeenAt,
		} {
			if at.Location() != time.UTC {
				t.Errorf("%s: got %v, want UTC as the store has it", name, at)
			}
		}
		return nil
	})
}

// unseen is a store that does not tell when a session was last used.
type unseen struct{ stores.Store }

func (u unseen) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	r, err := u.Store.Load(ctx, id)
	r.LastSeen = time.Time{}
	return r, err
}

func (u unseen) UseClock(now func() time.Time) { u.Store.(stores.ClockUser).UseClock(now) }

func TestStoreWithoutLastSeen(t *testing.T) {
	r := newRigOn(t, accountOptions(), unseen{memory.New(nil)}, huma.DefaultConfig("Test", "1.0.0"))
	c := r.signedIn(account{ID: "u1"})
	r.clock.Advance(20 * time.Minute)
	r.store.Reset()
	r.must(c, nothing[account])
	r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpTouch: 1})
}
