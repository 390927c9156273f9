package declaretest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The API of the README, with one operation for each thing that the document
// says of sessions.
func goldenAPI(t *testing.T) *site {
	t.Helper()
	type credentials struct {
		humasess.Login[account]
		Body struct {
			Name     string `json:"name"`
			Password string `json:"password"`
		}
	}
	type me struct{ Body account }
	type pageInput struct {
		humasess.Required[account]
		Page int `query:"page"`
	}
	s := newSite(t)
	huma.Post(s.api, "/login", func(context.Context, *credentials) (*struct{}, error) { return nil, nil })
	huma.Get(s.api, "/me", func(context.Context, *needsIn) (*me, error) { return &me{}, nil })
	huma.Get(s.api, "/home", serve[sessionIn])
	huma.Get(s.api, "/admin", serve[guardIn])
	huma.Post(s.api, "/logout", serve[sessionIn])
	huma.Get(s.api, "/orders", serve[pageInput])
	huma.Post(s.api, "/orders", serve[bothIn])
	huma.Get(s.api, "/report", serve[nothingIn], secure(scheme("bearer"), scheme("sessionCookie", "audit")))
	huma.Get(s.api, "/health", serve[nothingIn])
	huma.Get(s.api, "/invoice", serve[needsIn], func(op *huma.Operation) { op.Errors = []int{404} })
	huma.Get(s.api, "/invoices", serve[pageInput], func(op *huma.Operation) { op.Errors = []int{404} })
	huma.Get(s.api, "/secret", serve[needsIn], hide)
	group := huma.NewGroup(s.api, "/v1", "/v2")
	group.UseSimpleModifier(s.accounts.Require("admin"))
	huma.Delete(group, "/users/{id}", serve[struct {
		ID string `path:"id"`
	}])
	return s
}

func TestGoldenDocument(t *testing.T) {
	s := goldenAPI(t)
	doc, text := documentOf(t, s.mux)
	golden(t, "openapi.golden.json", []byte(text))
	old, err := openapi.Downgrade(s.api.OpenAPI())
	if err != nil {
		t.Fatalf("Downgrade: %v", err)
	}
	golden(t, "openapi-3.0.golden.json", old)

	// An update of a golden file could accept a mistake. The next checks do not depend
	// on the file.
	noTraces(t, doc, text)
	t.Run("O1 two schemes, each once", func(t *testing.T) {
		for key, cookie := range map[string]string{"sessionCookie": "__Host-id", "parcelCookie": "__Host-parcel"} {
			got := doc.Components.SecuritySchemes[key]
			if got["type"] != "apiKey" || got["in"] != "cookie" || got["name"] != cookie {
				t.Errorf("%s: got %v, want an apiKey in the cookie %s", key, got, cookie)
			}
		}
	})
	t.Run("L6 O11 the timeouts are in the scheme", func(t *testing.T) {
		got, _ := doc.Components.SecuritySchemes["sessionCookie"]["x-session"].(map[string]any)
		for name, want := range map[string]any{
			"idleTimeout": "30m", "absoluteTimeout": "12h", "rememberIdleTimeout": "336h", "rememberAbsoluteTimeout": "720h", "maxPerIdentity": 100.0,
		} {
			if got[name] != want {
				t.Errorf("%s: got %v, want %v", name, got[name], want)
			}
		}
	})
	t.Run("O7 401 and 403 stand beside default, and 422 where something is validated", func(t *testing.T) {
		for path, want := range map[string]map[string]string{
			"/login":         {"post": "204 403 default"},
			"/me":            {"get": "200 401 default"},
			"/home":          {"get": "204 default"},
			"/admin":         {"get": "204 401 403 default"},
			"/logout":        {"post": "204 403 default"},
			"/orders":        {"get": "204 401 default", "post": "204 401 403 default"},
			"/report":        {"get": "204 401 403 default"},
			"/health":        {"get": "204 default"},
			"/invoice":       {"get": "204 401 404 500"},
			"/invoices":      {"get": "204 401 404 422 500"},
			"/v1/users/{id}": {"delete": "204 401 403 default"},
			"/v2/users/{id}": {"delete": "204 401 403 default"},
		} {
			for method, codes := range want {
				if got := strings.Join(slices.Sorted(maps.Keys(doc.Paths[path][method].Responses)), " "); got != codes {
					t.Errorf("%s %s: got responses %s, want %s", method, path, got, codes)
				}
			}
		}
		if _, hidden := doc.Paths["/secret"]; hidden || len(doc.Paths) != 12 {
			t.Errorf("got %d paths, hidden among them %v, want 12 without it", len(doc.Paths), hidden)
		}
	})
	t.Run("O8 Set-Cookie on the login, as a string that is not required", func(t *testing.T) {
		for path, item := range doc.Paths {
			for method, op := range item {
				for code, r := range op.Responses {
					want := ""
					if path == "/login" && code == "204" {
						want = `{"description":"Sets the session cookie.","example":"__Host-id=example-token; Path=/; HttpOnly; Secure; SameSite=Lax","schema":{"type":"string"}}`
					}
					if got := string(r.Headers["Set-Cookie"]); got != want {
						t.Errorf("%s %s %s: got Set-Cookie %q, want %q", method, path, code, got, want)
					}
				}
			}
		}
	})
}

// golden compares JSON with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatalf("Indent: %v", err)
	}
	b.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatalf("WriteFile: %v", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("ReadFile: %v", err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s: got another document than the golden one; if that is meant, run go test -run Golden -update\n%s", name, firstDifference(b.Bytes(), want))
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, g[i], w[i])
		}
	}
	return "one ends where the other goes on"
}
