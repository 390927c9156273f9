package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// recent is a guard that wants nothing but a fresh authentication.
type recent struct{}

var _ interface{ Fresh() time.Duration } = recent{}

func (recent) Fresh() time.Duration { return 5 * time.Minute }

// never requires an authentication within a setting that was not read.
type never struct{}

var _ interface{ Fresh() time.Duration } = never{}

func (never) Fresh() time.Duration { return 0 }

func TestFresh(t *testing.T) {
	const within = 5 * time.Minute
	const kind = "urn:humasess:problem:reauthentication-required"
	newFresh := func(t *testing.T) *rig[account] {
		r := newRig(t, accountOptions())
		huma.Post(r.api, "/transfer", func(context.Context, *struct {
			humasess.Guarded[account, recent]
			Body struct{ Amount int }
		}) (*struct{}, error) {
			return nil, nil
		})
		return r
	}
	for _, tt := range []struct {
		name string
		age  time.Duration
		want int
	}{
		{"A1 at once", 0, http.StatusNoContent},
		{"A1 just fresh", within, http.StatusNoContent},
		{"A1 a nanosecond too old", within + 1, http.StatusForbidden},
		{"A1 hours old", 20 * time.Minute, http.StatusForbidden},
		{"A1 L11 a clock that has stepped back a little", -within, http.StatusNoContent},
		{"A1 L11 and far", -within - 1, http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newFresh(t)
			c := r.signedIn(account{ID: "u1"})
			r.clock.Advance(tt.age)
			w := c.Do(http.MethodPost, "/transfer", map[string]int{"Amount": 1})
			wantStatus(t, w, tt.want)
			inside := r.call(c, func(_ context.Context, s *humasess.Session[account]) error { return s.RequireFresh(within) })
			wantStatus(t, inside, tt.want)
			if tt.want == http.StatusNoContent {
				return
			}
			for _, got := range []string{problemOf(t, w).Type, problemOf(t, inside).Type} {
				if got != kind {
					t.Errorf("H4 type: got %q, want %q", got, kind)
				}
			}
			r.must(c, reauthenticate("pwd"))
			wantStatus(t, c.Do(http.MethodPost, "/transfer", map[string]int{"Amount": 1}), http.StatusNoContent)
		})
	}
	t.Run("A1 no session is 401, and no body is read for it", func(t *testing.T) {
		r := newFresh(t)
		wantStatus(t, r.client().Do(http.MethodPost, "/transfer", strings.NewReader("{")), http.StatusUnauthorized)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(within + 1)
		wantStatus(t, c.Do(http.MethodPost, "/transfer", strings.NewReader("{")), http.StatusForbidden)
	})
	t.Run("A1 an anonymous session is never fresh", func(t *testing.T) {
		r := newFresh(t)
		c := r.client()
		r.must(c, increment)
		wantStatus(t, c.Do(http.MethodPost, "/transfer", map[string]int{"Amount": 1}), http.StatusUnauthorized)
	})
	t.Run("A1 it is documented", func(t *testing.T) {
		r := newFresh(t)
		text := r.api.OpenAPI().Paths["/transfer"].Post.Responses["403"].Description
		if !strings.Contains(text, "`reauthentication-required`: the user has not authenticated within 5m.") {
			t.Errorf("403: got %q", text)
		}
	})
	t.Run("A1 a guard without a time is refused", func(t *testing.T) {
		r := newFresh(t)
		defer func() {
			if text := fmt.Sprint(recover()); !strings.Contains(text, "its Fresh is not positive") {
				t.Errorf("panic: got %q, want one that names the mistake", text)
			}
		}()
		guarded[never](r.api, http.MethodPost, "/never", nothing[account])
	})
}

// TestRequireFresh is about operations and groups that embed no guard.
func TestRequireFresh(t *testing.T) {
	const within = 5 * time.Minute
	newGroup := func(t *testing.T) *rig[account] {
		r := newRig(t, accountOptions())
		type body struct{ Body struct{ Amount int } }
		pay := func(context.Context, *body) (*struct{}, error) { return nil, nil }
		group := huma.NewGroup(r.api, "/v1", "/v2")
		group.UseSimpleModifier(r.sessions.RequireFresh(within))
		huma.Post(group, "/pay", pay)
		inner := huma.NewGroup(group, "/admin")
		inner.UseSimpleModifier(r.sessions.Require("admin"))
		inner.UseSimpleModifier(r.sessions.RequireFresh(time.Minute))
		huma.Post(inner, "/pay", pay)
		flat := huma.NewGroup(r.api)
		flat.UseSimpleModifier(r.sessions.RequireFresh(within))
		huma.Post(flat, "/flat", pay)
		huma.Post(r.api, "/one", pay, r.sessions.RequireFresh(within))
		huma.Post(r.api, "/hidden", pay, func(op *huma.Operation) { op.Hidden = true }, r.sessions.RequireFresh(within))
		huma.Post(r.api, "/usual", pay, r.sessions.Require())
		return r
	}
	body := map[string]int{"Amount": 1}
	for _, tt := range []struct {
		path string
		age  time.Duration
		want int
	}{
		{"/v1/pay", within, http.StatusNoContent},
		{"/v1/pay", within + 1, http.StatusForbidden},
		{"/v2/pay", within, http.StatusNoContent},
		{"/v2/pay", within + 1, http.StatusForbidden},
		{"/flat", within + 1, http.StatusForbidden},
		{"/one", within + 1, http.StatusForbidden},
		{"/hidden", within, http.StatusNoContent},
		{"/hidden", within + 1, http.StatusForbidden},
		{"/v2/admin/pay", time.Minute, http.StatusNoContent},
		{"/v2/admin/pay", time.Minute + 1, http.StatusForbidden}, // the shorter time
		{"/usual", within + 1, http.StatusNoContent},
	} {
		t.Run(fmt.Sprintf("A1 %s after %v", tt.path, tt.age), func(t *testing.T) {
			r := newGroup(t)
			wantStatus(t, r.client().Do(http.MethodPost, tt.path, strings.NewReader("{")), http.StatusUnauthorized)
			c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
			r.clock.Advance(tt.age)
			w := c.Do(http.MethodPost, tt.path, body)
			wantStatus(t, w, tt.want)
			if tt.want == http.StatusNoContent {
				return
			}
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:reauthentication-required" {
				t.Errorf("H4 type: got %q", got)
			}
			wantStatus(t, c.Do(http.MethodPost, tt.path, strings.NewReader("{")), http.StatusForbidden) // before the body
			r.must(c, reauthenticate("pwd"))
			wantStatus(t, c.Do(http.MethodPost, tt.path, body), http.StatusNoContent)
		})
	}
	t.Run("A1 H4 a missing role is reported first", func(t *testing.T) {
		r := newGroup(t)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(within + 1)
		if got := problemOf(t, c.Do(http.MethodPost, "/v1/admin/pay", body)).Type; got != "urn:humasess:problem:forbidden" {
			t.Errorf("type: got %q, want that of a role", got)
		}
	})
	t.Run("A1 O2 O7 it is documented, in each group", func(t *testing.T) {
		paths := newGroup(t).api.OpenAPI().Paths
		for path, want := range map[string]string{
			"/v1/pay": "5m.", "/v2/pay": "5m.", "/flat": "5m.", "/one": "5m.", "/v1/admin/pay": "1m.", "/usual": "",
		} {
			op := paths[path].Post
			if len(op.Security) != 1 || op.Security[0]["sessionCookie"] == nil || op.Responses["401"] == nil {
				t.Errorf("%s: got security %v, want the session", path, op.Security)
			}
			text := op.Responses["403"].Description
			if got := strings.Contains(text, "reauthentication-required"); got != (want != "") || !strings.Contains(text, want) {
				t.Errorf("%s: 403: got %q, want %q in it", path, text, want)
			}
		}
	})
	t.Run("A1 a time of zero is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		defer func() {
			if text := fmt.Sprint(recover()); !strings.Contains(text, "RequireFresh called with 0s") {
				t.Errorf("panic: got %q", text)
			}
		}()
		r.sessions.RequireFresh(0)
	})
	t.Run("A1 an API without the manager serves no client", func(t *testing.T) {
		r := newRig(t, accountOptions())
		mux := http.NewServeMux()
		huma.Post(humago.New(mux, huma.DefaultConfig("Other", "1.0.0")), "/pay",
			func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, r.sessions.RequireFresh(within))
		wantStatus(t, humasesstest.NewClient(mux).Do(http.MethodPost, "/pay", nil), http.StatusInternalServerError)
	})
}
