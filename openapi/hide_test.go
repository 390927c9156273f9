package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

// status sends a request without credentials.
func status(api huma.API, method, path string) int {
	w := httptest.NewRecorder()
	api.Adapter().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code
}

type withBody struct {
	humasess.Required[user]

	Body struct{ Inner secretShape }
}

type secretShape struct{ Value string }

// The schemas of a hidden operation are not in the document.
func TestHideSchemas(t *testing.T) {
	data, err := apiWith(t, humasess.Options[user]{}, post[withBody](humasess.Hide), get[required]()).OpenAPI().MarshalJSON()
	if err != nil || strings.Contains(strings.ToLower(string(data)), "secretshape") {
		t.Errorf("got %v and %s, want no schema of the hidden operation", err, data)
	}
}

// A hidden operation is protected wherever a shown one is: in groups, by their modifiers, and
// by a requirement that the document gets afterwards.
func TestHideProtects(t *testing.T) {
	session := []map[string][]string{{"sessionCookie": {}}}
	plain := get[nothing](humasess.Hide)
	group := func(edit func(g *huma.Group, m *humasess.Manager[user]), prefixes ...string) registration {
		return func(api huma.API, m *humasess.Manager[user]) {
			g := huma.NewGroup(api, prefixes...)
			edit(g, m)
			get[nothing]()(g, m)
		}
	}
	tests := []struct {
		name string
		path string
		op   registration
		edit func(oapi *huma.OpenAPI)
	}{
		{name: "its marker", path: "/x", op: get[required](humasess.Hide)},
		{name: "Require of a group", path: "/b/x", op: group(func(g *huma.Group, m *humasess.Manager[user]) {
			g.UseSimpleModifier(humasess.Hide)
			g.UseSimpleModifier(m.Require())
		}, "/a", "/b")},
		{name: "Require before Hide", path: "/x", op: group(func(g *huma.Group, m *humasess.Manager[user]) {
			g.UseSimpleModifier(m.Require())
			g.UseSimpleModifier(humasess.Hide)
		})},
		{name: "Protect of a group", path: "/a/x", op: group(func(g *huma.Group, m *humasess.Manager[user]) {
			m.Protect(g)
			g.UseSimpleModifier(humasess.Hide)
		}, "/a")},
		{name: "a group in a group", path: "/a/x", op: func(api huma.API, m *humasess.Manager[user]) {
			outer := huma.NewGroup(api, "/a")
			outer.UseSimpleModifier(humasess.Hide)
			m.Protect(outer)
			get[nothing]()(huma.NewGroup(outer), m)
		}},
		{name: "the document's requirement afterwards", path: "/x", op: plain, edit: func(oapi *huma.OpenAPI) { oapi.Security = session }},
		{
			name: "another hook", path: "/x", op: func(api huma.API, m *humasess.Manager[user]) {
				api.OpenAPI().OnAddOperation = append(api.OpenAPI().OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) { op.Security = session })
				plain(api, m)
			},
		},
		{
			name: "another hook, in a group", path: "/a/x", op: func(api huma.API, m *humasess.Manager[user]) {
				api.OpenAPI().OnAddOperation = append(api.OpenAPI().OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) { op.Security = session })
				plain(huma.NewGroup(api, "/a"), m)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := apiWith(t, humasess.Options[user]{}, tt.op)
			if tt.edit != nil {
				tt.edit(api.OpenAPI())
			}
			if n := len(api.OpenAPI().Paths); n != 0 {
				t.Errorf("got %d paths in the document, want none", n)
			}
			p, err := openapi.PolicyOf(api)
			if err != nil {
				t.Fatal(err)
			}
			last := p.Operations[len(p.Operations)-1]
			if last.Path != tt.path || last.Access != openapi.User || !last.Hidden {
				t.Errorf("got %+v, want a hidden operation %s for users", last, tt.path)
			}
			if got := status(api, http.MethodGet, tt.path); got != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", got)
			}
		})
	}
}

// tolerant keeps the first registration of a route.
type tolerant struct {
	huma.Adapter

	known map[string]bool
}

func (a *tolerant) Handle(op *huma.Operation, handler func(huma.Context)) {
	if route := op.Method + op.Path; !a.known[route] {
		a.known[route] = true
		a.Adapter.Handle(op, handler)
	}
}

// Some routers let a registration replace another one. The policy has both, in a stable order.
func TestPolicyOfRepeatedRoutes(t *testing.T) {
	m, err := humasess.New(memory.New(nil), &humasess.Options[user]{Identity: identity, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for range 50 {
		api := huma.NewAPI(huma.DefaultConfig("Test", "1.0.0"), &tolerant{Adapter: humago.NewAdapter(http.NewServeMux(), ""), known: map[string]bool{}})
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		get[required](humasess.Hide, with("a"))(api, m)
		get[required](humasess.Hide, with("b"))(api, m)
		get[required](humasess.Hide, with("b"))(api, m)
		get[nothing](humasess.Hide)(api, m)
		p, err := openapi.PolicyOf(api)
		if err != nil {
			t.Fatal(err)
		}
		got := string(p.JSON())
		if first == "" {
			first = got
		}
		if got != first || len(p.Operations) != 3 {
			t.Fatalf("got %s, want three operations in the same order as in %s", got, first)
		}
		if got := openapi.Diff(p, p); len(got) != 0 {
			t.Fatalf("got %q between equal policies", lines(got))
		}
	}
}
