package humasess_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
	t.Run("L7 reading the time left extends nothing, and writes nothing", func(t *testing.T) {
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
	t.Run("L7 a change of the handler extends it", func(t *testing.T) {
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

// A request that is refused extends nothing, wherever it is refused.
func TestRefusedRequestsExtendNothing(t *testing.T) {
	type validated struct {
		humasess.Required[account]
		N int `query:"n" minimum:"5"`
	}
	type plain struct {
		N    int `query:"n" minimum:"5"`
		Body struct{ N int }
	}
	usesContext := func(ctx huma.Context, next func(huma.Context)) {
		next(huma.WithValue(ctx, validated{}, ctx.Context().Err()))
	}
	for _, tt := range []struct {
		name, target, body string
		want               int
		extends            bool
	}{
		{"RequireFresh in the handler", "/fresh", "", 403, false},
		{"an authentication that is not newer", "/proof", "", 403, false},
		{"a parameter", "/validated?n=1", "", 422, false},
		{"a body that does not parse", "/plain?n=5", "{", 400, false},
		{"a body of another type", "/plain?n=5", `{"N":"x"}`, 422, false},
		{"a parameter beside Require", "/plain?n=1", `{"N":1}`, 422, false},
		{"the handler's own answer", "/validated?n=6", "", 404, true},
		{"the handler's own answer beside Require", "/v1/plain?n=6", `{"N":1}`, 404, true},
		{"success", "/validated?n=5", "", 204, true},
		{"RequireFresh, and success nevertheless", "/lenient", "", 204, true},
	} {
		for _, wrapped := range []bool{false, true} { // by middleware before the operation
			t.Run(fmt.Sprintf("L1 L10 %s, wrapped %v", tt.name, wrapped), func(t *testing.T) {
				r := newRig(t, accountOptions())
				if wrapped {
					r.api.UseMiddleware(usesContext)
				}
				answer := func(n int) error {
					if n == 6 {
						return huma.Error404NotFound("no such thing")
					}
					return nil
				}
				huma.Put(r.api, "/validated", func(_ context.Context, in *validated) (*struct{}, error) { return nil, answer(in.N) })
				serve := func(_ context.Context, in *plain) (*struct{}, error) { return nil, answer(in.N) }
				huma.Put(r.api, "/plain", serve, r.sessions.Require())
				group := huma.NewGroup(r.api, "/v1")
				group.UseSimpleModifier(r.sessions.Require())
				huma.Put(group, "/plain", serve)
				type needs struct{ humasess.Required[account] }
				huma.Put(r.api, "/fresh", func(_ context.Context, in *needs) (*struct{}, error) { return nil, in.RequireFresh(time.Second) })
				huma.Put(r.api, "/lenient", func(_ context.Context, in *needs) (*struct{}, error) {
					if in.RequireFresh(time.Second) == nil {
						t.Error("got a fresh authentication")
					}
					return nil, nil
				})
				huma.Put(r.api, "/proof", func(_ context.Context, in *needs) (*struct{}, error) {
					return nil, in.ReauthenticatedWith(humasess.Authentication{Time: r.clock.Now().Add(-time.Hour)})
				})
				c := r.signedIn(account{ID: "u1"})
				r.clock.Advance(idle - time.Second)
				w := c.Do(http.MethodPut, tt.target, map[string]int{}, func(req *http.Request) {
					if tt.body != "" {
						req.Body = io.NopCloser(strings.NewReader(tt.body))
						req.ContentLength = int64(len(tt.body))
					}
				})
				wantStatus(t, w, tt.want)
				r.clock.Advance(unused - idle + 2*time.Second)
				r.wantActive(c, tt.extends)
			})
		}
	}

	t.Run("T9 but a new token is confirmed", func(t *testing.T) {
		r := newRig(t, rotating())
		huma.Put(r.api, "/validated", func(context.Context, *validated) (*struct{}, error) { return nil, nil })
		c := r.signedIn(account{ID: "u1"})
		former := token(c)
		r.clock.Advance(rotate)
		wantCookies(t, r.must(c, nothing[account]), 1)
		before := r.clock.Now()
		r.clock.Advance(grace)
		wantStatus(t, c.Do(http.MethodPut, "/validated?n=1", nil), http.StatusUnprocessableEntity)
		r.clock.Advance(grace + 1)
		r.wantDead(former)
		timeLeft(huma.NewGroup(r.api, "/v2"), func(s *humasess.Session[account]) {
			wantTime(t, "ExpiresAt", s.ExpiresAt(), before.Add(unused))
		})
		wantStatus(t, c.Do(http.MethodGet, "/v2/time-left", nil), http.StatusNoContent)
	})
	t.Run("an operation inside of Handler", func(t *testing.T) {
		r := newRig(t, accountOptions())
		huma.Put(r.api, "/validated", func(context.Context, *validated) (*struct{}, error) { return nil, nil })
		c := r.signedIn(account{ID: "u1"})
		outer := humasesstest.NewClient(r.sessions.Handler(r.mux))
		outer.SetCookie(&http.Cookie{Name: cookieName, Value: token(c)})
		r.clock.Advance(idle - time.Second)
		wantStatus(t, outer.Do(http.MethodPut, "/validated?n=1", nil), http.StatusUnprocessableEntity)
		r.clock.Advance(unused - idle + 2*time.Second)
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
