package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

func TestDowngrade(t *testing.T) {
	f := newFixture(t, reqs("session:audit"), userScheme)
	f.oapi.Components.SecuritySchemes["oauth"] = &huma.SecurityScheme{Type: "oauth2"}
	f.doc.AddCheck("oauth")
	op := f.operation("/admin", guarded("admin"))
	op.Security = reqs("oauth:read", "bearer")
	f.mustAdd(t, op)
	public := f.operation("/login", login)
	f.mustAdd(t, public)

	data, err := openapi.Downgrade(f.oapi)
	if err != nil {
		t.Fatalf("Downgrade: %v", err)
	}
	var doc struct {
		OpenAPI  string
		Security openapi.Requirements
		Paths    map[string]map[string]struct {
			Security  openapi.Requirements
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
