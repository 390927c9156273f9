package e2e_test

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/autopatch"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// documentBehaviours are about the promises of the document.
var documentBehaviours = []behaviour{
	{"O2 O3 O5 O7 every operation answers as the document says", documented},
	{"autopatch requires the session of the operations that it calls", autopatched},
	{"O2 a session is required by default", requiredByDefault},
}

func documented(t *testing.T, a *adapter) {
	var api huma.API
	r := accounts(t, a, func(r *rig[account], to huma.API) {
		api = to
		registerAccess(r, to)
		type input struct {
			humasess.Required[account]
			Body account
		}
		huma.Put(to, "/me", func(context.Context, *input) (*struct{}, error) { return nil, nil })
		public := huma.Operation{OperationID: "public", Method: http.MethodGet, Path: "/public", Security: []map[string][]string{}}
		huma.Register(to, public, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	})
	to, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy.Transport = transport
	session := func(name string, roles ...string) humasesstest.CheckSession {
		cookie := humasesstest.Login(t, r.sessions, account{ID: name, Roles: roles})
		return humasesstest.CheckSession{Name: name, Cookies: []*http.Cookie{cookie}, Roles: roles}
	}
	const internals = "the handlers of every rig are given with the request"
	humasesstest.CheckDocument(t, api, &humasesstest.CheckOptions{
		Sessions:   []humasesstest.CheckSession{session("user"), session("root", "admin")},
		PathParams: map[string]string{"id": "user", "tenant": "acme"},
		Handler:    proxy,
		Skip: map[string]string{
			"get-open": "it says nothing on purpose", "post-call": internals, "post-required": internals, "post-login": internals,
			"get-accounts-by-id-orders": "its guard asks for more than roles",
		},
	})
}

func autopatched(t *testing.T, a *adapter) {
	r := newRig(t, a, setup[account]{opts: trusting(), ops: func(_ *rig[account], api huma.API) {
		huma.Get(api, "/notes/{id}", func(_ context.Context, in *struct {
			humasess.Required[account]
			ID string `path:"id"`
		}) (*meOutput, error) {
			return &meOutput{in.Value()}, nil
		})
		huma.Put(api, "/notes/{id}", func(_ context.Context, in *struct {
			humasess.Required[account]
			ID   string `path:"id"`
			Body account
		}) (*meOutput, error) {
			return &meOutput{in.Body}, in.Session.Update(func(a *account) error { a.Note = in.Body.Note; return nil })
		})
		autopatch.AutoPatch(api)
	}})
	patch := func(c *client, note string, edits ...edit) *response {
		return c.do("PATCH", "/notes/1", `{"note":"`+note+`"}`, append(edits, header("Content-Type", "application/merge-patch+json"))...)
	}
	c := r.signedIn(account{ID: "ada"})
	if !a.can(patching) {
		patch(c, "none").wantStatus(t, http.StatusInternalServerError)
		return
	}
	patch(r.client(), "none").wantStatus(t, http.StatusUnauthorized)
	before := ""
	for _, tt := range []struct {
		name, host, origin, site string
		want                     int
	}{
		{"no browser", "", "", "", http.StatusOK},
		{"own page", "app.example.org", "https://app.example.org", "same-origin", http.StatusOK},
		{"own page without Origin", "app.example.org", "", "same-origin", http.StatusOK},
		{"trusted page", "app.example.org", trustedOrigin, "cross-site", http.StatusOK},
		{"trusted page in an old browser", "app.example.org", trustedOrigin, "", http.StatusOK},
		{"foreign page", "app.example.org", "https://evil.example", "cross-site", http.StatusForbidden},
		{"foreign page without Origin", "app.example.org", "", "cross-site", http.StatusForbidden},
		{"foreign page in an old browser", "app.example.org", "https://evil.example", "", http.StatusForbidden},
		{"page without an origin in an old browser", "app.example.org", "null", "", http.StatusForbidden},
		// The requests that autopatch makes have no host, so their origin is
		// never the host's.
		{"own page in an old browser", "app.example.org", "https://app.example.org", "", http.StatusForbidden},
	} {
		edits := []edit{func(req *http.Request) { req.Host = tt.host }}
		for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
			if value != "" {
				edits = append(edits, header(name, value))
			}
		}
		seen := len(r.seen())
		got := patch(c, tt.name, edits...)
		refused := 0
		for _, e := range r.seen()[seen:] {
			if e.Kind == events.Refused {
				refused++
			}
		}
		want, refusals := tt.name, 0
		if tt.want != http.StatusOK {
			want, refusals = before, 1
		}
		if got.StatusCode != tt.want || refused != refusals {
			t.Errorf("%s: got %d and %d refusals, want %d and %d", tt.name, got.StatusCode, refused, tt.want, refusals)
		}
		if got, _ := r.data(c); got.Note != want {
			t.Errorf("%s: note: got %q, want %q", tt.name, got.Note, want)
		}
		before = want
	}
}

func requiredByDefault(t *testing.T, a *adapter) {
	opts := accountOptions()
	opts.RequireByDefault = true
	r := newRig(t, a, setup[account]{opts: opts, ops: registerAccess})
	c := r.signedIn(account{ID: "ada"})
	r.client().do("GET", "/open", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	c.do("GET", "/open", "").wantStatus(t, http.StatusNoContent)
	r.call(r.client(), nothing[account]).wantStatus(t, http.StatusNoContent)
	r.loginCall(r.client(), start(account{ID: "bob"})).wantCookies(t, 1)
}
