package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
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
			if e.Kind != humasess.EventRefused || e.Reason != humasess.ReasonCSRF {
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
	t.Run("F8 it rotates with the session", func(t *testing.T) {
		w := r.requiredCall(c, renew[account], withHeaders(csrfHeader, first))
		wantStatus(t, w, http.StatusNoContent)
		if post(first) != http.StatusForbidden || post(w.Header().Get(csrfHeader)) != http.StatusNoContent {
			t.Error("the old one works, or the new one does not")
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
	t.Run("F8 its scheme alone is no alternative to a session", func(t *testing.T) {
		huma.Register(r.api, huma.Operation{
			Method: http.MethodGet, Path: "/alone", Security: []map[string][]string{{"sessionCookieCSRF": {}}, {"sessionCookie": {}}},
		}, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
		wantStatus(t, r.client().Do(http.MethodGet, "/alone", nil), http.StatusUnauthorized)
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
