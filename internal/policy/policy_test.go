package policy_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

func TestProtect(t *testing.T) {
	t.Run("twice is once", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/")
		protect(op, "admin") // huma runs the modifiers of an unprefixed group
		f.mustAdd(t, op)     // when it documents the operation,
		protect(op, "admin") // and when it routes it
		if got, want := asJSON(t, op.Security), `[{"session":["admin"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
		if got := f.policy(t, op).Requirements; len(got) != 1 {
			t.Errorf("got requirements %s, want one", asJSON(t, got))
		}
	})
	t.Run("two protections add up", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", required)
		protect(op, "admin")
		protect(op, "audit")
		f.mustAdd(t, op)
		if got, want := asJSON(t, op.Security), `[{"session":["admin","audit"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})
	t.Run("copies of the operation share nothing that it changes", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/")
		op.Metadata = map[string]any{"mine": 1}
		shared := maps.Clone(op.Metadata)
		version := *op
		protect(&version, "admin")
		another := version
		protect(&another, "audit")
		if len(op.Metadata) != len(shared) {
			t.Errorf("got metadata %v on the original, want %v", op.Metadata, shared)
		}
		if version.Metadata["mine"] != 1 {
			t.Errorf("got metadata %v, want the user's kept", version.Metadata)
		}
		f.mustAdd(t, &version)
		if got, want := asJSON(t, version.Security), `[{"session":["admin"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})
}

func TestPolicy(t *testing.T) {
	document := func(f *fixture) *huma.Operation { return f.oapi.Paths["/"].Get }
	tests := []struct {
		name     string
		declared []policy.Declaration
		edit     func(*fixture)
		want     string // requirements, all of which must hold
	}{
		{"as declared", []policy.Declaration{required}, nil, `[[{"session":[]}]]`},
		{"the document adds a role", []policy.Declaration{required}, func(f *fixture) {
			document(f).Security = reqs("session:admin")
		}, `[[{"session":[]}],[{"session":["admin"]}]]`},
		{"the document protects what declared nothing", nil, func(f *fixture) {
			document(f).Security = reqs("session")
		}, `[[{"session":[]}]]`},
		{"the document protects what was optional", []policy.Declaration{optional}, func(f *fixture) {
			document(f).Security = reqs("session")
		}, `[[{"session":[]},{}],[{"session":[]}]]`},
		{"the document makes public what was protected", []policy.Declaration{required}, func(f *fixture) {
			document(f).Security = reqs()
		}, `[[{"session":[]}]]`},
		{"the document takes the role", []policy.Declaration{guarded("admin")}, func(f *fixture) {
			document(f).Security = reqs("session")
		}, `[[{"session":["admin"]}],[{"session":[]}]]`},
		{"the document inherits its own requirement", []policy.Declaration{required}, func(f *fixture) {
			document(f).Security = nil
			f.oapi.Security = reqs("session:audit")
		}, `[[{"session":[]}],[{"session":["audit"]}]]`},
		{"the entry goes", []policy.Declaration{required}, func(f *fixture) {
			delete(f.oapi.Paths, "/")
		}, `[[{"session":[]}]]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil, userScheme)
			op := f.operation("/", tt.declared...)
			arrived := *op // on a prefixed group
			f.mustAdd(t, op)
			if tt.edit != nil {
				tt.edit(f)
			}
			if got := asJSON(t, f.policy(t, op).Requirements); got != tt.want {
				t.Errorf("got requirements %s, want %s", got, tt.want)
			}
			for _, c := range allCredentials() {
				got := enforces(f.policy(t, &arrived), nil, c)
				if want := enforces(f.policy(t, op), nil, c); got != want {
					t.Errorf("%+v: got %v for a copy, want %v", c, got, want)
				}
			}
		})
	}

	// What nothing but the document's own requirement protects.
	byDefault := userScheme
	byDefault.Default = true
	inherited := []struct {
		name   string
		global policy.Requirements
		scheme policy.Scheme
		hidden bool
	}{
		{"the document's own requirement goes", reqs("session"), userScheme, false},
		{"the default requirement goes", nil, byDefault, false},
		{"the default requirement goes, hidden", nil, byDefault, true},
	}
	for _, tt := range inherited {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.global, tt.scheme)
			op := f.operation("/")
			arrived := *op
			if !tt.hidden {
				f.mustAdd(t, op)
			}
			f.oapi.Security = nil
			for _, arrived := range []*huma.Operation{op, &arrived} {
				if got, want := asJSON(t, f.policy(t, arrived).Requirements), `[[{"session":[]}]]`; got != want {
					t.Errorf("got requirements %s, want %s", got, want)
				}
			}
		})
	}

	t.Run("the default requirement is documented where the user has replaced it", func(t *testing.T) {
		f := newFixture(t, nil, byDefault)
		f.oapi.Security = reqs("bearer")
		op := f.operation("/")
		f.mustAdd(t, op)
		if got, want := asJSON(t, op.Security), `[{"bearer":[],"session":[]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})

	t.Run("the document names a scheme that nothing checks", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", required)
		f.mustAdd(t, op)
		op.Security = reqs("session", "unchecked")
		if _, err := f.doc.Policy(op); err == nil {
			t.Error("got no error, want one at the first request")
		}
	})
}

func TestPolicyIsThatOfTheMethod(t *testing.T) {
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
	}
	f := newFixture(t, nil, userScheme)
	f.doc.AddCheck("unchecked")
	operations := map[string]*huma.Operation{}
	for _, method := range methods {
		op := f.operation("/", optional)
		op.Method, op.OperationID = method, method
		f.mustAdd(t, op)
		operations[method] = op
	}
	for _, method := range methods {
		t.Run(method, func(t *testing.T) {
			f.oapi.Paths["/"] = &huma.PathItem{}
			item := f.oapi.Paths["/"]
			for m, field := range map[string]**huma.Operation{
				"GET": &item.Get, "HEAD": &item.Head, "POST": &item.Post, "PUT": &item.Put,
				"PATCH": &item.Patch, "DELETE": &item.Delete, "OPTIONS": &item.Options, "TRACE": &item.Trace,
			} {
				*field = &huma.Operation{Security: reqs("bearer")}
				if m == method {
					(*field).Security = reqs("session:admin")
				}
			}
			want := `[[{"session":[]},{}],[{"session":["admin"]}]]`
			if got := asJSON(t, f.policy(t, operations[method]).Requirements); got != want {
				t.Errorf("got requirements %s, want %s", got, want)
			}
		})
	}
}
