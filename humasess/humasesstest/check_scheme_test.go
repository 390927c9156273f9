package humasesstest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

type fresh struct{}

var _ interface{ Fresh() time.Duration } = fresh{}

func (fresh) Fresh() time.Duration { return time.Hour }

type freshInput struct{ humasess.Guarded[user, fresh] }

// newSchemeFixture is newTokenFixture with two other credentials. An API key counts
// wherever a session is enough. One operation accepts a password as well, and another
// one accepts a key alone.
func newSchemeFixture(t *testing.T) *fixture {
	t.Helper()
	userOf := func(value string) (user, error) {
		switch value {
		case "":
			return user{}, humasess.ErrNoSession
		case "live":
			return user{ID: "robot", Roles: []string{"staff"}}, nil
		}
		return user{}, errors.New("unknown")
	}
	opts := quietOptions()
	opts.Bearer = &humasess.BearerOptions{}
	opts.Schemes = map[string]func(huma.Context, []string) (user, error){
		"apiKey": func(ctx huma.Context, _ []string) (user, error) { return userOf(ctx.Header("X-Key")) },
		"basic": func(ctx huma.Context, _ []string) (user, error) {
			return userOf(strings.TrimPrefix(ctx.Header("Authorization"), "Basic "))
		},
	}
	opts.AcceptSchemes = []string{"apiKey"}
	f := newFixture(t, opts)
	f.api.OpenAPI().Components.SecuritySchemes["apiKey"] = &huma.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Key"}
	f.api.OpenAPI().Components.SecuritySchemes["basic"] = &huma.SecurityScheme{Type: "http", Scheme: "basic"}
	f.register()
	handle(f, http.MethodGet, "/secret", nil, func(*freshInput) error { return nil })
	handle(f, http.MethodGet, "/report", []map[string][]string{{"sessionCookie": {}}, {"basic": {}}}, func(*meInput) error { return nil })
	handle(f, http.MethodPost, "/job", []map[string][]string{{"apiKey": {"write"}}}, func(*struct{}) error { return nil })
	return f
}

func schemes() map[string]humasesstest.CheckScheme {
	add := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	return map[string]humasesstest.CheckScheme{
		"apiKey": {Valid: add("X-Key", "live"), Invalid: add("X-Key", "dead")},
		"basic":  {Valid: add("Authorization", "Basic live"), Invalid: add("Authorization", "Basic dead")},
	}
}

func TestCheckDocumentAcceptsSchemes(t *testing.T) {
	t.Parallel()
	f := newSchemeFixture(t)
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t), f.withToken(t, "phone")}, Schemes: schemes(),
	})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
	// Two sessions get in, the live key, and the cookie beside a dead password. A proof
	// is for sessions, so the cookie counts beside a dead key there. The password gets in
	// to the report only.
	for id, want := range map[string]int{"get-me": 4, "get-rota": 1, "get-secret": 4, "get-report": 5} {
		if f.called[id] != want {
			t.Errorf("handler of %q: got %d calls, want %d", id, f.called[id], want)
		}
	}
	if r.mentions(r.logs, "not tried") || r.mentions(r.logs, `"post-job"`, "is not checked") {
		t.Errorf("got logs %q, want none about schemes", r.logs)
	}
}

func TestCheckDocumentNamesUntriedSchemes(t *testing.T) {
	t.Parallel()
	f := newSchemeFixture(t)
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t), f.withToken(t, "phone")},
		Schemes:  map[string]humasesstest.CheckScheme{"basic": schemes()["basic"]},
	})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
	if !r.mentions(r.logs, `"apiKey"`, "not tried") || !r.mentions(r.logs, `"post-job"`, "is not checked") || r.mentions(r.logs, `"basic"`) {
		t.Errorf("got logs %q, want them about the key only", r.logs)
	}
}

// TestCheckDocumentSeesLiesAboutSchemes breaks an API, its document or the options in one
// place per case.
func TestCheckDocumentSeesLiesAboutSchemes(t *testing.T) {
	t.Parallel()
	// front changes requests to a path that have a header, or handles them.
	front := func(path, name string, change func(http.ResponseWriter, *http.Request) bool) func(*fixture, *humasesstest.CheckOptions) {
		return func(f *fixture, o *humasesstest.CheckOptions) {
			o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != path || r.Header.Get(name) == "" || !change(w, r) {
					f.mux.ServeHTTP(w, r)
				}
			})
		}
	}
	drops := func(names ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(_ http.ResponseWriter, r *http.Request) bool {
			for _, name := range names {
				r.Header.Del(name)
			}
			return false
		}
	}
	answers := func(code int, value string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			hit := strings.HasSuffix(r.Header.Get("X-Key")+r.Header.Get("Authorization"), value)
			if hit {
				w.WriteHeader(code)
			}
			return hit
		}
	}
	use := func(key string, change func(*humasesstest.CheckScheme)) func(*fixture, *humasesstest.CheckOptions) {
		return func(_ *fixture, o *humasesstest.CheckOptions) {
			s := o.Schemes[key]
			change(&s)
			o.Schemes[key] = s
		}
	}
	live := func(s *humasesstest.CheckScheme) { s.Valid = func(*http.Request) {} }
	for _, tt := range []struct {
		name  string
		lie   func(*fixture, *humasesstest.CheckOptions)
		parts []string
	}{
		{
			"live key refused", front("/me", "X-Key", drops("X-Key")),
			[]string{`"get-me"`, "live credential of apiKey", "got 401", "does not accept the credential"},
		},
		{
			"key that is not live", use("apiKey", live),
			[]string{`"get-me"`, "live credential of apiKey", "got 401", "it is not live"},
		},
		{
			"dead key accepted", front("/me", "X-Key", answers(200, "dead")),
			[]string{`"get-me"`, "dead credential of apiKey:", "got 200, want 401"},
		},
		{
			"cookie read beside a dead key", front("/me", "X-Key", func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Cookie") != "" {
					r.Header.Del("X-Key")
				}
				return false
			}),
			[]string{`"get-me"`, "dead credential of apiKey beside a cookie", "got 200, want 401"},
		},
		{
			"cookie not read beside a password of the edge", front("/me", "Authorization", drops("Cookie")),
			[]string{`"get-me"`, "dead credential of basic beside a cookie", "got 401", "lets it in"},
		},
		{
			"password accepted where it is not documented", front("/me", "Authorization", answers(200, "Basic live")),
			[]string{`"get-me"`, "live credential of basic", "got 200, want 401"},
		},
		{
			"key accepted where a recent proof is required", front("/secret", "X-Key", answers(200, "live")),
			[]string{`"get-secret"`, "live credential of apiKey", "got 200, want 401"},
		},
		{
			"dead key accepted where no session counts", front("/job", "X-Key", answers(200, "dead")),
			[]string{`"post-job"`, "dead credential of apiKey", "got 200, want 401"},
		},
		{
			"cross-origin check lifted by a key", front("/notes", "X-Key", drops("Origin", "Sec-Fetch-Site")),
			[]string{`"put-notes"`, "live credential of apiKey", "page of another origin", "want 403"},
		},
		{
			"cross-origin check lifted by a key where no session counts", front("/job", "X-Key", drops("Origin", "Sec-Fetch-Site")),
			[]string{`"post-job"`, "live credential of apiKey", "page of another origin", "want 403"},
		},
		{
			"document edited, key left out", func(f *fixture, _ *humasesstest.CheckOptions) {
				op := f.api.OpenAPI().Paths["/me"].Get
				op.Security = slices.DeleteFunc(slices.Clone(op.Security), func(a map[string][]string) bool { _, has := a["apiKey"]; return has })
			}, []string{`"get-me"`, "dead credential of apiKey beside a cookie", "got 401", "lets it in"},
		},
		{
			"document edited, 401 left out where no session counts", func(f *fixture, _ *humasesstest.CheckOptions) {
				delete(f.api.OpenAPI().Paths["/job"].Post.Responses, "401")
			}, []string{`"post-job"`, "got the right status 401", "does not list"},
		},
		{
			"unknown scheme", func(_ *fixture, o *humasesstest.CheckOptions) { o.Schemes["jwt"] = o.Schemes["apiKey"] },
			[]string{`Schemes["jwt"] names no security scheme`},
		},
		{
			"scheme of the session", func(_ *fixture, o *humasesstest.CheckOptions) { o.Schemes["sessionBearer"] = o.Schemes["apiKey"] },
			[]string{`Schemes["sessionBearer"] is the scheme of a session`},
		},
		{
			"no live credential", use("basic", func(s *humasesstest.CheckScheme) { s.Valid = nil }),
			[]string{`Schemes["basic"] has no Valid`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newSchemeFixture(t)
			opts := &humasesstest.CheckOptions{
				Sessions: []humasesstest.CheckSession{f.plain(t), f.withToken(t, "phone")}, Schemes: schemes(),
			}
			tt.lie(f, opts)
			r := &recorder{TB: t}
			humasesstest.CheckDocument(r, f.api, opts)
			if !r.mentions(r.errors, tt.parts...) {
				t.Errorf("got errors %q, want one with %q", r.errors, tt.parts)
			}
		})
	}
}

// TestCheckDocumentWithBothInOneRequest lets an operation ask for a key and a session
// together, so the document does not tell whether a dead key counts alone.
func TestCheckDocumentWithBothInOneRequest(t *testing.T) {
	t.Parallel()
	f := newSchemeFixture(t)
	huma.Register(f.api, huma.Operation{
		OperationID: "both", Method: http.MethodGet, Path: "/both",
		Security: []map[string][]string{{"sessionCookie": {}, "apiKey": {}}, {"sessionCookie": {"admin"}}},
	}, func(context.Context, *meInput) (*output, error) { return &output{}, nil })
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t), f.withToken(t, "phone")}, Schemes: schemes(),
	})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
}
