package declaretest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
)

// The table has each way of declaring a session, with its document and the requests
// that it admits. Both are constants, so the document is never compared with itself.
func TestDeclaredIsDocumentedIsEnforced(t *testing.T) {
	const (
		needs      = `[{"sessionCookie":[]}]`
		maybe      = `[{"sessionCookie":[]},{}]`
		needsAdmin = `[{"sessionCookie":["admin"]}]`
		needsAudit = `[{"sessionCookie":["audit"]}]`
	)
	everyone := []string{"nobody", "plain", "admin", "auditor", "shopper", "both", "bearer", "known"}
	members := []string{"plain", "admin", "auditor", "both", "known"}
	byDefault := func(o *humasess.Options[account]) { o.RequireByDefault = true }
	tests := []struct {
		name     string
		options  func(*humasess.Options[account])
		register func(*site, huma.API)
		path     string   // /x unless set
		security string   // documented; "-" is not at all, "" inherits
		in       []string // the requests that are admitted
	}{
		{"O3 embedded Session", nil, getX[sessionIn](), "", maybe, everyone},
		{"O2 embedded Required", nil, getX[needsIn](), "", needs, members},
		{"O5 embedded Guarded", nil, getX[guardIn](), "", needsAdmin, []string{"admin", "auditor"}},
		{"embedded Login", nil, getX[signIn](), "", `[]`, everyone},
		{"O2 nothing", nil, getX[nothingIn](), "", "", everyone},
		{"O4 one required and one optional type", nil, getX[mixIn](), "", `[{"parcelCookie":[],"sessionCookie":[]},{"sessionCookie":[]}]`, members},
		{"O4 two required types", nil, getX[bothIn](), "", `[{"parcelCookie":[],"sessionCookie":[]}]`, []string{"both"}},
		{"O2 Security by hand", nil, getX[nothingIn](secure(scheme("sessionCookie"))), "", needs, members},
		{"O5 Security by hand, with a role", nil, getX[nothingIn](secure(scheme("sessionCookie", "audit"))), "", needsAudit, []string{"auditor"}},
		{
			"O4 Security by hand, any of two roles", nil, getX[nothingIn](secure(scheme("sessionCookie", "admin"), scheme("sessionCookie", "audit"))),
			"", `[{"sessionCookie":["admin"]},{"sessionCookie":["audit"]}]`, []string{"admin", "auditor"},
		},
		{
			"O4 either type, by hand", nil, getX[nothingIn](secure(scheme("parcelCookie"), scheme("sessionCookie"))),
			"", `[{"parcelCookie":[]},{"sessionCookie":[]}]`, append([]string{"shopper"}, members...),
		},
		{
			"O4 bearer or cookie", nil, getX[nothingIn](secure(scheme("sessionCookie"), scheme("bearer"))),
			"", `[{"sessionCookie":[]},{"bearer":[]}]`, append([]string{"bearer"}, members...),
		},
		{
			"O4 bearer or cookie, with the session in hand", nil, getX[sessionIn](secure(scheme("bearer"), scheme("sessionCookie"))),
			"", `[{"bearer":[]},{"sessionCookie":[]}]`, append([]string{"bearer"}, members...),
		},
		{"O4 bearer and cookie", nil, getX[needsIn](secure(scheme("bearer"))), "", `[{"bearer":[],"sessionCookie":[]}]`, []string{"known"}},
		{
			"O4 bearer, and a session if there is one", nil, getX[sessionIn](secure(scheme("bearer"))),
			"", `[{"bearer":[],"sessionCookie":[]},{"bearer":[]}]`, []string{"bearer", "known"},
		},
		{"O4 login behind a bearer", nil, getX[signIn](secure(scheme("bearer"))), "", `[{"bearer":[]}]`, []string{"bearer", "known"}},
		{"O5 OmitRoles", func(o *humasess.Options[account]) { o.OmitRoles = true }, getX[guardIn](), "", needs, []string{"admin", "auditor"}},
		{
			"O5 OmitRoles, by hand in a group", func(o *humasess.Options[account]) { o.OmitRoles = true },
			inGroup([]string{"/v1"}, getX[nothingIn](secure(scheme("sessionCookie", "audit")))), "/v1/x", needs, []string{"auditor"},
		},

		{"Require on a group without prefix", nil, inGroup(nil, getX[nothingIn]()), "/x", needs, members},
		{"Require on a group with a prefix", nil, inGroup([]string{"/v1"}, getX[nothingIn]()), "/v1/x", needs, members},
		{"Require on a group with two prefixes, the first", nil, inGroup([]string{"/v1", "/v2"}, getX[nothingIn]()), "/v1/x", needs, members},
		{"Require on a group with two prefixes, the second", nil, inGroup([]string{"/v1", "/v2"}, getX[nothingIn]()), "/v2/x", needs, members},
		{"Require on a group with an empty prefix", nil, inGroup([]string{"", "/v2"}, getX[nothingIn]()), "/x", needs, members},
		{"Require on the outer group", nil, inGroup([]string{"/v1"}, inPlainGroup([]string{"/a", "/b"}, getX[nothingIn]())), "/v1/b/x", needs, members},
		{"Require on the inner group", nil, inPlainGroup([]string{"/v1"}, inGroup([]string{"/a"}, getX[nothingIn]())), "/v1/a/x", needs, members},
		{"Require on the inner group without prefix", nil, inPlainGroup([]string{"/v1"}, inGroup(nil, getX[nothingIn]())), "/v1/x", needs, members},
		{"Require on the outer group without prefix", nil, inGroup(nil, inPlainGroup([]string{"/v1"}, getX[nothingIn]())), "/v1/x", needs, members},
		{"Require on both, with a role each", nil, inGroup([]string{"/v1"}, inGroup([]string{"/a"}, getX[nothingIn](), "audit"), "admin"), "/v1/a/x",
			`[{"sessionCookie":["audit","admin"]}]`, []string{"auditor"}},
		{"Require with a role", nil, inGroup([]string{"/v1"}, getX[nothingIn](), "admin"), "/v1/x", needsAdmin, []string{"admin", "auditor"}},
		{"Require over Session", nil, inGroup([]string{"/v1"}, getX[sessionIn]()), "/v1/x", needs, members},
		{"Require over Guarded", nil, inGroup(nil, getX[guardIn](), "audit"), "/x", `[{"sessionCookie":["admin","audit"]}]`, []string{"auditor"}},
		{"Require over a bearer by hand", nil, inGroup([]string{"/v1"}, getX[nothingIn](secure(scheme("bearer")))), "/v1/x", `[{"bearer":[],"sessionCookie":[]}]`, []string{"known"}},
		{"Require on one operation", nil, func(s *site, api huma.API) {
			huma.Get(api, "/x", serve[nothingIn], s.accounts.Require("admin"))
		}, "", needsAdmin, []string{"admin", "auditor"}},
		{"embedded in a group without prefix", nil, inPlainGroup(nil, getX[needsIn]()), "/x", needs, members},
		{"embedded in a group with a prefix", nil, inPlainGroup([]string{"/v1"}, getX[guardIn]()), "/v1/x", needsAdmin, []string{"admin", "auditor"}},
		{"two types in a group with two prefixes", nil, inPlainGroup([]string{"/v1", "/v2"}, getX[bothIn]()), "/v2/x", `[{"parcelCookie":[],"sessionCookie":[]}]`, []string{"both"}},
		{"two types in nested groups", nil, inPlainGroup([]string{"/v1"}, inPlainGroup(nil, getX[bothIn]())), "/v1/x", `[{"parcelCookie":[],"sessionCookie":[]}]`, []string{"both"}},

		{"hidden Required", nil, getX[needsIn](hide), "", "-", members},
		{"hidden Guarded", nil, getX[guardIn](hide), "", "-", []string{"admin", "auditor"}},
		{"hidden, two types", nil, getX[bothIn](hide), "", "-", []string{"both"}},
		{"hidden, by hand", nil, getX[nothingIn](hide, secure(scheme("sessionCookie", "audit"))), "", "-", []string{"auditor"}},
		{"hidden in a protected group", nil, inGroup([]string{"/v1"}, getX[nothingIn](hide), "admin"), "/v1/x", "-", []string{"admin", "auditor"}},
		{"hidden in a protected group without prefix", nil, inGroup(nil, getX[nothingIn](hide)), "/x", "-", members},
		{"after a hidden operation with one type", nil, register(getX[guardIn](hide, at("/hidden")), getX[sessionIn]()), "", maybe, everyone},
		{"after a hidden operation with two types", nil, register(getX[bothIn](hide, at("/hidden")), getX[needsIn]()), "", needs, members},
		{"after a hidden operation in a group", nil, register(inPlainGroup([]string{"/v1"}, getX[bothIn](hide)), getX[needsIn]()), "", needs, members},

		{"RequireByDefault", byDefault, getX[nothingIn](), "", "", members},
		{"RequireByDefault in a group", byDefault, inPlainGroup([]string{"/v1"}, getX[nothingIn]()), "/v1/x", "", members},
		{"RequireByDefault, hidden", byDefault, getX[nothingIn](hide), "", "-", members},
		{"RequireByDefault, made public", byDefault, getX[nothingIn](secure()), "", `[]`, everyone},
		{"RequireByDefault, Session", byDefault, getX[sessionIn](), "", maybe, everyone},
		{"RequireByDefault, Login", byDefault, getX[signIn](), "", `[]`, everyone},
		{"RequireByDefault, Guarded", byDefault, getX[guardIn](), "", needsAdmin, []string{"admin", "auditor"}},
		{"RequireByDefault, a bearer by hand", byDefault, getX[nothingIn](secure(scheme("bearer"))), "", `[{"bearer":[],"sessionCookie":[]}]`, []string{"known"}},
		{
			"RequireByDefault, bearer or cookie by hand", byDefault, getX[nothingIn](secure(scheme("sessionCookie"), scheme("bearer"))),
			"", `[{"sessionCookie":[]},{"bearer":[]}]`, append([]string{"bearer"}, members...),
		},

		{"AutoRegister", nil, func(_ *site, api huma.API) { huma.AutoRegister(api, &shelf{}) }, "/shelf", needsAdmin, []string{"admin", "auditor"}},
		{"AutoRegister, the other operation", nil, func(_ *site, api huma.API) { huma.AutoRegister(api, &shelf{}) }, "/public", maybe, everyone},
		{"sse.Register", nil, stream, "", needsAdmin, []string{"admin", "auditor"}},
		{"sse.Register in a group", nil, inPlainGroup([]string{"/v1", "/v2"}, stream), "/v2/x", needsAdmin, []string{"admin", "auditor"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, func(o *humasess.Options[account]) {
				if tt.options != nil {
					tt.options(o)
				}
			})
			tt.register(s, s.api)
			path := tt.path
			if path == "" {
				path = "/x"
			}
			var in []string
			var statuses []int
			for _, v := range guests {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					status := s.status(v.guest, method, path)
					statuses = append(statuses, status)
					if ok := status < 300; ok != slices.Contains(tt.in, v.name) {
						t.Errorf("%s %s by %s: got %d, want let in %v", method, path, v.name, status, !ok)
					} else if ok && method == http.MethodGet {
						in = append(in, v.name)
					}
				}
			}
			doc, text := documentOf(t, s.mux)
			op, documented := doc.Paths[path]["get"]
			if want := tt.security != "-"; documented != want {
				t.Fatalf("got documented %v, want %v", documented, want)
			}
			if documented {
				if got := string(op.Security); got != tt.security {
					t.Errorf("got security %s, want %s; it lets in %v", got, tt.security, in)
				}
				if tt.security != "" {
					op.refusals(t, statuses)
				}
			}
			noTraces(t, doc, text)
		})
	}
}

// noTraces checks that the document has neither markers nor the cookie among
// its parameters.
func noTraces(t *testing.T, doc document, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, `"type":"urn:humasess:problem:`, "") // the examples of problems
	for _, trace := range []string{"Humasess", "humasess", "x-session-declarations", `"security":null`, `Cookie":null`, `bearer":null`} {
		if i := strings.Index(text, trace); i >= 0 {
			t.Errorf("O9 got %q in the document: …%s…", trace, text[max(0, i-60):min(len(text), i+60)])
		}
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			for _, p := range op.Parameters {
				if p.In == "cookie" || p.In == "header" {
					t.Errorf("O9 %s %s: got parameter %s in the %s, want none", method, path, p.Name, p.In)
				}
			}
		}
	}
}

// register does several registrations in order.
func register(all ...func(*site, huma.API)) func(*site, huma.API) {
	return func(s *site, api huma.API) {
		for _, r := range all {
			r(s, api)
		}
	}
}

func at(path string) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Path, op.OperationID = path, path }
}

// inGroup registers in a group that is protected by Require.
func inGroup(prefixes []string, r func(*site, huma.API), roles ...string) func(*site, huma.API) {
	return func(s *site, api huma.API) {
		group := huma.NewGroup(api, prefixes...)
		group.UseSimpleModifier(s.accounts.Require(roles...))
		r(s, group)
	}
}

func inPlainGroup(prefixes []string, r func(*site, huma.API)) func(*site, huma.API) {
	return func(s *site, api huma.API) { r(s, huma.NewGroup(api, prefixes...)) }
}

// shelf is registered by AutoRegister.
type shelf struct{}

func (*shelf) RegisterShelf(api huma.API)  { huma.Get(api, "/shelf", serve[guardIn]) }
func (*shelf) RegisterPublic(api huma.API) { huma.Get(api, "/public", serve[sessionIn]) }

func stream(_ *site, api huma.API) {
	op := huma.Operation{OperationID: "stream", Method: http.MethodGet, Path: "/x"}
	// huma adds no default response to an operation that describes a response.
	op.Responses = map[string]*huma.Response{"default": {Description: "Error"}}
	sse.Register(api, op, map[string]any{"n": struct{ N int }{}}, func(context.Context, *guardIn, sse.Sender) {})
}

func TestOneManagerOnTwoAPIs(t *testing.T) {
	s := newSite(t)
	getX[needsIn]()(s, s.api)
	first := s.mux
	s.mux, s.api = newAPI()
	s.attach(s.api)
	getX[guardIn]()(s, s.api)
	second := s.mux
	tests := []struct {
		name string
		mux  *http.ServeMux
		want map[guest]int
	}{
		{"first", first, map[guest]int{byNobody: 401, byPlain: 204, byAdmin: 204}},
		{"second", second, map[guest]int{byNobody: 401, byPlain: 403, byAdmin: 204}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.mux = tt.mux
			for v, want := range tt.want {
				if got := s.status(v, http.MethodGet, "/x"); got != want {
					t.Errorf("%+v: got %d, want %d", v, got, want)
				}
			}
		})
	}
}

func TestDocumentEditedByHandOnlyTightens(t *testing.T) {
	tests := []struct {
		name     string
		register func(*site, huma.API)
		edit     func(*huma.Operation)
		in       []guest
		out      []guest
	}{
		{"a role is added", getX[needsIn](), secure(scheme("sessionCookie", "audit")), []guest{byAuditor}, []guest{byNobody, byPlain, byAdmin}},
		{"a session is added", getX[nothingIn](), secure(scheme("sessionCookie")), []guest{byPlain}, []guest{byNobody}},
		{"a bearer is added", getX[sessionIn](), secure(scheme("bearer")), []guest{byBearer}, []guest{byNobody, byPlain}},
		{"the role is taken", getX[guardIn](), secure(scheme("sessionCookie")), []guest{byAdmin}, []guest{byNobody, byPlain}},
		{"it is made public", getX[needsIn](), secure(), []guest{byPlain}, []guest{byNobody}},
		{"it inherits again", getX[needsIn](), func(op *huma.Operation) { op.Security = nil }, []guest{byPlain}, []guest{byNobody}},
	}
	for _, tt := range tests {
		for _, prefixes := range [][]string{nil, {"/v1"}} {
			t.Run(tt.name+" "+strings.Join(prefixes, ""), func(t *testing.T) {
				s := newSite(t)
				inPlainGroup(prefixes, tt.register)(s, s.api)
				path := strings.Join(prefixes, "") + "/x"
				tt.edit(s.api.OpenAPI().Paths[path].Get)
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					for _, v := range tt.in {
						if got := s.status(v, method, path); got != 204 {
							t.Errorf("%s by %+v: got %d, want 204", method, v, got)
						}
					}
					for _, v := range tt.out {
						if got := s.status(v, method, path); got != 401 && got != 403 {
							t.Errorf("%s by %+v: got %d, want a refusal", method, v, got)
						}
					}
				}
			})
		}
	}
}
