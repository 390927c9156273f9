package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores/memory"
)

const csrfHeader = "X-Csrf-Token"

func TestCSRFToken(t *testing.T) {
	o := accountOptions()
	o.CSRFHeader = csrfHeader
	type required struct{ humasess.Required[account] }
	type optional struct{ humasess.Session[account] }
	ok := func(context.Context, *required) (*struct{}, error) { return nil, nil }
	r := newRig(t, o)
	huma.Get(r.api, "/read", ok)
	huma.Post(r.api, "/exempt", ok, humasess.AllowCrossSite)
	huma.Post(r.api, "/optional", func(context.Context, *optional) (*struct{}, error) { return nil, nil })
	var given string
	huma.Get(r.api, "/token", func(_ context.Context, in *required) (*struct{}, error) {
		var err error
		given, err = in.CSRFToken()
		return nil, err
	})
	c := r.client()
	w := r.loginCall(c, start(account{ID: "u1"}))
	wantStatus(t, w, http.StatusNoContent)
	first := w.Header().Get(csrfHeader)
	post := func(token string) int {
		w := r.requiredCall(c, nothing[account], withHeaders(csrfHeader, token))
		if w.Code == http.StatusForbidden {
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:csrf-token" {
				t.Errorf("H4 type: got %q", got)
			}
		}
		return w.Code
	}
	t.Run("F8 the login's response carries it, and the session makes others", func(t *testing.T) {
		wantStatus(t, c.Do(http.MethodGet, "/token", nil), http.StatusNoContent)
		if given == first || post(first) != http.StatusNoContent || post(given) != http.StatusNoContent {
			t.Errorf("got %q and %q, want two that work", first, given)
		}
	})
	t.Run("F8 an unsafe request without it is refused, and nothing is written", func(t *testing.T) {
		r.events.take()
		other := r.client()
		foreign := r.loginCall(other, start(account{ID: "u2"})).Header().Get(csrfHeader)
		r.events.take()
		for name, bad := range map[string]string{
			"none": "", "short": first[1:], "long": first + "A", "of another session": foreign, "the cookie": token(c),
			"of another nonce": spoilt(first), "64 KB": strings.Repeat("A", 64<<10), "newlines": strings.Repeat("\n", 64),
		} {
			if got := post(bad); got != http.StatusForbidden {
				t.Errorf("%s: got %d, want 403", name, got)
			}
		}
		for _, e := range r.events.take() {
			if e.Kind != events.Refused || e.Reason != events.ReasonCSRF {
				t.Errorf("event: got %+v, want a refusal for csrf", e)
			}
		}
	})
	t.Run("F8 safe requests, exempt ones and those without a session need none", func(t *testing.T) {
		wantStatus(t, c.Do(http.MethodGet, "/read", nil), http.StatusNoContent)
		wantStatus(t, c.Do(http.MethodPost, "/exempt", nil), http.StatusNoContent)
		wantStatus(t, r.client().Do(http.MethodPost, "/optional", nil), http.StatusNoContent)
		wantStatus(t, c.Do(http.MethodPost, "/optional", nil), http.StatusForbidden)
		wantStatus(t, r.requiredCall(r.client(), nothing[account]), http.StatusUnauthorized)
	})
	t.Run("F8 a rotation in one tab leaves those of other tabs valid", func(t *testing.T) {
		for name, rotate := range map[string]handler[account]{
			"Renew": renew[account], "Reauthenticated": reauthenticate("pwd"),
			"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
				_, err := s.RevokeOthers(ctx)
				return err
			},
		} {
			w := r.requiredCall(c, rotate, withHeaders(csrfHeader, first))
			wantStatus(t, w, http.StatusNoContent)
			if post(first) != http.StatusNoContent || post(w.Header().Get(csrfHeader)) != http.StatusNoContent {
				t.Errorf("%s: the old one or the new one does not work", name)
			}
		}
	})
	t.Run("F8 a new session, and a change of user, draw a new key", func(t *testing.T) {
		for name, change := range map[string]handler[account]{
			"Start": start(account{ID: "u1"}),
			"Update": func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.ID += "x"; return nil })
			},
		} {
			w := r.requiredCall(c, change, withHeaders(csrfHeader, first))
			wantStatus(t, w, http.StatusNoContent)
			next := w.Header().Get(csrfHeader)
			if post(first) != http.StatusForbidden || post(next) != http.StatusNoContent {
				t.Errorf("%s: the old one works, or the new one does not", name)
			}
			first = next
		}
	})
	t.Run("F8 a session from before the option gets its key with the first token", func(t *testing.T) {
		inner := memory.New(nil)
		before := newRigOn(t, accountOptions(), inner, huma.DefaultConfig("Test", "1"))
		old := before.signedIn(account{ID: "u9"})
		r := newRigOn(t, o, inner, huma.DefaultConfig("Test", "1"))
		c := r.withToken(token(old))
		wantStatus(t, r.requiredCall(c, nothing[account]), http.StatusForbidden)
		var given string
		huma.Get(r.api, "/token", func(_ context.Context, in *required) (*struct{}, error) {
			var err error
			given, err = in.CSRFToken()
			return nil, err
		})
		for range 2 { // the second one finds the key
			wantStatus(t, c.Do(http.MethodGet, "/token", nil), http.StatusNoContent)
			wantStatus(t, r.requiredCall(c, nothing[account], withHeaders(csrfHeader, given)), http.StatusNoContent)
		}
	})
	t.Run("F8 O2 a second scheme in the same requirement", func(t *testing.T) {
		doc := r.api.OpenAPI()
		s := doc.Components.SecuritySchemes["sessionCookieCSRF"]
		if s == nil || s.In != "header" || s.Name != csrfHeader {
			t.Fatalf("scheme: got %+v", s)
		}
		for path, want := range map[string]bool{"/required": true, "/optional": true, "/exempt": false, "/login": false} {
			op, got := doc.Paths[path].Post, 0
			for _, alternative := range op.Security {
				if _, both := alternative["sessionCookieCSRF"]; both {
					got++
					if _, both = alternative["sessionCookie"]; !both {
						t.Errorf("%s: the token stands alone", path)
					}
				}
			}
			if (got == 1) != want {
				t.Errorf("%s: got %v, want the token: %v", path, op.Security, want)
			}
		}
		if got := doc.Paths["/read"].Get.Security; len(got) != 1 || len(got[0]) != 1 {
			t.Errorf("/read: got %v, want the cookie alone", got)
		}
		if got := doc.Paths["/required"].Post.Responses["403"].Description; !strings.Contains(got, "CSRF token in `X-Csrf-Token`") {
			t.Errorf("403: got %q", got)
		}
	})
	t.Run("F8 O2 where a requirement names it, safe and exempt requests need it too", func(t *testing.T) {
		both := []map[string][]string{{"sessionCookie": {}, "sessionCookieCSRF": {}}}
		for _, op := range []huma.Operation{
			{Method: http.MethodGet, Path: "/named", Security: both},
			{Method: http.MethodPost, Path: "/named-exempt", Security: both},
		} {
			if op.Method == http.MethodPost {
				humasess.AllowCrossSite(&op)
			}
			r := newRig(t, o)
			huma.Register(r.api, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
			c := r.client()
			mine := r.loginCall(c, start(account{ID: "u1"})).Header().Get(csrfHeader)
			wantStatus(t, r.client().Do(op.Method, op.Path, nil), http.StatusUnauthorized)
			wantStatus(t, c.Do(op.Method, op.Path, nil), http.StatusForbidden)
			wantStatus(t, c.Do(op.Method, op.Path, nil, withHeaders(csrfHeader, spoilt(mine))), http.StatusForbidden)
			wantStatus(t, c.Do(op.Method, op.Path, nil, withHeaders(csrfHeader, mine)), http.StatusNoContent)
		}
	})
	t.Run("F8 off by default", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		if got := r.loginCall(c, start(account{ID: "u1"})).Header().Get(csrfHeader); got != "" {
			t.Errorf("header: got %q, want none", got)
		}
		wantStatus(t, r.requiredCall(c, nothing[account]), http.StatusNoContent)
	})
}

// Each client could meet a requirement that names the token and not its session,
// because the token proves nothing without the session.
func TestCSRFTokenWithoutItsSession(t *testing.T) {
	o := accountOptions()
	o.CSRFHeader = csrfHeader
	const token, session = "sessionCookieCSRF", "sessionCookie"
	none := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	for _, tt := range []struct {
		name     string
		security []map[string][]string
		register func(api huma.API, op huma.Operation)
	}{
		{"alone", []map[string][]string{{token: {}}}, nil},
		{"beside a session that may be left out", []map[string][]string{{token: {}}, {session: {}}}, nil},
		{"beside nothing", []map[string][]string{{token: {}}, {}}, nil},
		{"beside another session", []map[string][]string{{token: {}, "other": {}}}, nil},
		{"with an optional session", []map[string][]string{{token: {}}}, func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
		}},
		{"of a login", []map[string][]string{{token: {}}}, func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(context.Context, *struct{ humasess.Login[account] }) (*struct{}, error) { return nil, nil })
		}},
	} {
		t.Run("F8 O4 "+tt.name, func(t *testing.T) {
			r := newRig(t, o)
			op := huma.Operation{OperationID: "pay", Method: http.MethodPost, Path: "/pay", Security: tt.security}
			defer func() {
				text := fmt.Sprint(recover())
				for _, want := range []string{"pay", "POST /pay", token, `name "sessionCookie" in the same requirement`} {
					if !strings.Contains(text, want) {
						t.Errorf("panic: got %q, want %q in it", text, want)
					}
				}
			}()
			if tt.register == nil {
				huma.Register(r.api, op, none)
			} else {
				tt.register(r.api, op)
			}
		})
	}
	t.Run("F8 O4 with a required session it is the usual requirement", func(t *testing.T) {
		r := newRig(t, o)
		huma.Register(r.api, huma.Operation{Method: http.MethodPost, Path: "/pay", Security: []map[string][]string{{token: {}}}},
			func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { return nil, nil })
		got := r.api.OpenAPI().Paths["/pay"].Post.Security
		if len(got) != 1 || len(got[0]) != 2 || got[0][session] == nil || got[0][token] == nil {
			t.Errorf("security: got %v, want both schemes in one requirement", got)
		}
	})
	t.Run("F8 O4 written into the document later, it shuts the operation", func(t *testing.T) {
		r := newRig(t, o)
		huma.Register(r.api, huma.Operation{Method: http.MethodPost, Path: "/pay"}, none)
		r.api.OpenAPI().Paths["/pay"].Post.Security = []map[string][]string{{token: {}}}
		wantStatus(t, r.client().Do(http.MethodPost, "/pay", nil), http.StatusInternalServerError)
	})
	t.Run("F8 no check of the program's own takes its place", func(t *testing.T) {
		o := o
		o.Schemes = map[string]func(huma.Context, []string) (account, error){token: func(huma.Context, []string) (account, error) { return account{}, nil }}
		if _, err := humasess.New(memory.New(nil), &o); err == nil || !strings.Contains(err.Error(), token) {
			t.Errorf("got %v, want an error that names %q", err, token)
		}
	})
}
