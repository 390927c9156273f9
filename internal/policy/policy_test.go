package policy_test

import (
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

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
		{"the document protects an operation that declares nothing", nil, func(f *fixture) {
			document(f).Security = reqs("session")
		}, `[[{"session":[]}]]`},
		{"the document protects an operation with an optional session", []policy.Declaration{optional}, func(f *fixture) {
			document(f).Security = reqs("session")
		}, `[[{"session":[]},{}],[{"session":[]}]]`},
		{"the document makes a protected operation public", []policy.Declaration{required}, func(f *fixture) {
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

	// Only the document's own requirement protects these operations.
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
	f.doc.AddCheck("unchecked", "")
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
