// Package autopatch_test tests sessions on the PATCH operations of huma's
// autopatch, which needs another module.
package autopatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/autopatch"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type account struct{ Roles []string }

type editors struct{}

var _ interface{ Roles() []string } = editors{}

func (editors) Roles() []string { return []string{"editor"} }

type (
	getInput  struct{ humasess.Required[account] }
	thingBody struct {
		N int `json:"n"`
	}
	thing struct{ Body thingBody }

	putInput struct {
		humasess.Guarded[account, editors]
		Body thingBody
	}
)

// The PATCH itself runs no middleware. It calls the GET and the PUT, and its
// requirement is the PUT's.
func TestAutopatch(t *testing.T) {
	for _, omit := range []bool{false, true} {
		for _, prefix := range []string{"", "/v1"} {
			t.Run(fmt.Sprintf("OmitRoles %v, prefix %q", omit, prefix), func(t *testing.T) { try(t, omit, prefix) })
		}
	}
}

func try(t *testing.T, omit bool, prefix string) {
	t.Helper()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[account]{
		Roles:     func(a account) []string { return a.Roles },
		OmitRoles: omit,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	mux := http.NewServeMux()
	root := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(root); err != nil {
		t.Fatalf("Attach: %v", err)
	}
	api := root
	if prefix != "" {
		api = huma.NewGroup(root, prefix)
	}
	written := 0
	huma.Get(api, "/thing", func(context.Context, *getInput) (*thing, error) { return &thing{}, nil })
	huma.Put(api, "/thing", func(_ context.Context, in *putInput) (*thing, error) {
		written = in.Body.N
		return &thing{in.Body}, nil
	})
	autopatch.AutoPatch(root)

	want := `[{"sessionCookie":["editor"]}]`
	if omit {
		want = `[{"sessionCookie":[]}]`
	}
	patch := documented(t, mux, prefix+"/thing", "patch")
	if got := string(patch.Security); got != want {
		t.Errorf("got security %s, want %s", got, want)
	}
	if len(patch.Parameters) != 0 {
		t.Errorf("got parameters %s, want none", patch.Parameters)
	}
	for _, code := range []string{"401", "403"} {
		if patch.Responses[code] == nil {
			t.Errorf("got no %s documented", code)
		}
	}

	tests := []struct {
		name    string
		session bool
		roles   string
		want    int
	}{
		{"no session", false, "", http.StatusUnauthorized},
		{"no role", true, "", http.StatusForbidden},
		{"another role", true, "reader", http.StatusForbidden},
		{"role", true, "reader editor", http.StatusOK},
	}
	for i, tt := range tests {
		for j, method := range []string{http.MethodPut, http.MethodPatch} {
			t.Run(method+" by "+tt.name, func(t *testing.T) {
				c := humasesstest.NewClient(mux)
				if tt.session {
					c.SetCookie(humasesstest.Login(t, sessions, account{Roles: strings.Fields(tt.roles)}))
				}
				before, n := written, 10*i+j+1
				w := c.Do(method, prefix+"/thing", thingBody{N: n}, func(r *http.Request) {
					if method == http.MethodPatch {
						r.Header.Set("Content-Type", "application/merge-patch+json")
					}
				})
				if w.Code != tt.want {
					t.Errorf("got %d, want %d: %s", w.Code, tt.want, w.Body)
				}
				want := before
				if tt.want == http.StatusOK {
					want = n
				}
				if written != want {
					t.Errorf("got %d written, want %d", written, want)
				}
			})
		}
	}
}

type operation struct {
	Security   json.RawMessage
	Parameters []json.RawMessage
	Responses  map[string]json.RawMessage
}

func documented(t *testing.T, api http.Handler, path, method string) operation {
	t.Helper()
	w := humasesstest.NewClient(api).Do(http.MethodGet, "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("document: %v", err)
	}
	return doc.Paths[path][method]
}
