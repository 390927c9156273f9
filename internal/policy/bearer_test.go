package policy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// withToken returns a scheme whose sessions a bearer token opens, too.
func withToken(s policy.Scheme, key string) policy.Scheme {
	s.Bearer = &policy.Bearer{Key: key, Prefix: "hs_", Extension: &policy.Extension{TokenPrefix: "hs_"}}
	return s
}

var tokenScheme = withToken(userScheme, "token")

func TestBearerScheme(t *testing.T) {
	t.Run("O1 the scheme is documented beside that of the cookie", func(t *testing.T) {
		f := newFixture(t, nil, tokenScheme)
		got := f.oapi.Components.SecuritySchemes["token"]
		if got == nil || got.Type != "http" || got.Scheme != "bearer" || got.In != "" || got.Name != "" {
			t.Fatalf("got %s, want an http scheme with bearer tokens", asJSON(t, got))
		}
		if !strings.Contains(got.Description, "`Session-Token`") {
			t.Errorf("got description %q, want one that names the header of a new token", got.Description)
		}
		if text, want := asJSON(t, got), `"x-session":{"idleTimeout":"0s","absoluteTimeout":"0s","tokenPrefix":"hs_"}`; !strings.Contains(text, want) {
			t.Errorf("O11 got %s, want %s in it", text, want)
		}
		if f.oapi.Components.SecuritySchemes["session"].In != "cookie" {
			t.Error("got no cookie scheme, want both")
		}
	})
	other := withToken(cartScheme, "cartToken")
	with := func(edit func(*policy.Scheme)) policy.Scheme {
		s, b := other, *other.Bearer
		s.Bearer = &b
		edit(&s)
		return s
	}
	for _, tt := range []struct {
		name   string
		scheme policy.Scheme
		edit   func(*huma.OpenAPI)
		want   string
	}{
		{"key of another manager's tokens", with(func(s *policy.Scheme) { s.Bearer.Key = "token" }), nil, "set Options.Bearer.SchemeName"},
		{"key of another manager's cookie", with(func(s *policy.Scheme) { s.Bearer.Key = "session" }), nil, "set Options.Bearer.SchemeName"},
		{"cookie with the key of another manager's tokens", with(func(s *policy.Scheme) { s.Key = "token" }), nil, "set Options.SchemeName"},
		{"key of the program's own scheme", with(func(s *policy.Scheme) { s.Bearer.Key = "bearer" }), nil, "set Options.Bearer.SchemeName"},
		{"key of its own CSRF token", with(func(s *policy.Scheme) { s.CSRFHeader, s.Bearer.Key = "X-CSRF", s.CSRFKey() }), nil, `"cartCSRF" exists`},
		{"key of a schema", other, addSchema("CartToken"), `schema "CartToken" get the same name in generated clients: set Options.Bearer.SchemeName`},
	} {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, tokenScheme)
			if tt.edit != nil {
				tt.edit(f.oapi)
			}
			before := asJSON(t, f.oapi)
			if err := f.doc.AddScheme(tt.scheme); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
			if after := asJSON(t, f.oapi); after != before {
				t.Errorf("got document %s after the refusal, want it as before: %s", after, before)
			}
		})
	}
	t.Run("refuses an operation whose schema has got the key meanwhile", func(t *testing.T) {
		f := newFixture(t, nil, tokenScheme)
		addSchema("Token")(f.oapi)
		if err := f.add(f.operation("/", required)); err == nil || !strings.Contains(err.Error(), `scheme "token" and schema "Token"`) {
			t.Errorf("got error %v, want one about both names", err)
		}
	})
}

func TestBearerSecurity(t *testing.T) {
	type declarations = []policy.Declaration
	cartOptional := policy.Declaration{Type: cartScheme.Type, Kind: policy.Optional}
	cartRequired := policy.Declaration{Type: cartScheme.Type, Kind: policy.Required}
	byDefault := func(s *policy.Scheme) { s.Default = true }
	tests := []struct {
		name     string
		edit     func(*policy.Scheme)
		global   policy.Requirements
		written  policy.Requirements
		protects []string // roles of Require, nil without
		declared declarations
		want     policy.Requirements
	}{
		{name: "O2 required", declared: declarations{required}, want: reqs("session", "token")},
		{name: "O3 optional", declared: declarations{optional}, want: reqs("session", "token", "")},
		{name: "O5 the same roles", declared: declarations{guarded("admin", "audit")}, want: reqs("session:admin+audit", "token:admin+audit")},
		{name: "O2 Require", protects: []string{"audit"}, want: reqs("session:audit", "token:audit")},
		{name: "O2 Require without roles", protects: []string{}, want: reqs("session", "token")},
		{name: "O2 Require beside a declaration", protects: []string{"audit"}, declared: declarations{guarded("admin")}, want: reqs("session:admin+audit", "token:admin+audit")},
		{name: "O5 OmitRoles", edit: func(s *policy.Scheme) { s.OmitRoles = true }, declared: declarations{guarded("admin")}, want: reqs("session", "token")},
		{name: "login", declared: declarations{login}, want: reqs()},
		{name: "O2 by default", edit: byDefault, want: nil},
		{name: "O4 by default, beside the document's own", edit: byDefault, global: reqs("unchecked", "bearer"), want: nil},
		{name: "O4 by default, where the operation names the token", edit: byDefault, written: reqs("token"), want: reqs("token")},
		{name: "O3 optional where the document requires both", edit: byDefault, declared: declarations{optional}, want: reqs("session", "token", "")},
		{name: "O4 written with the cookie", written: reqs("session:audit"), want: reqs("session:audit", "token:audit")},
		{name: "O4 written with the token alone", written: reqs("token:audit"), want: reqs("token:audit")},
		{name: "O4 written with the token alone, and declared", written: reqs("token"), declared: declarations{guarded("admin")}, want: reqs("token:admin")},
		{name: "O4 written with the token alone, and optional", written: reqs("token", ""), declared: declarations{optional}, want: reqs("token", "")},
		{name: "O4 written with either", written: reqs("token", "session"), want: reqs("token", "session")},
		{name: "O4 written with either, and declared", written: reqs("session", "token"), declared: declarations{guarded("admin")}, want: reqs("session:admin", "token:admin")},
		{name: "O4 written with either, and other roles", written: reqs("session:audit", "token"), want: reqs("session:audit", "token:audit", "token")},
		{name: "O4 written with the token and nothing", written: reqs("", "token"), want: reqs("token", "")},
		{name: "O4 beside a key of the program", written: reqs("key"), declared: declarations{required}, want: reqs("key,session", "key,token")},
		{name: "O4 not beside a scheme in the same header", written: reqs("bearer"), declared: declarations{required}, want: reqs("bearer,session")},
		{name: "O4 not beside another session", declared: declarations{required, cartRequired}, want: reqs("session,cart")},
		{name: "O4 of the one session of some alternatives", declared: declarations{required, cartOptional}, want: reqs("session,cart", "session", "token")},
		{name: "O4 of each of two optional sessions", declared: declarations{optional, cartOptional}, want: reqs("session,cart", "session", "token", "cart", "cartToken", "")},
		{name: "O4 no cookie joins a token", written: reqs("token"), declared: declarations{cartOptional}, want: reqs("token")},
		{name: "O4 two tokens", written: reqs("token", "cartToken"), want: reqs("token", "cartToken")},
		{name: "O4 both carriers in one requirement, beside a possible one", written: reqs("session,token", "session"), want: reqs("session", "token")},
		{name: "O4 the document's own", global: reqs("token:audit"), declared: declarations{required}, want: reqs("token:audit")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			scheme := tokenScheme
			if tt.edit != nil {
				tt.edit(&scheme)
			}
			f := newFixture(t, tt.global, scheme, withToken(cartScheme, "cartToken"))
			f.oapi.Components.SecuritySchemes["key"] = &huma.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Key"}
			f.doc.AddCheck("key", "")
			f.doc.AddCheck("unchecked", "")
			op := f.operation("/", tt.declared...)
			op.Security = tt.written
			if tt.protects != nil {
				protect(op, tt.protects...)
			}
			f.mustAdd(t, op)
			if got, want := asJSON(t, op.Security), asJSON(t, tt.want); got != want {
				t.Errorf("got security %s, want %s", got, want)
			}
		})
	}
	t.Run("O2 by default the document names both", func(t *testing.T) {
		scheme := tokenScheme
		scheme.Default = true
		f := newFixture(t, reqs("unchecked", "key"), scheme)
		if got, want := asJSON(t, f.oapi.Security), asJSON(t, reqs("unchecked,session", "key,session", "key,token")); got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
		f = newFixture(t, nil, scheme)
		if got, want := asJSON(t, f.oapi.Security), asJSON(t, reqs("session", "token")); got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})
	t.Run("O5 OmitRoles leaves the roles in the policy", func(t *testing.T) {
		scheme := tokenScheme
		scheme.OmitRoles = true
		f := newFixture(t, nil, scheme)
		op := f.operation("/", guarded("admin"))
		f.mustAdd(t, op)
		if got, want := asJSON(t, f.policy(t, op).Requirements[0]), asJSON(t, reqs("session:admin", "token:admin")); got != want {
			t.Errorf("got policy %s, want %s", got, want)
		}
	})
	for name, written := range map[string]policy.Requirements{
		"both carriers of a session":           reqs("session,token"),
		"a token and another session's cookie": reqs("token,cart", "session,token"),
		"two tokens":                           reqs("token,cartToken"),
	} {
		t.Run("O4 refuses "+name, func(t *testing.T) {
			f := newFixture(t, nil, tokenScheme, withToken(cartScheme, "cartToken"))
			op := f.operation("/")
			op.Security = written
			if err := f.add(op); err == nil || !strings.Contains(err.Error(), "judged by the token alone") {
				t.Errorf("got error %v, want one about the token", err)
			}
		})
	}
}

// TestBearerCSRF checks that requests with a token need no CSRF token.
func TestBearerCSRF(t *testing.T) {
	scheme := tokenScheme
	scheme.CSRFHeader = "X-CSRF"
	for _, tt := range []struct {
		name     string
		declared []policy.Declaration
		written  policy.Requirements
		want     policy.Requirements
	}{
		{"required", []policy.Declaration{required}, nil, reqs("session,sessionCSRF", "token")},
		{"optional", []policy.Declaration{optional}, nil, reqs("session,sessionCSRF", "token", "")},
		{"written", nil, reqs("session,sessionCSRF"), reqs("session,sessionCSRF", "token")},
	} {
		t.Run("F8 "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, scheme)
			op := f.operation("/", tt.declared...)
			op.Method, op.Security = http.MethodPost, tt.written
			f.mustAdd(t, op)
			if got, want := asJSON(t, op.Security), asJSON(t, tt.want); got != want {
				t.Errorf("got security %s, want %s", got, want)
			}
		})
	}
	t.Run("F8 refuses the CSRF token beside the bearer token", func(t *testing.T) {
		f := newFixture(t, nil, scheme)
		op := f.operation("/")
		op.Security = reqs("token,sessionCSRF")
		if err := f.add(op); err == nil || !strings.Contains(err.Error(), "without its session") {
			t.Errorf("got error %v, want one about the CSRF token", err)
		}
	})
}

// A token is as good as the cookie wherever the program names the session, and a cookie
// is no token where the program names the token alone. So the meaning of a declaration
// for a token is its meaning for a session without other credentials.
func TestEveryCombinationWithTokens(t *testing.T) {
	securities := []policy.Requirements{
		nil, reqs(), reqs("bearer"), reqs("session"), reqs("session:admin"), reqs("token"), reqs("token:audit"), reqs("token", ""),
		reqs("bearer", "session"), reqs("bearer,session"), reqs("bearer", "token:admin"), reqs("session:audit", "cart"), reqs("token", "session"),
	}
	kinds := map[string][]policy.Declaration{
		"nothing": nil, "optional": {optional}, "required": {required}, "guarded": {guarded("admin")}, "login": {login},
	}
	guests := append(allCredentials(), credentials{token: true},
		credentials{token: true, roles: []string{"admin"}}, credentials{token: true, roles: []string{"admin", "audit"}})
	for _, byDefault := range []bool{false, true} {
		for i, global := range securities {
			for j, written := range securities {
				for kind, declared := range kinds {
					if written != nil && len(written) == 0 && kind != "nothing" && kind != "login" {
						continue // contradicts; see TestEveryCombinationMeansWhatItSays
					}
					t.Run(fmt.Sprintf("O4 %s, global %d, written %d, default %v", kind, i, j, byDefault), func(t *testing.T) {
						scheme := tokenScheme
						scheme.Default = byDefault
						f := newFixture(t, global, scheme, cartScheme)
						op := f.operation("/", declared...)
						op.Security = written
						f.mustAdd(t, op)
						documented := policy.Requirements(op.Security)
						if documented == nil {
							documented = f.oapi.Security
						}
						checkForm(t, documented, kind)
						enforced := f.policy(t, op)
						for _, c := range guests {
							model := c
							model.session = c.session || c.token
							want := meant(global, written, kind, byDefault, model)
							if got := c.opens(documented); got != want {
								t.Errorf("%+v: got %v by the document %s, want %v", c, got, asJSON(t, documented), want)
							}
							if got := enforces(enforced, documented, c); got != want {
								t.Errorf("%+v: got %v by the policy %s, want %v", c, got, asJSON(t, enforced.Requirements), want)
							}
						}
					})
				}
			}
		}
	}
}
