package account_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/policy"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenDocument(t *testing.T) {
	r := newRig(t, options{Fresh: 10 * time.Minute, Watch: true})
	text, err := json.Marshal(r.api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "openapi.golden.json", text)
	old, err := openapi.Downgrade(r.api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "openapi-3.0.golden.json", old)

	// An update of a golden file could accept a mistake. The next checks do not depend
	// on the file.
	t.Run("O10 ordinary operations", func(t *testing.T) {
		want := map[string]string{
			"get-session":           "GET /session [sessionCookie] 200 401 default",
			"list-sessions":         "GET /sessions [sessionCookie] 200 401 default",
			"revoke-session":        "DELETE /sessions/{id} [sessionCookie] 204 401 403 404 default",
			"revoke-other-sessions": "POST /sessions/revoke-others [sessionCookie] 200 401 403 default",
			"sign-out":              "POST /sign-out [sessionCookie]|[] 204 403 default",
			"sign-out-everywhere":   "POST /sign-out-everywhere [sessionCookie] 200 401 403 default",
			"watch-session":         "GET /session/events [sessionCookie] 200 401 default",
		}
		if got := summaries(r.api); !maps.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for id, op := range byID(r.api) {
			if op.Summary == "" || op.Description == "" || !slices.Equal(op.Tags, []string{"Sessions"}) {
				t.Errorf("%s: got summary %q, description %q and tags %q, want all of them", id, op.Summary, op.Description, op.Tags)
			}
		}
	})
	t.Run("A1 the 403 says when it asks for an authentication", func(t *testing.T) {
		for id, op := range byID(r.api) {
			asks := op.Method != http.MethodGet && id != "sign-out"
			text := ""
			if op.Responses["403"] != nil {
				text = op.Responses["403"].Description
			}
			if got := strings.Contains(text, "`reauthentication-required`: the user has not authenticated within 10m."); got != asks {
				t.Errorf("%s: got %q, want it to mention authentication: %v", id, text, asks)
			}
		}
	})
	t.Run("R15 operations that end sessions are neither safe nor exempt from the cross-origin check", func(t *testing.T) {
		for id, op := range byID(r.api) {
			if id == "get-session" || id == "list-sessions" || id == "watch-session" {
				continue
			}
			if policy.SafeMethod(op.Method) || policy.CrossSiteAllowed(op) || !strings.Contains(op.Responses["403"].Description, "another origin") {
				t.Errorf("%s: got %s and 403 %q, want a checked method", id, op.Method, op.Responses["403"].Description)
			}
		}
	})
}

// TestProblemsAreTrue compares the examples of this package's problems with the answers.
func TestProblemsAreTrue(t *testing.T) {
	r := newRig(t, options{Fresh: time.Minute})
	c := r.signedIn("ada", "laptop")
	media := func(id, status string) *huma.MediaType {
		return byID(r.api)[id].Responses[status].Content["application/problem+json"]
	}
	same := func(got []byte, want any) {
		t.Helper()
		all := decodedMap(t, got)
		delete(all, "$schema") // names the host of the request
		if !reflect.DeepEqual(any(all), want) {
			t.Errorf("H4 O7 got %v, want the example %v", all, want)
		}
	}
	same(do(t, c, "DELETE", "/sessions/AAAAAAAAAAAAAAAAAAAAAQ", 404).Body.Bytes(), media("revoke-session", "404").Example)
	r.clock.Advance(2 * time.Minute)
	same(do(t, c, "POST", "/sign-out-everywhere", 403).Body.Bytes(), media("sign-out-everywhere", "403").Examples["reauthentication-required"].Value)
	if fallback := media("revoke-session", "default"); fallback.Example != nil {
		t.Errorf("O7 got the example %v of the default response, want none", fallback.Example)
	}
}

func decodedMap(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return all
}

// byID returns the documented operations by their IDs.
func byID(api huma.API) map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for _, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Head, item.Options, item.Patch, item.Trace} {
			if op != nil {
				all[op.OperationID] = op
			}
		}
	}
	return all
}

// summaries returns method, path, security and responses of each operation.
func summaries(api huma.API) map[string]string {
	all := map[string]string{}
	for id, op := range byID(api) {
		var security []string
		for _, alternative := range op.Security {
			security = append(security, "["+strings.Join(slices.Sorted(maps.Keys(alternative)), " ")+"]")
		}
		all[id] = strings.Join(append([]string{op.Method, op.Path, strings.Join(security, "|")}, slices.Sorted(maps.Keys(op.Responses))...), " ")
	}
	return all
}

func TestDocumentIsTrue(t *testing.T) {
	fresh := func(r *rig) []humasesstest.CheckSession {
		return []humasesstest.CheckSession{{Name: "ada", Cookies: []*http.Cookie{humasesstest.Login(t, r.sessions, user{ID: "ada"})}}}
	}
	t.Run("O10 as it is", func(t *testing.T) {
		r := newRig(t, options{})
		humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{Sessions: fresh(r)})
	})
	t.Run("O10 when everything is called, and the authentication is old", func(t *testing.T) {
		r := newRig(t, options{Fresh: time.Minute})
		sessions := fresh(r)
		r.clock.Advance(10 * time.Minute)
		humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{
			Sessions: sessions, CallUnsafe: true,
			Skip: map[string]string{"sign-out": "it ends the session that the others are tried with"},
		})
	})
}

func TestEdit(t *testing.T) {
	t.Run("O10 hidden operations work and are not documented", func(t *testing.T) {
		r := newRig(t, options{Fresh: time.Minute, Edit: func(_ account.Operation, op *huma.Operation) { op.Hidden = true }})
		if got := byID(r.api); len(got) != 0 {
			t.Errorf("got %d operations in the document, want none", len(got))
		}
		c := r.signedIn("ada", "laptop")
		r.clock.Advance(2 * time.Minute)
		do(t, c, "POST", "/sessions/revoke-others", 403)
		do(t, c, "POST", "/sign-out", 204)
		do(t, c, "GET", "/session", 401)
	})
	t.Run("O10 omitted operations are not registered", func(t *testing.T) {
		r := newRig(t, options{Omit: []account.Operation{account.SignOut, account.Revoke}})
		if got := byID(r.api); len(got) != 4 || got["sign-out"] != nil || got["revoke-session"] != nil {
			t.Errorf("got %d operations, want 4 without the omitted", len(got))
		}
		c := r.signedIn("ada", "laptop")
		do(t, c, "POST", "/sign-out", 404)
		do(t, c, "DELETE", "/sessions/"+idOf(t, c), 404)
		do(t, c, "GET", "/session", 200)
	})
	t.Run("O10 path, ID, tags and texts are the program's", func(t *testing.T) {
		r := newRig(t, options{Tags: []string{"Devices"}, Edit: func(name account.Operation, op *huma.Operation) {
			if name == account.Revoke {
				op.OperationID, op.Path, op.Method, op.Summary = "forget-device", "/devices/{id}/forget", "POST", "Forget a device"
				op.Metadata = map[string]any{"mine": true}
			}
		}})
		op := byID(r.api)["forget-device"]
		if op == nil || op.Summary != "Forget a device" || !slices.Equal(op.Tags, []string{"Devices"}) || op.Metadata["mine"] != true {
			t.Fatalf("got %+v, want the changes of Edit", op)
		}
		laptop, phone := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
		do(t, laptop, "POST", "/devices/"+idOf(t, phone)+"/forget", 204)
		do(t, phone, "GET", "/session", 401)
	})
}

func TestGroups(t *testing.T) {
	t.Run("a prefix", func(t *testing.T) {
		r := bareRig(t)
		if err := account.Register(huma.NewGroup(r.api, "/account"), r.sessions, &options{View: view, Fresh: time.Minute}); err != nil {
			t.Fatal(err)
		}
		want := "DELETE /account/sessions/{id} [sessionCookie] 204 401 403 404 default"
		if got := summaries(r.api)["revoke-session"]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		c := r.signedIn("ada", "laptop")
		do(t, c, "GET", "/account/session", 200)
		do(t, c, "POST", "/account/sign-out", 204)
		do(t, c, "GET", "/account/session", 401)
	})
	t.Run("two prefixes, in a group", func(t *testing.T) {
		r := bareRig(t)
		group := huma.NewGroup(huma.NewGroup(r.api, "/api"), "/v1", "/v2")
		if err := account.Register(group, r.sessions, &options{View: view, Fresh: time.Minute}); err != nil {
			t.Fatal(err)
		}
		laptop, phone := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
		for _, version := range []string{"v1", "v2"} {
			want := "POST /api/" + version + "/sessions/revoke-others [sessionCookie] 200 401 403 default"
			if got := summaries(r.api)[version+"-revoke-other-sessions"]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			op := byID(r.api)[version+"-revoke-other-sessions"]
			if n := strings.Count(op.Responses["403"].Description, "reauthentication-required"); n != 1 {
				t.Errorf("got %q, want it to mention authentication once", op.Responses["403"].Description)
			}
		}
		do(t, laptop, "POST", "/api/v2/sessions/revoke-others", 200)
		do(t, phone, "GET", "/api/v1/session", 401)
		do(t, laptop, "GET", "/api/v1/session", 200)
	})
}

// operator is the data of a second manager.
type operator struct{ Badge string }

func TestTwoManagers(t *testing.T) {
	r := newRig(t, options{})
	operators, err := humasess.New(memory.New(nil), &humasess.Options[operator]{
		Identity: func(o operator) string { return o.Badge }, SchemeName: "operatorCookie",
		Cookie: humasess.CookieOptions{Name: "__Host-operator"}, Now: r.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1"))
	if err := r.sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	if err := operators.Attach(api); err != nil {
		t.Fatal(err)
	}
	if err := account.Register(api, r.sessions, &options{View: view}); err != nil {
		t.Fatal(err)
	}
	backstage := huma.NewGroup(api, "/backstage")
	theirs := &account.Options[operator, operator]{View: func(o operator) operator { return o }}
	if err := account.Register(backstage, operators, theirs); err == nil || !strings.Contains(err.Error(), `already has an operation "get-session"`) {
		t.Fatalf("got error %v for IDs that are taken, want one about the ID", err)
	}
	theirs.Edit = func(_ account.Operation, op *huma.Operation) { op.OperationID = "operator-" + op.OperationID }
	if err := account.Register(backstage, operators, theirs); err != nil {
		t.Fatal(err)
	}
	if got, want := summaries(api)["operator-get-session"], "GET /backstage/session [operatorCookie] 200 401 default"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c := humasesstest.NewClient(api.Adapter())
	c.SetCookie(humasesstest.Login(t, r.sessions, user{ID: "ada"}))
	c.SetCookie(humasesstest.Login(t, operators, operator{"ada"}))
	if w := do(t, c, "GET", "/backstage/session", 200); !strings.Contains(w.Body.String(), `"Badge":"ada"`) {
		t.Errorf("got %s, want the operator", w.Body)
	}
	do(t, c, "POST", "/sign-out-everywhere", 200)
	do(t, c, "GET", "/session", 401)
	do(t, c, "GET", "/backstage/session", 200)
}

// teapot is an error model of the program.
type teapot struct {
	Code int    `json:"code"`
	Text string `json:"text"`
}

func (e *teapot) Error() string  { return e.Text }
func (e *teapot) GetStatus() int { return e.Code }

func TestOwnErrorModel(t *testing.T) {
	before := huma.NewError
	huma.NewError = func(status int, text string, _ ...error) huma.StatusError { return &teapot{status, text} }
	defer func() { huma.NewError = before }()
	r := newRig(t, options{Fresh: time.Minute})
	c := r.signedIn("ada", "laptop")
	for path, want := range map[string]int{"/sessions/AAAAAAAAAAAAAAAAAAAAAQ": 404, "/sessions/x": 404} {
		w := do(t, c, "DELETE", path, want)
		if got := decoded[teapot](t, w); got.Code != want || got.Text == "" {
			t.Errorf("%s: got %s, want the program's model", path, w.Body)
		}
	}
	op := byID(r.api)["revoke-session"]
	for _, status := range []string{"401", "403", "404", "default"} {
		media := op.Responses[status].Content["application/json"]
		if media == nil || media.Schema.Ref != "#/components/schemas/Teapot" {
			t.Errorf("%s: got %+v, want the program's model", status, op.Responses[status].Content)
			continue
		}
		if media.Example != nil || media.Examples != nil {
			t.Errorf("%s: got the examples %v and %v, want none of another model", status, media.Example, media.Examples)
		}
	}
}

// golden compares JSON with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s: got another document than the golden one; if the change is intended, run go test -run Golden -update", name)
	}
}
