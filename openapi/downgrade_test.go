package openapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
	"github.com/humasess/sessions/openapi"
)

// testDocument has a session, an OAuth2 scheme and a bearer scheme. It requires
// a session with the role audit of operations that declare nothing.
func testDocument(t *testing.T) *huma.OpenAPI {
	t.Helper()
	oapi := &huma.OpenAPI{
		OpenAPI:  "3.1.0",
		Info:     &huma.Info{Title: "Test", Version: "1"},
		Security: policy.Requirements{{"session": {"audit"}}},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer"},
				"oauth":  {Type: "oauth2"},
			},
		},
	}
	doc, err := policy.NewDocument(oapi)
	if err != nil {
		t.Fatalf("NewDocument: %v", err)
	}
	if err := doc.AddScheme(policy.Scheme{Key: "session", CookieName: "__Host-id", Type: reflect.TypeFor[user](), HasRoles: true}); err != nil {
		t.Fatalf("AddScheme: %v", err)
	}
	doc.AddCheck("bearer", "")
	doc.AddCheck("oauth", "")
	return oapi
}

type user struct{ ID string }

// addOperation adds a GET with a marker, as huma leaves it.
func addOperation(oapi *huma.OpenAPI, path string, security policy.Requirements, declared policy.Declaration) *huma.Operation {
	declared.Type = reflect.TypeFor[user]()
	op := &huma.Operation{
		OperationID: "op" + path, Method: http.MethodGet, Path: path, Security: security,
		Responses:  map[string]*huma.Response{"204": {Description: "Done"}, "default": {Description: "Error"}},
		Parameters: []*huma.Param{{Name: "Humasess-Session", In: "header", Schema: policy.Declare(oapi.Components.Schemas, declared)}},
	}
	oapi.AddOperation(op)
	policy.Seal(oapi.Components.Schemas)
	return op
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	return string(data)
}

func TestDowngrade(t *testing.T) {
	oapi := testDocument(t)
	op := addOperation(oapi, "/admin", policy.Requirements{{"oauth": {"read"}}, {"bearer": {}}},
		policy.Declaration{Kind: policy.Guarded, Roles: []string{"admin"}, Guard: "a guard"})
	addOperation(oapi, "/login", nil, policy.Declaration{Kind: policy.Login})

	data, err := openapi.Downgrade(oapi)
	if err != nil {
		t.Fatalf("Downgrade: %v", err)
	}
	var doc struct {
		OpenAPI  string
		Security policy.Requirements
		Paths    map[string]map[string]struct {
			Security  policy.Requirements
			Responses map[string]struct{ Description string }
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	admin := doc.Paths["/admin"]["get"]
	t.Run("O5 version", func(t *testing.T) {
		if want := "3.0.3"; doc.OpenAPI != want {
			t.Errorf("got version %q, want %q", doc.OpenAPI, want)
		}
	})
	t.Run("O5 the document's own requirement has no roles", func(t *testing.T) {
		if got, want := asJSON(t, doc.Security), `[{"session":[]}]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("O5 an operation keeps OAuth2 scopes and loses roles", func(t *testing.T) {
		if got, want := asJSON(t, admin.Security), `[{"oauth":["read"],"session":[]},{"bearer":[],"session":[]}]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("O5 the 403 still names them", func(t *testing.T) {
		if got, want := admin.Responses["403"].Description, "`admin`"; !strings.Contains(got, want) {
			t.Errorf("got %q, want %s in it", got, want)
		}
	})
	t.Run("O5 public stays public", func(t *testing.T) {
		if got, want := asJSON(t, doc.Paths["/login"]["get"].Security), `[]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("O5 the 3.1 document keeps them", func(t *testing.T) {
		if got, want := asJSON(t, op.Security), `[{"oauth":["read"],"session":["admin"]},{"bearer":[],"session":["admin"]}]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestDowngradeWithTokens has sessions that a bearer token opens, too.
func TestDowngradeWithTokens(t *testing.T) {
	oapi := &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: &huma.Info{Title: "Test", Version: "1"},
		Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
	}
	doc, err := policy.NewDocument(oapi)
	if err != nil {
		t.Fatalf("NewDocument: %v", err)
	}
	err = doc.AddScheme(policy.Scheme{
		Key: "session", CookieName: "__Host-id", Type: reflect.TypeFor[user](), HasRoles: true, Default: true,
		Bearer: &policy.Bearer{Key: "token", Prefix: "hs_", Extension: &policy.Extension{TokenPrefix: "hs_"}},
	})
	if err != nil {
		t.Fatalf("AddScheme: %v", err)
	}
	addOperation(oapi, "/admin", nil, policy.Declaration{Kind: policy.Guarded, Roles: []string{"admin"}})
	addOperation(oapi, "/home", nil, policy.Declaration{Kind: policy.Optional})
	addOperation(oapi, "/token", policy.Requirements{{"token": {"audit"}}}, policy.Declaration{Kind: policy.Required})
	renewing := &huma.Operation{
		OperationID: "renew", Method: http.MethodGet, Path: "/renew", Security: policy.Requirements{{"session": {}}},
		Responses: map[string]*huma.Response{"204": {Description: "Done"}},
	}
	policy.Renews(renewing)
	oapi.AddOperation(renewing)
	data, err := openapi.Downgrade(oapi)
	if err != nil {
		t.Fatalf("Downgrade: %v", err)
	}
	var old struct {
		Security   policy.Requirements
		Components struct {
			SecuritySchemes map[string]map[string]any
		}
		Paths map[string]map[string]struct {
			Security  policy.Requirements
			Responses map[string]struct {
				Headers map[string]struct {
					Required bool
					Schema   struct{ Type string }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &old); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	token := old.Components.SecuritySchemes["token"]
	policyOf, _ := token["x-session"].(map[string]any)
	if token["type"] != "http" || token["scheme"] != "bearer" || policyOf["tokenPrefix"] != "hs_" {
		t.Errorf("O1 got scheme %v, want bearer tokens with their policy", token)
	}
	if got, want := asJSON(t, old.Security), `[{"session":[]},{"token":[]}]`; got != want {
		t.Errorf("O2 got security %s, want %s", got, want)
	}
	for path, want := range map[string]string{
		"/admin": `[{"session":[]},{"token":[]}]`,
		"/home":  `[{"session":[]},{"token":[]},{}]`,
		"/token": `[{"token":[]}]`,
		"/renew": `[{"session":[]},{"token":[]}]`,
	} {
		if got := asJSON(t, old.Paths[path]["get"].Security); got != want {
			t.Errorf("O5 %s: got security %s, want %s", path, got, want)
		}
	}
	for _, name := range []string{"Set-Cookie", "Session-Token"} {
		if h, ok := old.Paths["/renew"]["get"].Responses["204"].Headers[name]; !ok || h.Required || h.Schema.Type != "string" {
			t.Errorf("O8 got %s %+v, want a string that is not required", name, h)
		}
	}
}
