package policy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

type (
	user struct{ ID string }
	cart struct{ Items int }
)

var (
	userScheme = policy.Scheme{Key: "session", CookieName: "__Host-id", Type: reflect.TypeFor[user](), HasRoles: true}
	cartScheme = policy.Scheme{Key: "cart", CookieName: "__Host-cart", Type: reflect.TypeFor[cart]()}

	optional = policy.Declaration{Type: userScheme.Type, Kind: policy.Optional}
	required = policy.Declaration{Type: userScheme.Type, Kind: policy.Required}
	login    = policy.Declaration{Type: userScheme.Type, Kind: policy.Login}
)

func guarded(roles ...string) policy.Declaration {
	return policy.Declaration{Type: userScheme.Type, Kind: policy.Guarded, Roles: roles, Guard: "a guard"}
}

// fixture is a document with two schemes of the program's own. A manager checks
// only the bearer scheme.
type fixture struct {
	oapi *huma.OpenAPI
	doc  *policy.Document
}

func newFixture(t *testing.T, global policy.Requirements, schemes ...policy.Scheme) *fixture {
	t.Helper()
	oapi := &huma.OpenAPI{
		OpenAPI:  "3.1.0",
		Info:     &huma.Info{Title: "Test", Version: "1"},
		Security: global,
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":    {Type: "http", Scheme: "bearer"},
				"unchecked": {Type: "http", Scheme: "basic"},
			},
		},
	}
	doc, err := policy.NewDocument(oapi)
	if err != nil {
		t.Fatalf("NewDocument: %v", err)
	}
	for _, s := range schemes {
		if err := doc.AddScheme(s); err != nil {
			t.Fatalf("AddScheme(%q): %v", s.Key, err)
		}
	}
	doc.AddCheck("bearer", "")
	return &fixture{oapi, doc}
}

// operation returns a GET with the markers of the declarations, as huma makes it.
func (f *fixture) operation(path string, declared ...policy.Declaration) *huma.Operation {
	op := &huma.Operation{
		OperationID: "op" + path, Method: http.MethodGet, Path: path,
		Responses: map[string]*huma.Response{"204": {Description: "Done"}, "default": {Description: "Error"}},
	}
	for i, d := range declared {
		schema := policy.Declare(f.oapi.Components.Schemas, d)
		// huma keeps one parameter of a name.
		if i == 0 {
			op.Parameters = append(op.Parameters, &huma.Param{Name: "Humasess-Session", In: "header", Schema: schema})
		}
	}
	return op
}

// add adds the operation as huma does, and returns a panic as an error.
func (f *fixture) add(op *huma.Operation) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	f.oapi.AddOperation(op)
	policy.Seal(f.oapi.Components.Schemas)
	return nil
}

func (f *fixture) mustAdd(t *testing.T, op *huma.Operation) {
	t.Helper()
	if err := f.add(op); err != nil {
		t.Fatalf("AddOperation: %v", err)
	}
}

func (f *fixture) policy(t *testing.T, op *huma.Operation) policy.Policy {
	t.Helper()
	p, err := f.doc.Policy(op)
	if err != nil {
		t.Fatalf("Policy: %v", err)
	}
	return p
}

// credentials are those of one request.
type credentials struct {
	bearer  bool
	session bool
	cart    bool
	token   bool     // a bearer token of the session, which no other credential goes with
	roles   []string // of the session
}

func allCredentials() []credentials {
	var all []credentials
	for bits := range 8 {
		c := credentials{bearer: bits&1 != 0, cart: bits&2 != 0, session: bits&4 != 0}
		all = append(all, c)
		if c.session {
			c.roles = []string{"admin"}
			all = append(all, c)
			c.roles = []string{"admin", "audit"}
			all = append(all, c)
		}
	}
	return all
}

// opens reports whether a request meets the requirements, by the rules of OpenAPI.
// One alternative suffices. All of its schemes and all of their roles must hold.
func (c credentials) opens(all policy.Requirements) bool {
	if len(all) == 0 {
		return true
	}
	return slices.ContainsFunc(all, c.meets)
}

func (c credentials) meets(alternative map[string][]string) bool {
	for scheme, roles := range alternative {
		has := map[string]bool{"bearer": c.bearer, "cart": c.cart, "session": c.session, "token": c.token}[scheme]
		if !has {
			return false
		}
		for _, role := range roles {
			found := false
			for _, r := range c.roles {
				found = found || r == role
			}
			if !found {
				return false
			}
		}
	}
	return true
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	return string(data)
}
