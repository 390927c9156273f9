package humasesstest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/humatest"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// plain returns a session without roles, and staff one with the role staff.
func (f *fixture) plain(t *testing.T) humasesstest.CheckSession {
	return humasesstest.CheckSession{Name: "plain", Cookies: []*http.Cookie{humasesstest.Login(t, f.sessions, user{ID: "grace"})}}
}

func (f *fixture) staff(t *testing.T) humasesstest.CheckSession {
	roles := []string{"staff"}
	return humasesstest.CheckSession{
		Name: "staff", Roles: roles,
		Cookies: []*http.Cookie{humasesstest.Login(t, f.sessions, user{ID: "ada", Roles: roles})},
	}
}

func TestCheckDocumentAcceptsTruth(t *testing.T) {
	t.Parallel()
	f := newFixture(t, quietOptions()).register()
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t), f.staff(t)},
	})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
	// Only safe operations that let a request in are called.
	want := map[string]int{"get-home": 4, "get-me": 2, "get-health": 4, "get-rota": 1, "get-events": 4}
	for id, n := range f.called {
		if want[id] != n {
			t.Errorf("handler of %q: got %d calls, want %d", id, n, want[id])
		}
	}
	for id, n := range want {
		if f.called[id] != n {
			t.Errorf("handler of %q: got %d calls, want %d", id, f.called[id], n)
		}
	}
	if !r.mentions(r.logs, `"post-logout"`, "not called") {
		t.Errorf("got logs %q, want one about post-logout, which was not called", r.logs)
	}
}

func TestCheckDocumentCallUnsafe(t *testing.T) {
	t.Parallel()
	f := newFixture(t, quietOptions()).register()
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{f.plain(t)}, CallUnsafe: true,
	})
	if got := f.called["post-logout"]; got != 3 {
		t.Errorf("post-logout with CallUnsafe: got %d calls, want 3", got)
	}
	if got := f.called["post-login"] + f.called["put-notes"]; got != 0 {
		t.Errorf("operations that read JSON: got %d calls, want 0", got)
	}
}

// TestCheckDocumentSeesLies breaks an API or its document in one place per case.
func TestCheckDocumentSeesLies(t *testing.T) {
	t.Parallel()
	edit := func(change func(oapi *huma.OpenAPI)) func(*testing.T, *fixture, *humasesstest.CheckOptions) {
		return func(_ *testing.T, f *fixture, _ *humasesstest.CheckOptions) { change(f.api.OpenAPI()) }
	}
	front := func(match func(*http.Request) bool, do http.HandlerFunc) func(*testing.T, *fixture, *humasesstest.CheckOptions) {
		return func(_ *testing.T, f *fixture, o *humasesstest.CheckOptions) {
			o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if match(r) {
					do(w, r)
					return
				}
				f.mux.ServeHTTP(w, r)
			})
		}
	}
	at := func(method, path string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method && r.URL.Path == path }
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := []struct {
		name  string
		lie   func(*testing.T, *fixture, *humasesstest.CheckOptions)
		parts []string
	}{
		{
			name:  "document edited, required operation said to be public",
			lie:   edit(func(o *huma.OpenAPI) { o.Paths["/me"].Get.Security = public }),
			parts: []string{`"get-me" (GET /me)`, "no cookie", "got 401", "lets it in"},
		},
		{
			name:  "document edited, requirement said to be optional",
			lie:   edit(func(o *huma.OpenAPI) { o.Paths["/me"].Get.Security = []map[string][]string{{"sessionCookie": {}}, {}} }),
			parts: []string{`"get-me"`, "dead cookie", "got 401", "lets it in"},
		},
		{
			name: "document edited, role left out",
			lie: edit(func(o *huma.OpenAPI) {
				o.Paths["/staff/rota"].Get.Security[0]["sessionCookie"] = []string{}
				delete(o.Paths["/staff/rota"].Get.Responses, "403")
			}),
			parts: []string{`"get-rota"`, "plain", "got 403", "lets it in"},
		},
		{
			name:  "document edited, 401 left out",
			lie:   edit(func(o *huma.OpenAPI) { delete(o.Paths["/me"].Get.Responses, "401") }),
			parts: []string{`"get-me"`, "got the right status 401", "does not list"},
		},
		{
			name:  "document edited, success left out",
			lie:   edit(func(o *huma.OpenAPI) { delete(o.Paths["/home"].Get.Responses, "200") }),
			parts: []string{`"get-home"`, "got 200", "does not list"},
		},
		{
			name:  "protection removed",
			lie:   front(at("GET", "/me"), status(200)),
			parts: []string{`"get-me"`, "no cookie", "got 200, want 401"},
		},
		{
			name:  "dead cookie accepted",
			lie:   front(func(r *http.Request) bool { return r.URL.Path == "/me" && r.Header.Get("Cookie") != "" }, status(200)),
			parts: []string{`"get-me"`, "dead cookie", "got 200, want 401"},
		},
		{
			name: "role not enforced",
			lie: front(func(r *http.Request) bool {
				return r.URL.Path == "/admin" && r.Header.Get("Cookie") != ""
			}, status(200)),
			parts: []string{`"get-admin"`, "plain", "got 200, want 403", "admin"},
		},
		{
			name:  "undocumented protection of a public operation",
			lie:   front(at("GET", "/health"), status(401)),
			parts: []string{`"get-health"`, "no cookie", "got 401", "lets it in"},
		},
		{
			name:  "undocumented protection of an optional operation",
			lie:   front(at("GET", "/home"), status(403)),
			parts: []string{`"get-home"`, "got 403", "lets it in"},
		},
		{
			name: "undocumented role on an unsafe operation",
			lie: front(func(r *http.Request) bool {
				return r.URL.Path == "/notes" && r.Header.Get("Cookie") != "" && r.Header.Get("Origin") == ""
			}, status(403)),
			parts: []string{`"put-notes"`, "plain", "got 403", "lets it in"},
		},
		{
			name:  "cross-origin requests let in to a session",
			lie:   front(func(r *http.Request) bool { return r.URL.Path == "/notes" && r.Header.Get("Origin") != "" }, status(200)),
			parts: []string{`"put-notes"`, "page of another origin", "got 200, want 403"},
		},
		{
			name:  "cross-origin requests let in to the login",
			lie:   front(func(r *http.Request) bool { return r.URL.Path == "/login" && r.Header.Get("Origin") != "" }, status(200)),
			parts: []string{`"post-login"`, "page of another origin", "got 200, want 403"},
		},
		{
			name:  "server error",
			lie:   front(at("GET", "/home"), status(500)),
			parts: []string{`"get-home"`, "got 500", "does not list"},
		},
		{
			name:  "panic",
			lie:   front(at("GET", "/health"), func(http.ResponseWriter, *http.Request) { panic("oops") }),
			parts: []string{`"get-health"`, "panicked: oops"},
		},
		{
			name:  "not routed",
			lie:   front(at("GET", "/me"), status(404)),
			parts: []string{`"get-me"`, "got 404, want 401", "Prefix"},
		},
		{
			name: "unmarked",
			lie: func(_ *testing.T, f *fixture, _ *humasesstest.CheckOptions) {
				handle(f, http.MethodGet, "/bare", nil, func(*struct{}) error { return nil })
			},
			parts: []string{`"get-bare" (GET /bare)`, "neither a session nor a public mark"},
		},
		{
			name: "lower-case layer, which huma does not see",
			lie: func(_ *testing.T, f *fixture, _ *humasesstest.CheckOptions) {
				type auth = humasess.Required[user]
				type input struct{ auth }
				handle(f, http.MethodGet, "/layer", nil, func(*input) error { return nil })
			},
			parts: []string{`"get-layer"`, "neither a session nor a public mark"},
		},
		{
			name: "session that nothing enforces",
			lie: func(_ *testing.T, f *fixture, _ *humasesstest.CheckOptions) {
				type named struct{ Sess humasess.Session[user] }
				handle(f, http.MethodGet, "/named", []map[string][]string{{"sessionCookie": {}}, {}}, func(*named) error { return nil })
			},
			parts: []string{`"get-named"`, "in a way that is an error"},
		},
		{
			name: "roles that no session lacks",
			lie: func(t *testing.T, f *fixture, o *humasesstest.CheckOptions) {
				o.Sessions = []humasesstest.CheckSession{f.staff(t)}
			},
			parts: []string{`"get-rota"`, `["staff"]`, "each of CheckOptions.Sessions has them"},
		},
		{
			name: "session that is not active",
			lie: func(t *testing.T, f *fixture, o *humasesstest.CheckOptions) {
				if _, err := f.sessions.RevokeIdentity(t.Context(), "grace"); err != nil {
					t.Fatal(err)
				}
			},
			parts: []string{`"get-me"`, "plain", "got 401", "belongs to no active session"},
		},
		{
			name: "cookie of no manager",
			lie: func(_ *testing.T, _ *fixture, o *humasesstest.CheckOptions) {
				o.Sessions[0].Cookies = []*http.Cookie{{Name: "other", Value: "x"}}
			},
			parts: []string{`cookie "other" belongs to no manager`},
		},
		{
			name:  "session without cookies",
			lie:   func(_ *testing.T, _ *fixture, o *humasesstest.CheckOptions) { o.Sessions[0].Cookies = nil },
			parts: []string{"has no cookies"},
		},
		{
			name:  "skip without a reason",
			lie:   func(_ *testing.T, _ *fixture, o *humasesstest.CheckOptions) { o.Skip = map[string]string{"get-me": ""} },
			parts: []string{`Skip["get-me"] gives no reason`},
		},
		{
			name: "skip of an unknown operation",
			lie: func(_ *testing.T, _ *fixture, o *humasesstest.CheckOptions) {
				o.Skip = map[string]string{"get-you": "old"}
			},
			parts: []string{`Skip["get-you"] names no operation`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, quietOptions()).register()
			opts := &humasesstest.CheckOptions{Sessions: []humasesstest.CheckSession{f.plain(t)}}
			tt.lie(t, f, opts)
			r := &recorder{TB: t}
			humasesstest.CheckDocument(r, f.api, opts)
			if !r.mentions(r.errors, tt.parts...) {
				t.Errorf("got errors %q, want one with %q", r.errors, tt.parts)
			}
		})
	}
}

func TestCheckDocumentOptions(t *testing.T) {
	t.Parallel()
	t.Run("AllowUnmarked logs", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, quietOptions())
		handle(f, http.MethodGet, "/bare", nil, func(*struct{}) error { return nil })
		r := &recorder{TB: t}
		humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{AllowUnmarked: true})
		if len(r.errors) > 0 || !r.mentions(r.logs, `"get-bare"`, "neither") {
			t.Errorf("got errors %q and logs %q, want a log only", r.errors, r.logs)
		}
	})
	t.Run("F5 a sign-in by a safe method is named, and one by POST is not", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, quietOptions())
		type signIn struct{ humasess.Login[user] }
		handle(f, http.MethodGet, "/callback", nil, func(*signIn) error { return nil })
		handle(f, http.MethodPost, "/login", nil, func(*signIn) error { return nil })
		r := &recorder{TB: t}
		humasesstest.CheckDocument(r, f.api, nil)
		if len(r.errors) > 0 || !r.mentions(r.logs, "GET /callback", "use POST") || r.mentions(r.logs, "POST /login", "use POST") {
			t.Errorf("got errors %q and logs %q, want a log of GET /callback", r.errors, r.logs)
		}
	})
	t.Run("Skip omits operations", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, quietOptions())
		handle(f, http.MethodGet, "/bare", nil, func(*struct{}) error { return nil })
		huma.Register(f.api, huma.Operation{Method: http.MethodGet, Path: "/anonymous"},
			func(context.Context, *struct{}) (*output, error) { f.called["anonymous"]++; return nil, nil })
		r := &recorder{TB: t}
		humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{
			Skip: map[string]string{"get-bare": "on purpose", "GET /anonymous": "has no ID"},
		})
		if len(r.errors) > 0 || len(f.called) > 0 || !r.mentions(r.logs, `"get-bare"`, "skipped: on purpose") {
			t.Errorf("got errors %q, calls %v and logs %q, want a log only", r.errors, f.called, r.logs)
		}
	})
	t.Run("RequireByDefault marks everything", func(t *testing.T) {
		t.Parallel()
		opts := quietOptions()
		opts.RequireByDefault = true
		f := newFixture(t, opts)
		handle(f, http.MethodGet, "/bare", nil, func(*struct{}) error { return nil })
		handle(f, http.MethodGet, "/health", public, func(*struct{}) error { return nil })
		humasesstest.CheckDocument(t, f.api, nil)
		if f.called["get-bare"] != 0 || f.called["get-health"] != 2 {
			t.Errorf("got calls %v, want 2 of get-health only", f.called)
		}
	})
	t.Run("Prefix and Path", func(t *testing.T) {
		t.Parallel()
		mux := http.NewServeMux()
		api := humago.NewWithPrefix(mux, "/v1", huma.DefaultConfig("Test", "1.0.0"))
		sessions, err := humasess.New(memory.New(nil), quietOptions())
		if err != nil {
			t.Fatal(err)
		}
		if err := sessions.Attach(api); err != nil {
			t.Fatal(err)
		}
		type input struct {
			humasess.Session[user]
			Name  string `path:"name" minLength:"3"`
			Kind  string `path:"kind" enum:"book,film"`
			Year  int    `path:"year" minimum:"1900"`
			UUID  string `path:"uuid" format:"uuid"`
			Day   string `path:"day" format:"date"`
			Sure  bool   `path:"sure"`
			Title string `path:"title" example:"dune"`
		}
		var seen []input
		huma.Get(api, "/{name}/{kind}/{year}/{uuid}/{day}/{sure}/{title}", func(_ context.Context, in *input) (*output, error) {
			seen = append(seen, *in)
			return &output{}, nil
		})
		humasesstest.CheckDocument(t, api, &humasesstest.CheckOptions{Prefix: "/v1", PathParams: map[string]string{"name": "a/b c"}})
		if len(seen) != 2 {
			t.Fatalf("got %d calls of a handler whose parameters are checked, want 2", len(seen))
		}
		if got := seen[0]; got.Name != "a/b c" || got.Kind != "book" || got.Title != "dune" {
			t.Errorf("got name %q, kind %q, title %q, want those given and exemplary", got.Name, got.Kind, got.Title)
		}
	})
	t.Run("no manager", func(t *testing.T) {
		t.Parallel()
		r := &recorder{TB: t}
		humasesstest.CheckDocument(r, humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0")), nil)
		if !r.mentions(r.errors, "no manager is attached") {
			t.Errorf("got errors %q, want one that no manager is attached", r.errors)
		}
	})
	t.Run("bodies reach no handler", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, quietOptions())
		type input struct {
			humasess.Session[user]
			Body struct {
				Text string `json:"text,omitempty"`
			}
		}
		huma.Register(f.api, huma.Operation{OperationID: "put-text", Method: http.MethodPut, Path: "/text", Errors: []int{404}},
			func(context.Context, *input) (*output, error) { f.called["put-text"]++; return &output{}, nil })
		humasesstest.CheckDocument(t, f.api, nil)
		if f.called["put-text"] != 0 {
			t.Errorf("got %d calls of a handler whose body may be empty, want 0", f.called["put-text"])
		}
	})
	t.Run("humatest", func(t *testing.T) {
		t.Parallel()
		_, api := humatest.New(t, huma.DefaultConfig("Test", "1.0.0"))
		sessions, err := humasess.New(memory.New(nil), quietOptions())
		if err != nil {
			t.Fatal(err)
		}
		if err := sessions.Attach(api); err != nil {
			t.Fatal(err)
		}
		huma.Get(api, "/me", func(context.Context, *meInput) (*output, error) { return &output{}, nil })
		humasesstest.CheckDocument(t, api, nil)
	})
}

// TestCheckDocumentTwoManagers needs both sessions for one operation, and
// accepts a scheme of the program besides them.
func TestCheckDocumentTwoManagers(t *testing.T) {
	t.Parallel()
	type cart struct{ Items int }
	type (
		Auth   = humasess.Required[user]
		Basket = humasess.Required[cart]
		input  struct {
			Auth
			Basket
		}
	)
	opts := quietOptions()
	opts.Schemes = map[string]func(huma.Context, []string) (user, error){
		"token": func(huma.Context, []string) (user, error) { return user{}, http.ErrNoCookie },
	}
	f := newFixture(t, opts)
	f.api.OpenAPI().Components.SecuritySchemes["token"] = &huma.SecurityScheme{Type: "http", Scheme: "bearer"}
	carts, err := humasess.New(memory.New(nil), &humasess.Options[cart]{
		SchemeName: "cartCookie", Cookie: humasess.CookieOptions{Name: "__Host-cart"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := carts.Attach(f.api); err != nil {
		t.Fatal(err)
	}
	handle(f, http.MethodGet, "/checkout", nil, func(*input) error { return nil })
	handle(f, http.MethodGet, "/either", []map[string][]string{{"sessionCookie": {}}, {"token": {}}}, func(*struct{}) error { return nil })
	handle(f, http.MethodGet, "/role", []map[string][]string{{"sessionCookie": {"staff"}}, {"token": {}}}, func(*struct{}) error { return nil })
	handle(f, http.MethodGet, "/token", []map[string][]string{{"token": {}}}, func(*struct{}) error { return nil })
	both := f.plain(t)
	both.Cookies = append(slices.Clone(both.Cookies), humasesstest.Login(t, carts, cart{}))
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{Sessions: []humasesstest.CheckSession{f.plain(t), both}})
	if len(r.errors) > 0 {
		t.Errorf("got errors:\n%s", strings.Join(r.errors, "\n"))
	}
	if f.called["get-checkout"] != 1 || f.called["get-either"] != 2 || f.called["get-token"] != 0 {
		t.Errorf("got calls %v, want 1 of get-checkout, 2 of get-either, none of get-token", f.called)
	}
	if !r.mentions(r.logs, `"get-token"`, "schemes of the program") {
		t.Errorf("got logs %q, want one about get-token", r.logs)
	}
}
