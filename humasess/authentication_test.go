package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

func reauthenticate(method string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated(method) }
}

// authenticationOf returns the authentication of the client's session.
func authenticationOf(r *rig[account], ask handler[account]) (a humasess.Authentication) {
	c := r.signedIn(account{ID: "u1"})
	r.clock.Advance(time.Minute)
	r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
		err := ask(ctx, s)
		a = s.Authentication()
		return err
	})
	return a
}

func TestReauthenticated(t *testing.T) {
	t.Run("T8 A4 a new token, and the old one dies at once", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1", N: 3})
		old := token(c)
		var id string
		wantCookies(t, r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			id = s.ID()
			return s.Reauthenticated("pwd")
		}), 1)
		r.wantDead(old)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if got, _ := s.Get(); s.ID() != id || got.N != 3 {
				t.Errorf("after it: got %q with %+v, want the same session", s.ID(), got)
			}
			return nil
		})
	})
	t.Run("T8 A4 although the identity moves, and back again", func(t *testing.T) {
		move := func(s *humasess.Session[account], id string) error {
			return s.Update(func(a *account) error { a.ID = id; return nil })
		}
		for name, steps := range map[string]func(*humasess.Session[account]) error{
			"before": func(s *humasess.Session[account]) error {
				return errors.Join(s.Reauthenticated("pwd"), move(s, "u2"), move(s, "u1"))
			},
			"in between": func(s *humasess.Session[account]) error {
				return errors.Join(move(s, "u2"), s.Reauthenticated("pwd"), move(s, "u1"))
			},
		} {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			old := token(c)
			r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return steps(s) })
			if token(c) == old {
				t.Errorf("%s: got the old token, want a new one", name)
			}
			r.wantDead(old)
			r.wantActive(c, true)
		}
	})
	t.Run("L4 both timeouts begin anew", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for range 35 { // 11 h 40 min
			r.clock.Advance(20 * time.Minute)
			r.must(c, nothing[account])
		}
		r.must(c, reauthenticate("pwd"))
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < absolute-20*time.Minute {
			r.clock.Advance(20 * time.Minute)
			r.wantActive(c, true)
		}
		r.clock.Advance(20 * time.Minute)
		r.wantActive(c, false)
	})
	t.Run("L4 but not the end that SetTTL has given", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(20 * time.Minute) })
		r.clock.Advance(10 * time.Minute)
		r.must(c, reauthenticate("pwd"))
		r.clock.Advance(10 * time.Minute)
		r.wantActive(c, false)
	})
	t.Run("L4 nor do they without it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < absolute-20*time.Minute {
			r.clock.Advance(20 * time.Minute)
			r.must(c, renew[account])
		}
		r.clock.Advance(20 * time.Minute)
		r.wantActive(c, false)
	})
	t.Run("L4 a session that is remembered stays so", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, start(account{ID: "u1"}))
		r.must(c, remember(true))
		r.must(c, reauthenticate("pwd"))
		r.clock.Advance(10 * 24 * time.Hour)
		if got := maxAge(t, setCookies(r.must(c, reauthenticate("pwd")))); got != "2592000" {
			t.Errorf("Max-Age: got %q, want 30 days", got)
		}
	})
	t.Run("T9 the bearer of a former token may not", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		thief := r.withToken(token(c))
		r.must(c, renew[account])
		w := r.call(thief, reauthenticate("pwd"))
		wantStatus(t, w, http.StatusConflict)
		wantCookies(t, w, 0)
		r.wantActive(c, true)
	})
	t.Run("R11 of a session that ends meanwhile is 401, and no token is sent", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := r.sessions.Revoke(ctx, s.ID()); err != nil {
				return err
			}
			return s.Reauthenticated("pwd")
		})
		wantStatus(t, w, http.StatusUnauthorized)
		wantCookies(t, w, 0)
	})
	t.Run("an error response forgets it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Reauthenticated("pwd"); err != nil {
				return err
			}
			return huma.Error400BadRequest("no")
		})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if got := s.Authentication().Methods; len(got) != 0 {
				t.Errorf("methods: got %v, want none", got)
			}
			return nil
		})
	})
	t.Run("H6 without a session is 401", func(t *testing.T) {
		r := newRig(t, accountOptions())
		wantStatus(t, r.call(r.client(), reauthenticate("pwd")), http.StatusUnauthorized)
	})
	t.Run("a method that is no name is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		for _, bad := range []string{"", "a b", "é", "a\n", strings.Repeat("a", 33)} {
			wantStatus(t, r.call(r.signedIn(account{ID: "u1"}), reauthenticate(bad)), http.StatusInternalServerError)
		}
	})
}

func TestAuthentication(t *testing.T) {
	t.Run("A3 methods with their times, in the session and in lists", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		begin := r.clock.Now()
		at := begin.Add
		r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u1"}); err != nil {
				return err
			}
			return s.Reauthenticated("pwd")
		})
		for _, method := range []string{"otp", "pwd"} {
			r.clock.Advance(time.Minute)
			r.must(c, reauthenticate(method))
		}
		r.clock.Advance(time.Minute)
		r.must(c, increment) // carries it on
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			list, err := s.List(ctx)
			if err != nil {
				return err
			}
			for _, a := range []humasess.Authentication{s.Authentication(), list[0].Authentication} {
				wantTime(t, "time", a.Time, at(2*time.Minute))
				if len(a.Methods) != 2 || a.Methods[0].Name != "otp" || a.Methods[1].Name != "pwd" {
					t.Fatalf("methods: got %v, want otp and pwd", a.Methods)
				}
				wantTime(t, "otp", a.Methods[0].Time, at(time.Minute))
				wantTime(t, "pwd", a.Methods[1].Time, at(2*time.Minute))
			}
			return nil
		})
	})
	t.Run("A2 Start and Update prove nothing by themselves", func(t *testing.T) {
		r := newRig(t, accountOptions())
		a := authenticationOf(r, increment)
		wantTime(t, "after Update", a.Time, r.clock.Now().Add(-time.Minute))
		a = authenticationOf(r, start(account{ID: "u1"}))
		wantTime(t, "after Start", a.Time, r.clock.Now())
		if len(a.Methods) != 0 {
			t.Errorf("methods: got %v, want none", a.Methods)
		}
	})
	t.Run("A2 Start forgets the methods of the session before", func(t *testing.T) {
		r := newRig(t, accountOptions())
		a := authenticationOf(r, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Reauthenticated("hwk"); err != nil {
				return err
			}
			return s.Start(account{ID: "u1"})
		})
		if len(a.Methods) != 0 {
			t.Errorf("methods: got %v, want none", a.Methods)
		}
	})
	t.Run("A2 an anonymous session has no authentication", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		for range 2 {
			r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := increment(ctx, s); err != nil {
					return err
				}
				if a := s.Authentication(); !a.Time.IsZero() || a.Fresh(time.Hour, r.clock.Now()) {
					t.Errorf("got %+v, want the zero time", a)
				}
				return nil
			})
		}
	})
	t.Run("at most 8 methods, the oldest give way", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for i := range 10 {
			r.must(c, reauthenticate(fmt.Sprint("m", i)))
		}
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if got := s.Authentication().Claims().AMR; !slices.Equal(got, strings.Fields("m2 m3 m4 m5 m6 m7 m8 m9")) {
				t.Errorf("methods: got %v, want the last 8", got)
			}
			return nil
		})
	})
}
