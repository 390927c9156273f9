package humasesstest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// newTokenFixture is newFixture with bearer tokens, and a login that returns one.
func newTokenFixture(t *testing.T) *fixture {
	t.Helper()
	opts := quietOptions()
	opts.Bearer = &humasess.BearerOptions{}
	f := newFixture(t, opts).register()
	huma.Post(f.api, "/token", func(_ context.Context, in *loginInput) (*tokenOutput, error) {
		token, err := in.StartBearer(user{ID: in.Body.Name})
		return &tokenOutput{token}, err
	})
	return f
}

type tokenOutput struct{ Body humasess.BearerToken }

// withToken returns a session with a bearer token.
func (f *fixture) withToken(t *testing.T, name string, roles ...string) humasesstest.CheckSession {
	t.Helper()
	token, err := f.sessions.IssueBearer(t.Context(), user{ID: name, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return humasesstest.CheckSession{Name: name, Token: token.AccessToken, Roles: roles}
}

func TestCheckDocumentAcceptsTokens(t *testing.T) {
	t.Parallel()
	f := newTokenFixture(t)
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t), f.staff(t), f.withToken(t, "phone"), f.withToken(t, "robot", "staff")},
	})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
	// No credential, two dead ones, a dead token beside a cookie, and four sessions.
	want := map[string]int{"get-home": 8, "get-me": 4, "get-health": 8, "get-rota": 2, "get-events": 8}
	for id, n := range f.called {
		if want[id] != n {
			t.Errorf("handler of %q: got %d calls, want %d", id, n, want[id])
		}
	}
}

// TestCheckDocumentSeesLiesAboutTokens breaks an API or its document in one place per
// case.
func TestCheckDocumentSeesLiesAboutTokens(t *testing.T) {
	t.Parallel()
	// front handles some requests, or changes them.
	front := func(match func(*http.Request) bool, change func(http.ResponseWriter, *http.Request) bool) func(*fixture, *humasesstest.CheckOptions) {
		return func(f *fixture, o *humasesstest.CheckOptions) {
			o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !match(r) || !change(w, r) {
					f.mux.ServeHTTP(w, r)
				}
			})
		}
	}
	sends := func(path string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.URL.Path == path && r.Header.Get("Authorization") != "" }
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true }
	}
	drops := func(name string) func(http.ResponseWriter, *http.Request) bool {
		return func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del(name); return false }
	}
	elsewhere := func(r *http.Request) bool { return r.Header.Get("Origin") != "" }
	edit := func(change func(*huma.OpenAPI)) func(*fixture, *humasesstest.CheckOptions) {
		return func(f *fixture, _ *humasesstest.CheckOptions) { change(f.api.OpenAPI()) }
	}
	without := func(op *huma.Operation, key string) {
		op.Security = slices.DeleteFunc(slices.Clone(op.Security), func(a map[string][]string) bool { _, has := a[key]; return has })
	}
	for _, tt := range []struct {
		name  string
		lie   func(*fixture, *humasesstest.CheckOptions)
		parts []string
	}{
		{
			"dead token accepted", front(sends("/me"), status(200)),
			[]string{`"get-me"`, "dead token of sessionBearer", "got 200, want 401"},
		},
		{
			"cookie read beside a token",
			front(func(r *http.Request) bool { return r.Header.Get("Cookie") != "" }, drops("Authorization")),
			[]string{`"get-me"`, "dead token of sessionBearer beside a cookie", "got 200, want 401"},
		},
		{
			"tokens not read", front(sends("/me"), drops("Authorization")),
			[]string{`"get-me"`, "phone", "got 401", "lets it in"},
		},
		{
			"role of a token not enforced", front(sends("/admin"), status(200)),
			[]string{`"get-admin"`, "phone", "got 200, want 403"},
		},
		{
			"cross-origin check of requests with a token",
			front(func(r *http.Request) bool { return sends("/notes")(r) && elsewhere(r) }, status(403)),
			[]string{`"put-notes"`, "dead token of sessionBearer", "page of another origin", "got 403, want 401"},
		},
		{
			"cross-origin requests let in to a login that returns a token",
			front(func(r *http.Request) bool { return r.URL.Path == "/token" && elsewhere(r) }, status(200)),
			[]string{`"post-token"`, "page of another origin", "got 200, want 403"},
		},
		{
			"document edited, token left out and let in all the same", func(f *fixture, o *humasesstest.CheckOptions) {
				front(sends("/me"), status(200))(f, o)
				without(f.api.OpenAPI().Paths["/me"].Get, "sessionBearer")
			}, []string{`"get-me"`, "phone", "got 200, want 401"},
		},
		{
			"document edited, role of the token left out",
			edit(func(o *huma.OpenAPI) {
				delete(o.Paths["/admin"].Get.Responses, "403")
				o.Paths["/admin"].Get.Security = []map[string][]string{{"sessionCookie": {"admin"}}, {"sessionBearer": {}}}
			}),
			[]string{`"get-admin"`, "phone", "got 403", "lets it in"},
		},
		{
			"roles that each session with a token has", func(_ *fixture, o *humasesstest.CheckOptions) { o.Sessions = o.Sessions[:1] },
			[]string{`"get-rota"`, `["staff"] of sessions with a bearer token`, "has a Token and lacks one"},
		},
		{
			"token of no manager", func(_ *fixture, o *humasesstest.CheckOptions) { o.Sessions[1].Token = "jwt" },
			[]string{"phone: the token belongs to no manager"},
		},
		{
			"cookies and a token", func(_ *fixture, o *humasesstest.CheckOptions) { o.Sessions[1].Cookies = o.Sessions[0].Cookies },
			[]string{"phone has cookies and a token"},
		},
		{
			"token that is not active", func(f *fixture, o *humasesstest.CheckOptions) {
				if _, err := f.sessions.RevokeIdentity(t.Context(), "phone"); err != nil {
					t.Error(err)
				}
			}, []string{`"get-me"`, "phone", "got 401", "belongs to no active session"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newTokenFixture(t)
			opts := &humasesstest.CheckOptions{Sessions: []humasesstest.CheckSession{f.plain(t), f.withToken(t, "phone")}}
			tt.lie(f, opts)
			r := &recorder{TB: t}
			humasesstest.CheckDocument(r, f.api, opts)
			if !r.mentions(r.errors, tt.parts...) {
				t.Errorf("got errors %q, want one with %q", r.errors, tt.parts)
			}
		})
	}
}
