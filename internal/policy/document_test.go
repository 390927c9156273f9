package policy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

func TestAddScheme(t *testing.T) {
	t.Run("O1 the scheme is documented once, with the live cookie name and the policy", func(t *testing.T) {
		f := newFixture(t, nil)
		f.oapi.Components.SecuritySchemes = nil // as in huma's default configuration
		scheme := userScheme
		scheme.Extension = map[string]string{"idleTimeout": "30m"}
		if err := f.doc.AddScheme(scheme); err != nil {
			t.Fatalf("AddScheme: %v", err)
		}
		got := f.oapi.Components.SecuritySchemes
		if len(got) != 1 || got["session"] == nil {
			t.Fatalf("got schemes %s, want one, session", asJSON(t, got))
		}
		s := got["session"]
		if s.Type != "apiKey" || s.In != "cookie" || s.Name != "__Host-id" {
			t.Errorf("got %s in %s named %s, want an apiKey in the cookie __Host-id", s.Type, s.In, s.Name)
		}
		if !strings.Contains(s.Description, "docs page") {
			t.Errorf("got description %q, want one that mentions docs pages", s.Description)
		}
		if got, want := asJSON(t, s), `"x-session":{"idleTimeout":"30m"}`; !strings.Contains(got, want) {
			t.Errorf("O11 got %s, want %s in it", got, want)
		}
	})

	other := policy.Scheme{Key: "other", CookieName: "__Host-other", Type: reflect.TypeFor[cart]()}
	with := func(edit func(*policy.Scheme)) policy.Scheme {
		s := other
		edit(&s)
		return s
	}
	refused := []struct {
		name   string
		scheme policy.Scheme
		edit   func(*huma.OpenAPI)
		want   string
	}{
		{"same type", with(func(s *policy.Scheme) { s.Type = userScheme.Type }), nil, "policy_test.user is already attached"},
		{"same cookie", with(func(s *policy.Scheme) { s.CookieName = "__Host-id" }), nil, "set Options.Cookie.Name"},
		{"same cookie in another case, which some jars do not tell apart", with(func(s *policy.Scheme) { s.CookieName = "__host-ID" }), nil, "set Options.Cookie.Name"},
		{"a former name that is taken", with(func(s *policy.Scheme) { s.Former = []string{"x", "__host-ID"} }), nil, "in Options.Cookie.Former"},
		{"a name that another one had", with(func(s *policy.Scheme) { s.CookieName = "sid" }), nil, "in Options.Cookie.Former"},
		{"a former name that another one had", with(func(s *policy.Scheme) { s.Former = []string{"sid"} }), nil, "in Options.Cookie.Former"},
		{"same key", with(func(s *policy.Scheme) { s.Key = "session" }), nil, `"session" exists in this API: set Options.SchemeName`},
		{"key of the program's own scheme", with(func(s *policy.Scheme) { s.Key = "bearer" }), nil, `"bearer" exists in this API: set Options.SchemeName`},
		{"key of a schema", other, addSchema("other"), `schema "other"`},
		{"key of a schema in other letters", with(func(s *policy.Scheme) { s.Key = "shop_cart" }), addSchema("ShopCart"), `schema "ShopCart"`},
		{"after an operation", other, func(o *huma.OpenAPI) { o.Paths = map[string]*huma.PathItem{"/": {}} }, "after the first operation"},
	}
	renamed := userScheme
	renamed.Former = []string{"sid"}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, renamed)
			if tt.edit != nil {
				tt.edit(f.oapi)
			}
			before := asJSON(t, f.oapi)
			err := f.doc.AddScheme(tt.scheme)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
			if after := asJSON(t, f.oapi); after != before {
				t.Errorf("got document %s after the refusal, want it as before: %s", after, before)
			}
		})
	}
}

func addSchema(name string) func(*huma.OpenAPI) {
	return func(o *huma.OpenAPI) { o.Components.Schemas.Map()[name] = &huma.Schema{Type: huma.TypeObject} }
}

func TestNewDocumentAfterAnOperation(t *testing.T) {
	_, err := policy.NewDocument(&huma.OpenAPI{Paths: map[string]*huma.PathItem{"/": {}}})
	if want := "after the first operation"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

func TestDocumentUseMiddleware(t *testing.T) {
	f := newFixture(t, nil, userScheme)
	var ran []string
	note := func(name string) func(huma.Context, func(huma.Context)) {
		return func(ctx huma.Context, next func(huma.Context)) { ran = append(ran, name); next(ctx) }
	}
	f.doc.UseMiddleware(note("document"))
	own := make(huma.Middlewares, 1, 2)
	own[0] = note("operation")
	for path, want := range map[string][]string{"/required": {"document", "operation"}, "/open": {"operation"}} {
		op := f.operation(path)
		if path == "/required" {
			op = f.operation(path, required)
		}
		op.Middlewares = own
		f.oapi.AddOperation(op)
		ran = nil
		op.Middlewares.Handler(func(huma.Context) {})(nil)
		if !slices.Equal(ran, want) {
			t.Errorf("%s: got middleware %q, want %q", path, ran, want)
		}
	}
}

func TestContradictions(t *testing.T) {
	noRoles := userScheme
	noRoles.HasRoles = false
	tests := []struct {
		name     string
		scheme   policy.Scheme
		declared []policy.Declaration
		edit     func(*huma.Operation)
		want     string
	}{
		{"O4 required, made public", userScheme, []policy.Declaration{required}, secure(reqs()), "security: []"},
		{"O4 optional, made public", userScheme, []policy.Declaration{optional}, secure(reqs()), "security: []"},
		{"Require, made public", userScheme, nil, func(op *huma.Operation) { secure(reqs())(op); protect(op) }, "security: []"},
		{"unknown scheme beside a session", userScheme, []policy.Declaration{required}, secure(reqs("absent")), `unknown scheme "absent"`},
		{"unknown scheme as an alternative", userScheme, nil, secure(reqs("session", "absent")), `unknown scheme "absent"`},
		{"scheme that nothing checks", userScheme, []policy.Declaration{optional}, secure(reqs("unchecked")), "Options.Schemes"},
		{"guard's roles without Options.Roles", noRoles, []policy.Declaration{guarded("admin")}, nil, "set Options.Roles"},
		{"written roles without Options.Roles", noRoles, nil, secure(reqs("session:admin")), "set Options.Roles"},
		{"Require's roles without Options.Roles", noRoles, nil, func(op *huma.Operation) { protect(op, "admin") }, "set Options.Roles"},
		{"Require of another API's scheme", userScheme, nil, func(op *huma.Operation) {
			policy.Protect(op, policy.Protection{Scheme: "elsewhere"})
		}, `scheme "elsewhere"`},
		{"login in a protected group", userScheme, []policy.Declaration{login}, func(op *huma.Operation) { protect(op) }, "embeds Login, which is public"},
		{"login and required", userScheme, []policy.Declaration{login, required}, nil, "embeds Login, which is public"},
		{"type without a manager", userScheme, []policy.Declaration{{Type: reflect.TypeFor[string](), Kind: policy.Required}}, nil, "no manager of string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil, tt.scheme)
			op := f.operation("/here", tt.declared...)
			if tt.edit != nil {
				tt.edit(op)
			}
			err := f.add(op)
			for _, want := range []string{tt.want, `"op/here"`, "GET /here"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want a panic with %q", err, want)
				}
			}
			// The next operation must not get these declarations.
			next := f.operation("/next", optional)
			f.mustAdd(t, next)
			if got, want := asJSON(t, next.Security), `[{"session":[]},{}]`; got != want {
				t.Errorf("got security %s of the next operation, want %s", got, want)
			}

			hidden := newFixture(t, nil, tt.scheme)
			op = hidden.operation("/here", tt.declared...)
			if tt.edit != nil {
				tt.edit(op)
			}
			if _, err := hidden.doc.Policy(op); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v at the first request of a hidden operation, want one with %q", err, tt.want)
			}
		})
	}

	t.Run("a schema that gets the scheme's name", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		f.mustAdd(t, f.operation("/first", required))
		addSchema("Session")(f.oapi)
		err := f.add(f.operation("/second"))
		for _, want := range []string{`schema "Session"`, "Options.SchemeName", `"op/second"`} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want a panic with %q", err, want)
			}
		}
	})
}

func secure(written policy.Requirements) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Security = written }
}

func protect(op *huma.Operation, roles ...string) {
	policy.Protect(op, policy.Protection{Scheme: "session", Roles: roles})
}

func TestSchemeAlone(t *testing.T) {
	f := newFixture(t, reqs("bearer"), userScheme)
	inherits, writes, mixed := f.operation("/inherits"), f.operation("/writes"), f.operation("/mixed")
	writes.Security = reqs("bearer:read")
	mixed.Security = reqs("bearer", "unchecked")
	f.mustAdd(t, inherits)
	f.mustAdd(t, writes)
	if inherits.Security != nil || asJSON(t, writes.Security) != `[{"bearer":["read"]}]` {
		t.Errorf("got security %s and %s, want them as they were", asJSON(t, inherits.Security), asJSON(t, writes.Security))
	}
	for _, op := range []*huma.Operation{inherits, writes} {
		if p := f.policy(t, op); len(p.Requirements) != 1 || p.Requirements[0][0]["bearer"] == nil {
			t.Errorf("%s: got policy %+v, want one that requires the bearer", op.Path, p)
		}
		if got := op.Responses["401"]; got == nil || got.Description != "No valid credentials." || op.Responses["403"] != nil {
			t.Errorf("%s: got responses %s, want a 401 that does not speak of sessions, and no 403", op.Path, asJSON(t, op.Responses))
		}
	}
	if err := f.add(mixed); err == nil || !strings.Contains(err.Error(), `"unchecked"`) {
		t.Errorf("mixed: got %v, want an error that names the scheme", err)
	}
}

// A program can register a refused operation again. If the route had an operation
// before, the core enforces the stricter of both.
func TestRefusedOperation(t *testing.T) {
	f := newFixture(t, nil, userScheme)
	wrong := f.operation("/here", required)
	wrong.Security = reqs()
	if err := f.add(wrong); err == nil || f.oapi.Paths["/here"] != nil {
		t.Errorf("got error %v and paths %s, want an error and no path", err, asJSON(t, f.oapi.Paths))
	}
	right := f.operation("/here", required)
	f.mustAdd(t, right)
	again := f.operation("/here", login, required)
	again.OperationID = "again"
	if err := f.add(again); err == nil || f.oapi.Paths["/here"] == nil {
		t.Errorf("got error %v and paths %s, want an error and the path", err, asJSON(t, f.oapi.Paths))
	}
	if got, want := f.policy(t, right).Requirements, []policy.Requirements{reqs("session")}; !reflect.DeepEqual(got, want) {
		t.Errorf("got requirements %v, want %v", got, want)
	}
}

func TestOthersAreLeftAlone(t *testing.T) {
	tests := []struct {
		name    string
		written policy.Requirements
	}{
		{"nothing", nil},
		{"public", reqs()},
		{"unchecked scheme of the program's own", reqs("unchecked")},
	}
	for _, tt := range tests {
		t.Run("O2 "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, userScheme)
			op := f.operation("/")
			op.Security = tt.written
			before := asJSON(t, op)
			f.mustAdd(t, op)
			if got := asJSON(t, op); got != before {
				t.Errorf("got operation %s, want it untouched: %s", got, before)
			}
			if p := f.policy(t, op); p.UsesSessions() {
				t.Errorf("got policy %+v, want none", p)
			}
		})
	}
}
