package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestClaims(t *testing.T) {
	at := time.Unix(1_900_000_000, 0)
	for _, tt := range []struct {
		name   string
		a      humasess.Authentication
		claims humasess.Claims
	}{
		{"A6 nothing, which is not now", humasess.Authentication{Time: time.Unix(0, 0)}, humasess.Claims{}},
		{"A6 a time", humasess.Authentication{Time: at}, humasess.Claims{AuthTime: 1_900_000_000}},
		{"A6 a class", humasess.Authentication{Time: time.Unix(0, 0), Class: "urn:example:aal2"}, humasess.Claims{ACR: "urn:example:aal2"}},
		{
			"A6 methods", humasess.Authentication{Time: at, Methods: []humasess.Method{{Name: "pwd", Time: at}, {Name: "otp", Time: at}}},
			humasess.Claims{AuthTime: 1_900_000_000, AMR: []string{"pwd", "otp"}},
		},
		{
			"A6 all", humasess.Authentication{Time: at, Methods: []humasess.Method{{Name: "hwk", Time: at}}, Class: "3"},
			humasess.Claims{AuthTime: 1_900_000_000, ACR: "3", AMR: []string{"hwk"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.a.Claims(); !reflect.DeepEqual(got, tt.claims) {
				t.Errorf("Claims: got %+v, want %+v", got, tt.claims)
			}
			if got := tt.claims.Authentication(); !reflect.DeepEqual(got, tt.a) {
				t.Errorf("Authentication: got %+v, want %+v", got, tt.a)
			}
		})
	}
}

// An ID token's claims become the session's authentication, and back.
func TestReauthenticatedWith(t *testing.T) {
	signIn := func(r *rig[account], c *humasesstest.Client, a humasess.Authentication) *httptest.ResponseRecorder {
		return r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u1"}); err != nil {
				return err
			}
			return s.ReauthenticatedWith(a)
		})
	}
	again := func(a humasess.Authentication) handler[account] {
		return func(_ context.Context, s *humasess.Session[account]) error { return s.ReauthenticatedWith(a) }
	}
	of := func(r *rig[account], c *humasesstest.Client) (a humasess.Authentication) {
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { a = s.Authentication(); return nil })
		return a
	}
	elsewhere := func(r *rig[account], ago time.Duration, class string, amr ...string) humasess.Authentication {
		return humasess.Claims{AuthTime: r.clock.Now().Add(-ago).Unix(), ACR: class, AMR: amr}.Authentication()
	}
	t.Run("A6 a sign-in elsewhere, hours ago, is no fresh one", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		wantStatus(t, signIn(r, c, elsewhere(r, 3*time.Hour, "urn:example:aal2", "pwd", "otp")), http.StatusNoContent)
		r.clock.Advance(time.Minute)
		want := humasess.Claims{AuthTime: r.clock.Now().Add(-3*time.Hour - time.Minute).Unix(), ACR: "urn:example:aal2", AMR: []string{"pwd", "otp"}}
		if got := of(r, c).Claims(); !reflect.DeepEqual(got, want) {
			t.Errorf("claims: got %+v, want %+v", got, want)
		}
		w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error { return s.RequireFresh(2 * time.Hour) })
		wantStatus(t, w, http.StatusForbidden)
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			list, err := s.List(ctx)
			if err == nil && !reflect.DeepEqual(list[0].Authentication.Claims(), want) {
				t.Errorf("in the list: got %+v, want %+v", list[0].Authentication.Claims(), want)
			}
			return err
		})
	})
	for name, seconds := range map[string]int64{"does not say when": 0, "says the zero time": time.Time{}.Unix(), "says a time before 1970": -1} {
		t.Run("A1 A6 a provider that "+name+" is not a proof of now", func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.client()
			a := humasess.Claims{AuthTime: seconds, ACR: "urn:example:high"}.Authentication()
			wantStatus(t, signIn(r, c, a), http.StatusNoContent)
			wantStatus(t, r.call(c, func(_ context.Context, s *humasess.Session[account]) error { return s.RequireFresh(time.Hour) }), http.StatusForbidden)
		})
	}
	t.Run("A1 A6 a provider that does not say when is no proof of now", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		silent := humasess.Claims{ACR: "urn:example:high"}.Authentication()
		wantStatus(t, signIn(r, c, silent), http.StatusNoContent)
		fresh := func(_ context.Context, s *humasess.Session[account]) error { return s.RequireFresh(time.Hour) }
		wantStatus(t, r.call(c, fresh), http.StatusForbidden)

		c = r.signedIn(account{ID: "u1"})
		r.clock.Advance(20 * time.Minute)
		wantStatus(t, r.call(c, again(silent)), http.StatusForbidden)
		if got := of(r, c); got.Class != "" {
			t.Errorf("class: got %q, want none", got.Class)
		}
		r.must(c, fresh)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) })
		r.wantActive(c, true)
	})
	t.Run("A6 L2 and its session lasts as long as any", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		signIn(r, c, elsewhere(r, 20*24*time.Hour, ""))
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wantTime(t, "Deadline", s.Deadline(), r.clock.Now().Add(absolute))
			return errors.Join(s.Remember(true), s.Reauthenticated("pwd"))
		})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wantTime(t, "Deadline when remembered", s.Deadline(), r.clock.Now().Add(30*24*time.Hour))
			return nil
		})
	})
	t.Run("A6 L4 T8 asked again, it is a re-authentication", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		signIn(r, c, elsewhere(r, 3*time.Hour, "1", "pwd"))
		r.clock.Advance(20 * time.Minute)
		old := token(c)
		wantCookies(t, r.must(c, again(elsewhere(r, 5*time.Second, "2", "otp"))), 1)
		r.wantDead(old)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wantTime(t, "Deadline", s.Deadline(), r.clock.Now().Add(absolute))
			if a := s.Authentication(); a.Class != "2" || !slices.Equal(a.Claims().AMR, []string{"pwd", "otp"}) {
				t.Errorf("got %+v, want class 2, by pwd and otp", a)
			}
			return s.RequireFresh(time.Minute)
		})
	})
	t.Run("A6 A2 a provider that has not asked again proves nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		first := elsewhere(r, time.Hour, "1", "pwd")
		signIn(r, c, first)
		r.clock.Advance(20 * time.Minute)
		raised := first
		raised.Class = "3"
		older := elsewhere(r, 24*time.Hour, "3", "hwk")
		for _, a := range []humasess.Authentication{first, raised, older} {
			w := r.call(c, again(a))
			wantStatus(t, w, http.StatusForbidden)
			wantCookies(t, w, 0)
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:reauthentication-required" {
				t.Errorf("type: got %q", got)
			}
		}
		if got := of(r, c); got.Class != "1" || len(got.Methods) != 1 {
			t.Errorf("got %+v, want it unchanged", got)
		}
	})
	t.Run("A2 no class outlives the authentication that it is of", func(t *testing.T) {
		for name, do := range map[string]handler[account]{
			"Reauthenticated": reauthenticate("pwd"),
			"Start":           start(account{ID: "u1"}),
		} {
			r := newRig(t, accountOptions())
			c := r.client()
			signIn(r, c, humasess.Authentication{Class: "aal3"})
			if got := of(r, c).Class; got != "aal3" {
				t.Errorf("%s: before it: got %q, want aal3", name, got)
			}
			r.clock.Advance(time.Minute)
			r.must(c, renew[account])
			r.must(c, increment)
			if got := of(r, c).Class; got != "aal3" {
				t.Errorf("%s: after Renew and Update: got %q, want aal3", name, got)
			}
			r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				err := do(ctx, s)
				if got := s.Authentication().Class; got != "" {
					t.Errorf("%s: in its request: got %q, want none", name, got)
				}
				return err
			})
			if got := of(r, c).Class; got != "" {
				t.Errorf("%s: after it: got %q, want none", name, got)
			}
		}
	})
	t.Run("A2 L11 nothing is of the future", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		signIn(r, c, humasess.Authentication{
			Time: r.clock.Now().Add(time.Hour), Methods: []humasess.Method{{Name: "pwd", Time: r.clock.Now().Add(2 * time.Hour)}, {Name: "otp"}},
		})
		a := of(r, c)
		wantTime(t, "time", a.Time, r.clock.Now())
		for _, m := range a.Methods {
			wantTime(t, m.Name, m.Time, r.clock.Now())
		}
	})
	t.Run("A6 an invalid name of a class or method is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		for _, bad := range []humasess.Authentication{
			{Class: "a b"}, {Class: "é"}, {Class: "a\n"}, {Class: strings.Repeat("a", 256)}, {Methods: []humasess.Method{{Name: "a b"}}},
		} {
			wantStatus(t, r.call(r.signedIn(account{ID: "u1"}), again(bad)), http.StatusInternalServerError)
		}
		longest := humasess.Authentication{Class: strings.Repeat("a", 255)}
		wantStatus(t, r.call(r.signedIn(account{ID: "u1"}), again(longest)), http.StatusNoContent)
	})
}
