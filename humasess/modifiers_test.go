package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

func withHeaders(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

func TestAllowCrossSite(t *testing.T) {
	r := newRig(t, accountOptions())
	type input struct{ humasess.Required[account] }
	ok := func(context.Context, *input) (*struct{}, error) { return nil, nil }
	huma.Post(r.api, "/callback", ok, humasess.AllowCrossSite)
	huma.Post(r.api, "/usual", ok)
	group := huma.NewGroup(r.api, "/v1", "/v2")
	huma.Post(group, "/callback", ok, humasess.AllowCrossSite)
	huma.Post(group, "/usual", ok)
	c := r.signedIn(account{ID: "u1"})
	foreign := withHeaders("Sec-Fetch-Site", "cross-site", "Origin", "https://idp.example")
	for path, want := range map[string]int{
		"/callback": http.StatusNoContent, "/v1/callback": http.StatusNoContent, "/v2/callback": http.StatusNoContent,
		"/usual": http.StatusForbidden, "/v1/usual": http.StatusForbidden, "/v2/usual": http.StatusForbidden,
	} {
		t.Run("F4 "+path+" is exempt, and nothing else", func(t *testing.T) {
			wantStatus(t, c.Do(http.MethodPost, path, nil, foreign), want)
		})
		t.Run("F4 "+path+" in the document", func(t *testing.T) {
			op := r.api.OpenAPI().Paths[path].Post
			exempt := want == http.StatusNoContent
			_, shown := op.Extensions["x-session"]
			_, refuses := op.Responses["403"]
			if shown != exempt || refuses == exempt {
				t.Errorf("got x-session %v and a 403: %v, want exempt: %v", op.Extensions["x-session"], refuses, exempt)
			}
		})
	}
	t.Run("F4 a session is required all the same", func(t *testing.T) {
		wantStatus(t, r.client().Do(http.MethodPost, "/callback", nil, foreign), http.StatusUnauthorized)
	})
}

func TestRejectCrossSiteReads(t *testing.T) {
	o := accountOptions()
	o.RejectCrossSiteReads = true
	o.TrustedOrigins = []string{"https://app.example"}
	for _, tt := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"F10 not by a browser", nil, http.StatusNoContent},
		{"F10 same origin", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, http.StatusNoContent},
		{"F10 same site", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"}, http.StatusNoContent},
		{"F10 typed by the user", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, http.StatusNoContent},
		{"F10 a link elsewhere", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, http.StatusNoContent},
		{"F10 an image elsewhere", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, http.StatusForbidden},
		{"F10 a fetch elsewhere", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Origin", "https://evil.example"}, http.StatusForbidden},
		{"F10 a plugin elsewhere", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"}, http.StatusForbidden},
		{"F10 a trusted origin", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Origin", "https://app.example"}, http.StatusNoContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, o)
			huma.Get(r.api, "/me", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
			c := r.signedIn(account{ID: "u1"})
			r.store.Reset()
			w := c.Do(http.MethodGet, "/me", nil, withHeaders(tt.headers...))
			wantStatus(t, w, tt.want)
			if tt.want == http.StatusForbidden {
				wantHeader(t, w, "Vary", "Sec-Fetch-Site, Origin")
				r.wantCalls(nil)
			}
			if got := r.api.OpenAPI().Paths["/me"].Get.Responses["403"]; got == nil || !strings.Contains(got.Description, "another origin") {
				t.Errorf("403 in the document: got %v", got)
			}
			handler := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
			r.mux.Handle("/plain", handler)
			wantStatus(t, c.Do(http.MethodGet, "/plain", nil, withHeaders(tt.headers...)), tt.want)
		})
	}
	t.Run("F10 off by default", func(t *testing.T) {
		r := newRig(t, accountOptions())
		huma.Get(r.api, "/me", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
		w := r.client().Do(http.MethodGet, "/me", nil, withHeaders("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"))
		wantStatus(t, w, http.StatusNoContent)
	})
}

func TestClearSiteData(t *testing.T) {
	o := accountOptions()
	o.ClearSiteData = []string{"cache", "storage"}
	r := newRig(t, o)
	c := r.signedIn(account{ID: "u1"})
	t.Run("H3 not before", func(t *testing.T) {
		wantHeader(t, r.must(c, increment), "Clear-Site-Data")
		wantHeader(t, r.must(c, renew[account]), "Clear-Site-Data")
	})
	t.Run("H3 on logout, beside the cookie that expires", func(t *testing.T) {
		w := r.must(c, destroy[account])
		wantHeader(t, w, "Clear-Site-Data", `"cache", "storage"`)
		wantCookies(t, w, 1)
	})
	t.Run("H3 not without a session", func(t *testing.T) {
		wantHeader(t, r.must(r.client(), destroy[account]), "Clear-Site-Data")
	})
	t.Run("H3 not by default", func(t *testing.T) {
		r := newRig(t, accountOptions())
		wantHeader(t, r.must(r.signedIn(account{ID: "u1"}), destroy[account]), "Clear-Site-Data")
	})
}
