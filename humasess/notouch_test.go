package humasess_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// timeLeft is an operation that only asks.
func timeLeft(api huma.API, seen func(*humasess.Session[account])) {
	huma.Get(api, "/time-left", func(_ context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
		seen(&in.Session)
		return nil, nil
	}, humasess.NoTouch)
}

func TestNoTouch(t *testing.T) {
	ask := func(t *testing.T, c *humasesstest.Client, want int) *httptest.ResponseRecorder {
		t.Helper()
		w := c.Do(http.MethodGet, "/time-left", nil)
		wantStatus(t, w, want)
		return w
	}
	t.Run("L7 asking what is left extends nothing, and writes nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		begin := r.clock.Now()
		timeLeft(r.api, func(s *humasess.Session[account]) {
			wantTime(t, "ExpiresAt", s.ExpiresAt(), begin.Add(unused))
			wantTime(t, "Deadline", s.Deadline(), begin.Add(absolute))
		})
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		for range 32 {
			r.clock.Advance(time.Minute)
			ask(t, c, http.StatusNoContent)
		}
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 32})
		r.clock.Advance(time.Minute)
		ask(t, c, http.StatusUnauthorized)
	})
	t.Run("L7 T9 nor does it rotate, but a token that is new is confirmed", func(t *testing.T) {
		r := newRig(t, rotating())
		timeLeft(r.api, func(*humasess.Session[account]) {})
		c := r.signedIn(account{ID: "u1"})
		former := token(c)
		r.clock.Advance(rotate)
		wantCookies(t, ask(t, c, http.StatusNoContent), 0)
		wantCookies(t, r.must(c, nothing[account]), 1)
		ask(t, c, http.StatusNoContent)
		r.clock.Advance(grace + 1)
		r.wantDead(former)
	})
	t.Run("L7 what the handler changes extends it", func(t *testing.T) {
		r := newRig(t, accountOptions())
		timeLeft(r.api, func(s *humasess.Session[account]) {
			if err := s.Update(func(a *account) error { a.N++; return nil }); err != nil {
				t.Error(err)
			}
		})
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle - 1)
		ask(t, c, http.StatusNoContent)
		r.clock.Advance(idle - 1)
		r.wantActive(c, true)
	})
	t.Run("L7 it shows in the document, beside an exemption", func(t *testing.T) {
		r := newRig(t, accountOptions())
		timeLeft(r.api, func(*humasess.Session[account]) {})
		ok := func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil }
		group := huma.NewGroup(r.api, "/v1", "/v2")
		huma.Post(group, "/both", ok, humasess.AllowCrossSite, humasess.NoTouch)
		huma.Post(group, "/usual", ok)
		paths := r.api.OpenAPI().Paths
		for _, tt := range []struct {
			op               *huma.Operation
			touch, crossSite any
		}{
			{paths["/time-left"].Get, "never", nil},
			{paths["/v1/both"].Post, "never", "allowed"},
			{paths["/v2/both"].Post, "never", "allowed"},
			{paths["/v1/usual"].Post, nil, nil},
		} {
			got, _ := tt.op.Extensions["x-session"].(map[string]any)
			if got["touch"] != tt.touch || got["crossSite"] != tt.crossSite {
				t.Errorf("%s: got %v, want touch %v and crossSite %v", tt.op.Path, got, tt.touch, tt.crossSite)
			}
		}
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(unused - time.Minute)
		wantStatus(t, c.Do(http.MethodPost, "/v2/both", nil), http.StatusNoContent)
		r.clock.Advance(time.Minute)
		r.wantActive(c, false)
	})
}

func TestDeadline(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.client()
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
		wantTime(t, "L7 without a session", s.Deadline(), time.Time{})
		err := s.Start(account{ID: "u1"})
		wantTime(t, "L7 of one that begins", s.Deadline(), r.clock.Now().Add(absolute))
		return err
	})
	end := r.clock.Now().Add(absolute)
	r.clock.Advance(20 * time.Minute)
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
		wantTime(t, "L7 busy", s.Deadline(), end)
		return s.SetTTL(5 * time.Minute)
	})
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
		wantTime(t, "L7 after SetTTL", s.Deadline(), r.clock.Now().Add(5*time.Minute))
		wantTime(t, "L7 after SetTTL, unused", s.ExpiresAt(), r.clock.Now().Add(5*time.Minute))
		return s.Destroy()
	})
}
