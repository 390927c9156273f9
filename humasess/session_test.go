package humasess_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestStart(t *testing.T) {
	r := newRig(t, accountOptions())

	t.Run("begins a session", func(t *testing.T) {
		c := r.client()
		var id string
		w := r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
			if s.Active() || s.ID() != "" || !s.CreatedAt().IsZero() || !s.ExpiresAt().IsZero() {
				t.Errorf("before Start: got active %v, ID %q, created %v, expires %v, want nothing", s.Active(), s.ID(), s.CreatedAt(), s.ExpiresAt())
			}
			if err := s.Start(account{ID: "u1", N: 7}); err != nil {
				return err
			}
			got, ok := s.Get()
			if !ok || got.ID != "u1" || got.N != 7 || !s.Active() {
				t.Errorf("after Start: got %+v, %v, want u1 with 7", got, ok)
			}
			wantTime(t, "CreatedAt", s.CreatedAt(), r.clock.Now())
			wantTime(t, "ExpiresAt", s.ExpiresAt(), r.clock.Now().Add(unused))
			id = s.ID()
			return nil
		})
		wantStatus(t, w, http.StatusNoContent)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if got, _ := s.Get(); got.ID != "u1" || got.N != 7 {
				t.Errorf("next request: got %+v, want u1 with 7", got)
			}
			if s.ID() != id || id == "" {
				t.Errorf("ID: got %q, want %q", s.ID(), id)
			}
			wantTime(t, "CreatedAt", s.CreatedAt(), r.clock.Now())
			return nil
		})
	})

	t.Run("T8 a new token and ID each time, the old token is dead", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		before := token(c)
		var old, now string
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			old = s.ID()
			return s.Start(account{ID: "u1"})
		})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { now = s.ID(); return nil })
		if after := token(c); after == before || after == "" {
			t.Errorf("token after signing in again: got the old one or none (%d bytes)", len(after))
		}
		if old == now || now == "" {
			t.Errorf("ID: got %q after %q, want a new one", now, old)
		}
		r.wantActive(r.withToken(before), false)
		r.wantActive(c, true)
	})

	t.Run("L4 both deadlines restart", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		for range 35 { // 11 h 40 min of 12 h
			r.clock.Advance(20 * time.Minute)
			r.wantActive(c, true)
		}
		r.must(c, start(account{ID: "u1"}))
		for range 35 {
			r.clock.Advance(20 * time.Minute)
			r.wantActive(c, true)
		}
	})

	t.Run("the last Start counts", func(t *testing.T) {
		c := r.client()
		w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "first"}); err != nil {
				return err
			}
			return s.Start(account{ID: "second"})
		})
		wantCookies(t, w, 1)
		if got, _ := r.data(c); got.ID != "second" {
			t.Errorf("data: got %q, want %q", got.ID, "second")
		}
		if list, err := r.sessions.List(context.Background(), "first"); err != nil || len(list) != 0 {
			t.Errorf("sessions of the first: got %v, %v, want none", list, err)
		}
	})

	t.Run("T3 a token that was not issued is never adopted", func(t *testing.T) {
		dead := r.signedIn(account{ID: "u1"})
		expired := token(dead)
		r.clock.Advance(time.Hour)
		for name, sent := range map[string]string{
			"random":  strings.Repeat("Ab3-", 16),
			"expired": expired,
			"short":   "abc",
		} {
			c := r.withToken(sent)
			wantStatus(t, r.loginCall(c, start(account{ID: "u1"})), http.StatusNoContent)
			if got := token(c); got == sent || len(got) != 64 || got[:21] == sent[:min(21, len(sent))] {
				t.Errorf("%s: the token that was sent, or its ID, was adopted", name)
			}
			r.wantActive(r.withToken(sent), false)
		}
	})
}

func TestDestroy(t *testing.T) {
	r := newRig(t, accountOptions())

	t.Run("R1 the old token stays dead", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		w := r.call(c, destroy[account])
		wantCookies(t, w, 1)
		if line := setCookies(w)[0]; !strings.HasPrefix(line, "__Host-id=;") || !strings.Contains(line, "Max-Age=0") {
			t.Errorf("Set-Cookie: got %q, want one that deletes", line)
		}
		if got := token(c); got != "" {
			t.Error("the client still has a cookie")
		}
		r.wantActive(r.withToken(old), false)
		if list, err := r.sessions.List(context.Background(), "u1"); err != nil || len(list) != 0 {
			t.Errorf("R9 index: got %v, %v, want nothing", list, err)
		}
	})

	t.Run("R16 without a session it does nothing", func(t *testing.T) {
		c := r.client()
		r.store.Reset()
		r.events.take()
		w := r.must(c, destroy[account])
		wantCookies(t, w, 0)
		r.wantCalls(map[humasesstest.Op]int{})
		wantKinds(t, r.events)
	})

	t.Run("R16 twice is once", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.events.take()
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Destroy(); err != nil {
				return err
			}
			if _, ok := s.Get(); ok || s.Active() || s.ID() != "" {
				t.Error("the session is active after Destroy")
			}
			return s.Destroy()
		})
		wantCookies(t, w, 1)
		wantKinds(t, r.events, events.Destroyed)
	})

	t.Run("of a session that another request ended", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		w := r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := r.sessions.Revoke(ctx, s.ID()); err != nil {
				return err
			}
			return s.Destroy()
		})
		wantCookies(t, w, 1)
		r.wantActive(c, false)
	})

	t.Run("then Start in one request", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Destroy(); err != nil {
				return err
			}
			return s.Start(account{ID: "u2"})
		})
		wantCookies(t, w, 1)
		if got, _ := r.data(c); got.ID != "u2" {
			t.Errorf("data: got %+v, want u2", got)
		}
		r.wantActive(r.withToken(old), false)
	})

	t.Run("of a session that was started in the same request leaves nothing", func(t *testing.T) {
		c := r.client()
		r.store.Reset()
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u9"}); err != nil {
				return err
			}
			return s.Destroy()
		})
		wantCookies(t, w, 0)
		r.wantCalls(map[humasesstest.Op]int{})
	})
}

func TestUpdate(t *testing.T) {
	r := newRig(t, accountOptions())

	t.Run("changes in place, without a cookie", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1", N: 1})
		before := token(c)
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			id := s.ID()
			for range 3 {
				if err := increment(context.Background(), s); err != nil {
					return err
				}
			}
			if got, _ := s.Get(); got.N != 4 || s.ID() != id {
				t.Errorf("in the request: got N %d and ID %q, want 4 and %q", got.N, s.ID(), id)
			}
			return nil
		})
		wantCookies(t, w, 0)
		if got, _ := r.data(c); got.N != 4 || token(c) != before {
			t.Errorf("N: got %d, want 4, with the same token", got.N)
		}
	})

	t.Run("X1 an error of the function changes nothing", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1", N: 1})
		r.store.Reset()
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			wrong := fmt.Errorf("wrong")
			if err := s.Update(func(a *account) error { a.N = 99; return wrong }); err != wrong {
				t.Errorf("Update: got %v, want the function's own error", err)
			}
			if got, _ := s.Get(); got.N != 1 {
				t.Errorf("N: got %d, want 1", got.N)
			}
			return nil
		})
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
		if got, _ := r.data(c); got.N != 1 {
			t.Errorf("N: got %d, want 1", got.N)
		}
	})

	t.Run("without a session it starts an anonymous one", func(t *testing.T) {
		c := r.client()
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if err := increment(context.Background(), s); err != nil {
				return err
			}
			if s.ID() == "" || !s.Active() {
				t.Error("no session is active after Update")
			}
			return increment(context.Background(), s)
		})
		wantCookies(t, w, 1)
		if got, _ := r.data(c); got.N != 2 || got.ID != "" {
			t.Errorf("data: got %+v, want N 2 and no ID", got)
		}
	})

	t.Run("T8 a change of identity renews like Start", func(t *testing.T) {
		c := r.client()
		r.must(c, increment) // anonymous
		r.clock.Advance(20 * time.Minute)
		before := token(c)
		var anonymous, known string
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			anonymous = s.ID()
			err := s.Update(func(a *account) error { a.ID = "u7"; return nil })
			known = s.ID()
			return err
		})
		wantCookies(t, w, 1)
		if token(c) == before || anonymous == known || known == "" {
			t.Errorf("identity change: got ID %q after %q, want another ID and token", known, anonymous)
		}
		r.wantActive(r.withToken(before), false)
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			got, _ := s.Get()
			if got.ID != "u7" || got.N != 1 {
				t.Errorf("data: got %+v, want u7 that kept N", got)
			}
			wantTime(t, "CreatedAt", s.CreatedAt(), r.clock.Now())
			list, err := s.List(ctx)
			if err != nil || len(list) != 1 || list[0].ID != known {
				t.Errorf("List: got %v, %v, want this one", list, err)
			}
			return nil
		})
	})

	t.Run("an identity that moves away and back in one request stays", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		before := token(c)
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			for _, id := range []string{"u2", "u1"} {
				if err := s.Update(func(a *account) error { a.ID, a.N = id, a.N+1; return nil }); err != nil {
					return err
				}
			}
			return nil
		})
		wantCookies(t, w, 0)
		if got, _ := r.data(c); got.N != 2 || got.ID != "u1" || token(c) != before {
			t.Errorf("data: got %+v, want u1 with 2 changes and the same token", got)
		}
	})

	t.Run("of a session that ended meanwhile is 401", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.events.take()
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := r.sessions.Revoke(ctx, s.ID()); err != nil {
				return err
			}
			return increment(ctx, s)
		})
		wantStatus(t, w, http.StatusUnauthorized)
		wantCookies(t, w, 0)
		wantHeader(t, w, "WWW-Authenticate", `Cookie realm="session"`)
	})
}

func TestRenew(t *testing.T) {
	r := newRig(t, accountOptions())

	t.Run("T8 a new token for the same session", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1", N: 3})
		before := token(c)
		var id string
		w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			id = s.ID()
			return s.Renew()
		})
		wantCookies(t, w, 1)
		if token(c) == before {
			t.Error("the token is the old one")
		}
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if got, _ := s.Get(); s.ID() != id || got.N != 3 {
				t.Errorf("after Renew: got %q with %+v, want %q with N 3", s.ID(), got, id)
			}
			return nil
		})
		r.wantActive(r.withToken(before), true) // within the grace
		r.clock.Advance(11 * time.Second)
		r.wantActive(r.withToken(before), false)
		r.wantActive(c, true)
	})

	t.Run("the bearer of the old token may not change identity, nor renew", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		former := r.withToken(token(c))
		r.must(c, renew[account])
		tests := []struct {
			name string
			do   handler[account]
			want int
		}{
			{"identity change", func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.ID = "u2"; return nil })
			}, http.StatusConflict},
			{"RevokeOthers", func(ctx context.Context, s *humasess.Session[account]) error {
				_, err := s.RevokeOthers(ctx)
				return err
			}, http.StatusConflict},
			{"RevokeAll", func(ctx context.Context, s *humasess.Session[account]) error {
				_, err := s.RevokeAll(ctx)
				return err
			}, http.StatusConflict},
			{"Renew", renew[account], http.StatusNoContent},
			{"Update", increment, http.StatusNoContent},
		}
		for _, tt := range tests {
			w := r.call(former.Clone(), tt.do)
			if w.Code != tt.want {
				t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.want)
			}
			wantCookies(t, w, 0)
		}
		r.wantActive(c, true)
	})

	t.Run("with a change is one write", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			return s.Renew()
		})
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpUpdate: 1})
	})
}

func TestFrom(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
		below := context.WithValue(ctx, struct{ below string }{}, 1)
		got, ok := humasess.From[account](below)
		if !ok || got.ID() != s.ID() {
			t.Errorf("From: got %v, %v, want the session of the input", got, ok)
		}
		if err := increment(ctx, got); err != nil {
			t.Errorf("Update: %v", err)
		}
		if a, _ := s.Get(); a.N != 1 {
			t.Errorf("N seen by the input's session: got %d, want 1", a.N)
		}
		if _, ok := humasess.From[map[string]string](ctx); ok {
			t.Error("From found a session of a type that the operation does not embed")
		}
		return nil
	})
	if got, _ := r.data(c); got.N != 1 {
		t.Errorf("N: got %d, want 1", got.N)
	}
	if _, ok := humasess.From[account](context.Background()); ok {
		t.Error("From found a session outside any request")
	}
}

func TestSessionText(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1", Note: "private"})
	secret := token(c)[22:]
	t.Run("E2 its ID and nothing else", func(t *testing.T) {
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "session", s, "value", *s)
			texts := []string{s.String(), fmt.Sprintf("%v", s), fmt.Sprintf("%+v", *s), fmt.Sprintf("%#v", s), fmt.Sprint(*s), log.String()}
			for _, text := range texts {
				if !strings.Contains(text, s.ID()) || strings.Contains(text, secret) || strings.Contains(text, "private") {
					t.Errorf("text of a session: got %q, want its ID and nothing else", text)
				}
			}
			return nil
		})
	})
	var unbound humasess.Session[account]
	if got, want := unbound.String(), "session(unbound)"; got != want {
		t.Errorf("unbound: got %q, want %q", got, want)
	}
}

func TestUnboundPanics(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "embed the session type") {
			t.Errorf("panic: got %q, want the fix", text)
		}
	}()
	var s humasess.Session[account]
	s.Get()
}

func TestNoSession(t *testing.T) {
	r := newRig(t, accountOptions())
	tests := []struct {
		name string
		do   handler[account]
	}{
		{"Renew", renew[account]},
		{"Remember", func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) }},
		{"SetTTL", func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(time.Minute) }},
		{"List", func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }},
		{"Revoke", func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, "x") }},
		{"RevokeOthers", func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		}},
		{"RevokeAll", func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err }},
	}
	for _, tt := range tests {
		t.Run("H6 "+tt.name+" without a session is 401", func(t *testing.T) {
			w := r.call(r.client(), tt.do)
			wantStatus(t, w, http.StatusUnauthorized)
			wantHeader(t, w, "WWW-Authenticate", `Cookie realm="session"`)
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:no-session" {
				t.Errorf("type: got %q", got)
			}
		})
	}
	if got := r.events.kinds(); slices.Contains(got, events.StoreFailed) {
		t.Errorf("events: got %q", got)
	}
}
