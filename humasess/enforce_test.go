package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// ownerGuard admits the owner of the path's account. Its other answers are examples of
// the answers that guards may give.
type ownerGuard struct{}

func (ownerGuard) Check(ctx huma.Context, a account) error {
	switch id := ctx.Param("id"); id {
	case a.ID:
		ctx.SetHeader("X-Guard", "passed")
		return nil
	case "missing":
		return huma.Error404NotFound("no such account")
	case "down":
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the guard's database is down"), http.Header{"Retry-After": {"17"}})
	case "login":
		return huma.ErrorWithHeaders(huma.Error401Unauthorized("prove it again"), http.Header{"WWW-Authenticate": {`Own realm="x"`}})
	case "late":
		return fmt.Errorf("query: %w", context.DeadlineExceeded)
	case "body":
		_, err := io.ReadAll(ctx.BodyReader())
		return err
	case "form":
		_, err := ctx.GetMultipartForm()
		return err
	case "panic":
		panic("guard")
	}
	ctx.SetHeader("X-Guard", "refused")
	return errors.New("secret reason: " + a.ID + " is no owner")
}

// adminGuard requires a role before it checks.
type adminGuard struct{}

func (adminGuard) Roles() []string { return []string{"admin", "staff"} }

func (adminGuard) Check(_ huma.Context, a account) error {
	if a.Note == "suspended" {
		return huma.NewError(http.StatusLocked, "suspended")
	}
	return nil
}

type (
	ownerInput struct {
		humasess.Guarded[account, ownerGuard]
		ID   string `path:"id"`
		Body struct {
			Count int `json:"count" minimum:"1"`
		}
	}
	bothGuards struct {
		Owner
		Admin
		ID string `path:"id"`
	}
	Owner = humasess.Guarded[account, ownerGuard]
	Admin = humasess.Guarded[account, adminGuard]
)

// countingBody says how much of a body was read.
type countingBody struct {
	left, read int
}

func (b *countingBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.left)
	for i := range p[:n] {
		p[i] = '{'
	}
	b.left, b.read = b.left-n, b.read+n
	return n, nil
}

func TestUnauthenticated(t *testing.T) {
	r := newRig(t, accountOptions())
	huma.Post(r.api, "/big", func(context.Context, *struct {
		humasess.Required[account]
		Query int `query:"q" required:"true"`
		Body  struct {
			Name string `json:"name"`
		}
	}) (*struct{}, error) {
		t.Error("the handler ran")
		return nil, nil
	})
	huma.Post(r.api, "/accounts/{id}", func(context.Context, *ownerInput) (*struct{}, error) { return nil, nil })

	t.Run("H6 401 before the body is read, without details", func(t *testing.T) {
		for _, path := range []string{"/big", "/accounts/u1"} {
			body := &countingBody{left: 10 << 20}
			w := r.client().Do(http.MethodPost, path, body)
			wantStatus(t, w, http.StatusUnauthorized)
			wantHeader(t, w, "WWW-Authenticate", `Cookie realm="session"`)
			wantHeader(t, w, "Vary", "Cookie")
			if body.read != 0 {
				t.Errorf("%s: %d bytes of the body were read, want 0", path, body.read)
			}
			p := problemOf(t, w)
			want := problem{Type: "urn:humasess:problem:no-session", Title: "Unauthorized", Status: 401, Detail: "a valid session is required"}
			if fmt.Sprint(p) != fmt.Sprint(want) {
				t.Errorf("problem: got %+v, want %+v", p, want)
			}
		}
	})

	t.Run("T2 the same answer for every kind of bad cookie", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		good := token(c)
		flipped := good[:63] + string(rune('A'+('B'-good[63])%2))
		if flipped == good {
			flipped = good[:63] + "_"
		}
		revoked := r.signedIn(account{ID: "u1"})
		revokedToken := token(revoked)
		r.must(revoked, destroy[account])
		expired := token(r.signedIn(account{ID: "u2"}))
		r.clock.Advance(unused)
		other := newRig(t, func() humasess.Options[account] {
			o := accountOptions()
			o.SchemeName = "otherCookie"
			return o
		}())
		foreign := token(other.signedIn(account{ID: "u1"}))
		live1, live2 := token(r.signedIn(account{ID: "a"})), token(r.signedIn(account{ID: "b"}))
		oldID := token(r.signedIn(account{ID: "c"}))

		var first *httptest.ResponseRecorder
		for name, value := range map[string]string{
			"none":           "",
			"empty":          "__Host-id=",
			"malformed":      "__Host-id=not/a+token",
			"quoted":         `__Host-id="` + live1 + `"`,
			"unknown":        "__Host-id=" + strings.Repeat("x", 64),
			"zero":           "__Host-id=" + strings.Repeat("A", 64),
			"two unknown":    "__Host-id=" + strings.Repeat("x", 64) + "; __Host-id=" + strings.Repeat("y", 64),
			"bad secret":     "__Host-id=" + oldID[:22] + strings.Repeat("A", 42),
			"flipped":        "__Host-id=" + flipped,
			"revoked":        "__Host-id=" + revokedToken,
			"expired":        "__Host-id=" + expired,
			"foreign":        "__Host-id=" + foreign,
			"ambiguous":      "__Host-id=" + live1 + "; __Host-id=" + live2,
			"T11 other name": "id=" + live1,
			"huge":           "__Host-id=" + strings.Repeat("A", 64<<10),
		} {
			w := r.client().Do(http.MethodPost, "/big?q=x", nil, func(req *http.Request) {
				if value != "" {
					req.Header.Set("Cookie", value)
				}
			})
			if first == nil {
				first = w
				wantStatus(t, w, http.StatusUnauthorized)
			}
			if w.Code != first.Code || w.Body.String() != first.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(first.Header()) {
				t.Errorf("%s: got %d %v %s, want %d %v %s", name, w.Code, w.Header(), w.Body, first.Code, first.Header(), first.Body)
			}
		}
	})

	t.Run("T11 a token is accepted in the cookie only", func(t *testing.T) {
		live := token(r.signedIn(account{ID: "u1"}))
		name := cookieName
		edits := map[string]func(*http.Request){
			"query":         func(q *http.Request) { q.URL.RawQuery = name + "=" + live + "&token=" + live },
			"header":        func(q *http.Request) { q.Header.Set(name, live) },
			"authorization": func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+live) },
			"cookie scheme": func(q *http.Request) { q.Header.Set("Authorization", "Cookie "+live) },
			"other cookie":  func(q *http.Request) { q.Header.Set("Cookie", "__Host-id2="+live+"; x__Host-id="+live) },
			"other case":    func(q *http.Request) { q.Header.Set("Cookie", "__host-ID="+live) },
		}
		for kind, edit := range edits {
			if w := r.requiredCall(r.client(), nothing[account], edit); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: got %d, want 401", kind, w.Code)
			}
		}
		w := r.requiredCall(r.client(), nothing[account], func(q *http.Request) { q.Header.Set("Cookie", "a=b; "+name+"="+live) })
		wantStatus(t, w, http.StatusNoContent)
	})

	t.Run("a rejected cookie is left alone", func(t *testing.T) {
		c := r.withToken(strings.Repeat("x", 64))
		wantCookies(t, r.call(c, nothing[account]), 0)
		wantCookies(t, r.requiredCall(c, nothing[account]), 0)
		wantCookies(t, r.call(c, destroy[account]), 0)
	})
}

func TestGuards(t *testing.T) {
	r := newRig(t, accountOptions())
	ran := false
	huma.Post(r.api, "/accounts/{id}", func(_ context.Context, in *ownerInput) (*struct{}, error) {
		ran = true
		if in.Value().ID != in.ID {
			t.Errorf("Value: got %q, want %q", in.Value().ID, in.ID)
		}
		return nil, nil
	})
	guarded[adminGuard](r.api, http.MethodGet, "/admin", func(context.Context, *humasess.Session[account]) error {
		ran = true
		return nil
	})
	huma.Get(r.api, "/both/{id}", func(context.Context, *bothGuards) (*struct{}, error) {
		ran = true
		return nil, nil
	})
	plain := account{ID: "u1"}
	half := account{ID: "u1", Roles: []string{"admin"}}
	full := account{ID: "u1", Roles: []string{"staff", "x", "admin"}}
	fixed := "the user is not allowed to do this"
	tests := []struct {
		name   string
		who    account
		method string
		path   string
		status int
		detail string
		header http.Header
	}{
		{"passes", plain, http.MethodPost, "/accounts/u1", 204, "", http.Header{"X-Guard": {"passed"}}},
		{"H4 any error is a fixed 403", plain, http.MethodPost, "/accounts/u2", 403, fixed, http.Header{"X-Guard": nil}},
		{"a StatusError is sent as it is", plain, http.MethodPost, "/accounts/missing", 404, "no such account", nil},
		{"with its headers", plain, http.MethodPost, "/accounts/down", 503, "the guard's database is down", http.Header{"Retry-After": {"17"}}},
		{"with its own challenge", plain, http.MethodPost, "/accounts/login", 401, "prove it again", http.Header{"Www-Authenticate": {`Own realm="x"`}}},
		{"a guard that could not decide is 503", plain, http.MethodPost, "/accounts/late", 503, "sessions are unavailable at the moment", http.Header{"Retry-After": {"5"}}},
		{"a guard cannot read the body", plain, http.MethodPost, "/accounts/body", 403, fixed, nil},
		{"nor the form", plain, http.MethodPost, "/accounts/form", 403, fixed, nil},
		{"H4 no role", plain, http.MethodGet, "/admin", 403, fixed, nil},
		{"H4 one role of two", half, http.MethodGet, "/admin", 403, fixed, nil},
		{"all roles", full, http.MethodGet, "/admin", 204, "", nil},
		{"roles, then Check", account{ID: "u1", Roles: full.Roles, Note: "suspended"}, http.MethodGet, "/admin", 423, "suspended", nil},
		{"Check only with the roles", account{ID: "u1", Note: "suspended"}, http.MethodGet, "/admin", 403, fixed, nil},
		{"both guards pass", full, http.MethodGet, "/both/u1", 204, "", nil},
		{"the first of two refuses", full, http.MethodGet, "/both/u2", 403, fixed, nil},
		{"the second of two refuses", account{ID: "u1", Roles: full.Roles, Note: "suspended"}, http.MethodGet, "/both/u1", 423, "suspended", nil},
		{"roles of the second", plain, http.MethodGet, "/both/u1", 403, fixed, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ran = false
			c := r.signedIn(tt.who)
			var body any
			if tt.method == http.MethodPost {
				body = map[string]int{"count": 1}
			}
			w := c.Do(tt.method, tt.path, body)
			wantStatus(t, w, tt.status)
			if ran != (tt.status == 204) {
				t.Errorf("handler ran: got %v", ran)
			}
			if tt.status != 204 {
				if got := problemOf(t, w); got.Detail != tt.detail || len(got.Errors) != 0 {
					t.Errorf("problem: got %+v, want detail %q", got, tt.detail)
				}
				if strings.Contains(w.Body.String(), "secret reason") {
					t.Error("the guard's text reached the client")
				}
			}
			for name, want := range tt.header {
				wantHeader(t, w, name, want...)
			}
			wantHeader(t, w, "Cache-Control", "no-store")
			wantHeader(t, w, "Vary", "Cookie")
			wantCookies(t, w, 0)
		})
	}

	t.Run("the text of a guard's error is logged", func(t *testing.T) {
		if !strings.Contains(r.log.String(), "secret reason: u1 is no owner") {
			t.Errorf("log: got %s", r.log)
		}
		var refused []events.Event
		for _, e := range r.events.take() {
			if e.Kind == events.Refused {
				refused = append(refused, e)
			}
		}
		if len(refused) == 0 || refused[0].Reason != events.ReasonGuardError || refused[0].Err == nil || refused[0].Operation == "" {
			t.Errorf("events: got %+v, want the guard's error with its operation", refused)
		}
	})

	t.Run("a refusal reads nothing of the body", func(t *testing.T) {
		for _, id := range []string{"u2", "body", "form", "missing"} {
			body := &countingBody{left: 1 << 20}
			r.signedIn(plain).Do(http.MethodPost, "/accounts/"+id, body)
			if body.read != 0 {
				t.Errorf("%s: %d bytes were read, want 0", id, body.read)
			}
		}
	})

	t.Run("401 comes before 403", func(t *testing.T) {
		for _, path := range []string{"/accounts/u2", "/accounts/missing"} {
			wantStatus(t, r.client().Do(http.MethodPost, path, map[string]int{"count": 1}), http.StatusUnauthorized)
		}
		wantStatus(t, r.client().Do(http.MethodGet, "/admin", nil), http.StatusUnauthorized)
	})

	t.Run("X7 a guard that panics writes nothing", func(t *testing.T) {
		c := r.signedIn(plain)
		r.store.Reset()
		if _, panicked := panicText(func() { c.Do(http.MethodPost, "/accounts/panic", nil) }); !panicked {
			t.Error("the panic did not get through")
		}
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
		r.wantActive(c, true)
	})
}

// The roles change while the request runs. It must not write without the role.
func TestGuardAgain(t *testing.T) {
	r := newRig(t, accountOptions())
	how := ""
	guarded[adminGuard](r.api, http.MethodPost, "/promote", func(ctx context.Context, s *humasess.Session[account]) error {
		a, _ := s.Get()
		if _, err := r.sessions.UpdateIdentity(ctx, a.ID, func(a *account) error {
			switch how {
			case "roles":
				a.Roles = nil
			case "check":
				a.Note = "suspended"
			}
			a.N = 100
			return nil
		}); err != nil {
			return err
		}
		return increment(ctx, s)
	})
	tests := []struct {
		how    string
		status int
		n      int
	}{
		{"nothing", 204, 101},
		{"roles", 409, 100},
		{"check", 409, 100},
	}
	for _, tt := range tests {
		t.Run("after a concurrent change of "+tt.how, func(t *testing.T) {
			c := r.signedIn(account{ID: tt.how, Roles: []string{"admin", "staff"}})
			how = tt.how
			w := c.Do(http.MethodPost, "/promote", nil)
			wantStatus(t, w, tt.status)
			if got, _ := r.data(c); got.N != tt.n {
				t.Errorf("N: got %d, want %d", got.N, tt.n)
			}
		})
	}
}

func TestRequireOnGroup(t *testing.T) {
	r := newRig(t, accountOptions())
	grp := huma.NewGroup(r.api, "/grp")
	grp.UseSimpleModifier(r.sessions.Require("admin"))
	huma.Get(grp, "/x", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	for _, tt := range []struct {
		name string
		c    *humasesstest.Client
		want int
	}{
		{"no session", r.client(), 401},
		{"H4 no role", r.signedIn(account{ID: "u1"}), 403},
		{"role", r.signedIn(account{ID: "u1", Roles: []string{"admin"}}), 204},
	} {
		t.Run(tt.name, func(t *testing.T) { wantStatus(t, tt.c.Do(http.MethodGet, "/grp/x", nil), tt.want) })
	}
}

func TestCrossOriginLogin(t *testing.T) {
	r := newRig(t, accountOptions())
	site := func(v string) func(*http.Request) {
		return func(req *http.Request) { req.Header.Set("Sec-Fetch-Site", v) }
	}
	for _, from := range []string{"cross-site", "same-site"} {
		t.Run("F1 F7 login from "+from+" without any cookie is refused", func(t *testing.T) {
			c := r.client()
			r.store.Reset()
			w := r.loginCall(c, start(account{ID: "u1"}), site(from))
			wantStatus(t, w, http.StatusForbidden)
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:cross-origin" {
				t.Errorf("H4 type: got %q", got)
			}
			wantCookies(t, w, 0)
			r.wantCalls(map[humasesstest.Op]int{})
		})
	}
	t.Run("F7 login from the same origin is not", func(t *testing.T) {
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u1"}), site("same-origin")), http.StatusNoContent)
	})
	t.Run("F11 a foreign upgrade is refused before any look-up", func(t *testing.T) {
		r.in(t)
		huma.Get(r.api, "/socket", func(context.Context, *sessionInput) (*struct{}, error) { return nil, nil })
		upgrade := func(origin string) *httptest.ResponseRecorder {
			c := r.signedIn(account{ID: "u1"})
			r.store.Reset()
			return c.Do(http.MethodGet, "/socket", nil, func(req *http.Request) {
				req.Header.Set("Upgrade", "websocket")
				req.Header.Set("Connection", "Upgrade")
				req.Header.Set("Origin", origin)
			})
		}
		wantStatus(t, upgrade("https://evil.example"), http.StatusForbidden)
		r.wantCalls(map[humasesstest.Op]int{})
		wantStatus(t, upgrade("https://example.com"), http.StatusNoContent)
	})
	t.Run("F1 logging out from another site is refused before any look-up", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		wantStatus(t, r.call(c, destroy[account], site("cross-site")), http.StatusForbidden)
		r.wantCalls(map[humasesstest.Op]int{})
		r.wantActive(c, true)
	})
}

func TestEventReasons(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	good := token(c)
	r.events.take()
	for _, tt := range []struct {
		name, value string
		reason      events.Reason
	}{
		{"malformed", "x", events.ReasonMalformed},
		{"unknown", strings.Repeat("x", 64), events.ReasonUnknown},
		{"bad secret", good[:22] + strings.Repeat("A", 42), events.ReasonMismatch},
	} {
		r.call(r.withToken(tt.value), nothing[account])
		got := r.events.take()
		if len(got) != 1 || got[0].Kind != events.Rejected || got[0].Reason != tt.reason {
			t.Errorf("%s: got %+v, want one rejection with %q", tt.name, got, tt.reason)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), tt.value) {
			t.Errorf("E2 %s: an event carries the cookie's value", tt.name)
		}
	}
	if got := r.events.kinds(); slices.Contains(got, events.Rejected) {
		t.Errorf("a good cookie: got %q", got)
	}
}
