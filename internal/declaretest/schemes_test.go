package declaretest_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// A scheme that Options.Schemes names is checked where no session is
// involved, too.
func TestSchemesAlone(t *testing.T) {
	for _, tt := range []struct {
		name     string
		global   alternatives
		security alternatives
		want     map[guest]int
	}{
		{"written", nil, alternatives{scheme("bearer")}, map[guest]int{byNobody: 401, byPlain: 401, byBearer: 204}},
		{"inherited", alternatives{scheme("bearer")}, nil, map[guest]int{byNobody: 401, byPlain: 401, byBearer: 204}},
		{"as an option", nil, alternatives{scheme("bearer"), {}}, map[guest]int{byNobody: 204, byPlain: 204, byBearer: 204}},
		{"public", alternatives{scheme("bearer")}, alternatives{}, map[guest]int{byNobody: 204}},
		{"with scopes", nil, alternatives{scheme("bearer", "read")}, map[guest]int{byNobody: 401, byBearer: 204}},
		{"that nothing checks", nil, alternatives{scheme("basic")}, map[guest]int{byNobody: 204}},
		{"or a session", nil, alternatives{scheme("bearer"), scheme("sessionCookie")}, map[guest]int{byNobody: 401, byPlain: 204, byBearer: 204}},
	} {
		for _, hidden := range []bool{false, true} {
			for _, prefix := range []string{"", "/v1"} {
				t.Run(fmt.Sprintf("O3 %s, hidden %v, prefix %q", tt.name, hidden, prefix), func(t *testing.T) {
					s := newSite(t)
					s.api.OpenAPI().Security = tt.global
					api := s.api
					if prefix != "" {
						api = huma.NewGroup(s.api, prefix)
					}
					registers[nothingIn](api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Security: tt.security, Hidden: hidden})
					answers := []int{}
					for v, want := range tt.want {
						got := s.status(v, http.MethodGet, prefix+"/x")
						if got != want {
							t.Errorf("%+v: got %d, want %d", v, got, want)
						}
						answers = append(answers, got)
					}
					if doc, _ := documentOf(t, s.mux); !hidden {
						doc.Paths[prefix+"/x"]["get"].refusals(t, answers)
					}
				})
			}
		}
	}

	t.Run("O3 the answer says nothing of cookies", func(t *testing.T) {
		s := newSite(t)
		registers[nothingIn](s.api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Security: alternatives{scheme("bearer")}})
		for _, v := range []guest{byNobody, byBearer} {
			w := s.client(v).Do(http.MethodGet, "/x", nil, bearing(v))
			wantHeader(t, w, "Vary", "Authorization")
			if v == byNobody {
				wantHeader(t, w, "Cache-Control")
				wantHeader(t, w, "WWW-Authenticate", "Bearer")
			} else {
				wantHeader(t, w, "Cache-Control", "no-store")
			}
		}
	})

	t.Run("F1 the cross-origin check applies", func(t *testing.T) {
		s := newSite(t, func(o *humasess.Options[account]) { o.TrustedOrigins = []string{"https://friend.example"} })
		for _, hidden := range []bool{false, true} {
			path := fmt.Sprintf("/%v", hidden)
			registers[nothingIn](s.api, huma.Operation{OperationID: path, Method: http.MethodPost, Path: path, Hidden: hidden, Security: alternatives{scheme("bearer")}})
			for origin, want := range map[string]int{"https://evil.example": 403, "https://friend.example": 204} {
				w := s.client(byBearer).Do(http.MethodPost, path, nil, bearing(byBearer), withHeaders("Origin", origin, "Sec-Fetch-Site", "cross-site"))
				wantStatus(t, w, want)
			}
		}
		doc, _ := documentOf(t, s.mux)
		doc.Paths["/false"]["post"].refusals(t, []int{401, 403})
	})

	t.Run("a mix of checked and unchecked is refused", func(t *testing.T) {
		for _, security := range []alternatives{
			{scheme("bearer"), scheme("basic")},
			{{"bearer": nil, "basic": nil}},
		} {
			s := newSite(t)
			op := huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Security: security}
			wantText(t, "panic", panicOf(func() { registers[nothingIn](s.api, op) }), `"basic"`, "Options.Schemes", "GET /x")
			op.Hidden = true
			registers[nothingIn](s.api, op)
			if got := s.status(byBearer, http.MethodGet, "/x"); got != http.StatusInternalServerError {
				t.Errorf("hidden: got %d, want 500", got)
			}
		}
	})

	t.Run("a scheme that the document does not describe is refused", func(t *testing.T) {
		for _, accepted := range []bool{false, true} {
			s := newSite(t, func(o *humasess.Options[account]) {
				if accepted {
					o.AcceptSchemes = []string{"bearer"}
				}
			})
			described := s.api.OpenAPI().Components.SecuritySchemes["bearer"]
			delete(s.api.OpenAPI().Components.SecuritySchemes, "bearer")
			op := huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x"}
			if !accepted {
				op.Security = alternatives{scheme("sessionCookie"), scheme("bearer")}
			}
			refused := panicOf(func() { registers[needsIn](s.api, op) })
			wantText(t, "panic", refused, `"bearer"`, "Options.Schemes", "add", "components.securitySchemes", "GET /x")
			if len(s.api.OpenAPI().Paths) > 0 {
				t.Errorf("accepted %v: the refused operation is in the document", accepted)
			}
			hidden := op
			hidden.OperationID, hidden.Path, hidden.Hidden = "hidden", "/hidden", true
			registers[needsIn](s.api, hidden)
			if got := s.status(byKnown, http.MethodGet, "/hidden"); got != http.StatusInternalServerError {
				t.Errorf("accepted %v, hidden: got %d, want 500", accepted, got)
			}
			// The operation registers once the document describes the scheme.
			op.Path = "/described"
			s.api.OpenAPI().Components.SecuritySchemes["bearer"] = described
			registers[needsIn](s.api, op)
			for v, want := range map[guest]int{byNobody: 401, byPlain: 204, byBearer: 204} {
				w := s.client(v).Do(http.MethodGet, "/described", nil, bearing(v))
				wantStatus(t, w, want)
				wantHeader(t, w, "Vary", "Cookie, Authorization")
			}
		}
	})

	t.Run("a document that is tightened before the first request", func(t *testing.T) {
		s := newSite(t)
		registers[nothingIn](s.api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x"})
		s.api.OpenAPI().Paths["/x"].Get.Security = alternatives{scheme("bearer")}
		for v, want := range map[guest]int{byNobody: 401, byBearer: 204} {
			if got := s.status(v, http.MethodGet, "/x"); got != want {
				t.Errorf("%+v: got %d, want %d", v, got, want)
			}
		}
	})
}

// Caches learn of every header that may bring a user, and do not store an answer
// with one.
func TestSchemesAndCaches(t *testing.T) {
	check := func(ctx huma.Context, _ []string) (account, error) {
		if ctx.Header("X-Key") != "good" && ctx.Header("Authorization") != "Bearer good" {
			return account{}, errNoBearer
		}
		return account{ID: "u1"}, nil
	}
	schemes := map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer"},
		"key":    {Type: "apiKey", In: "header", Name: "x-key"},
		"query":  {Type: "apiKey", In: "query", Name: "key"},
		"jar":    {Type: "apiKey", In: "cookie", Name: "key"},
		"oauth":  {Type: "oauth2"},
	}
	for _, tt := range []struct {
		name     string
		security alternatives
		header   string // of the credential
		vary     string
		private  bool // the answer to the credential
	}{
		{"apiKey", alternatives{scheme("key")}, "X-Key", "X-Key", true},
		{"apiKey or a session", alternatives{scheme("key"), scheme("sessionCookie")}, "X-Key", "Cookie, X-Key", true},
		{"apiKey or bearer", alternatives{scheme("key"), scheme("bearer")}, "Authorization", "Authorization, X-Key", true},
		{"bearer or OAuth", alternatives{scheme("bearer"), scheme("oauth")}, "Authorization", "Authorization", true},
		{"a cookie of its own or a session", alternatives{scheme("jar"), scheme("sessionCookie")}, "X-Key", "Cookie", true},
		{"in the query", alternatives{scheme("query")}, "X-Key", "", true},
		{"as an option", alternatives{scheme("key"), {}}, "X-Key", "X-Key", true},
		{"as an option, or a session", alternatives{scheme("key"), scheme("sessionCookie"), {}}, "X-Key", "Cookie, X-Key", true},
		{"as an option, without it", alternatives{scheme("key"), {}}, "X-Other", "X-Key", false},
	} {
		for _, hidden := range []bool{false, true} {
			t.Run(fmt.Sprintf("H1 H2 %s, hidden %v", tt.name, hidden), func(t *testing.T) {
				s := newSite(t, func(o *humasess.Options[account]) {
					o.Schemes = map[string]func(huma.Context, []string) (account, error){}
					for key := range schemes {
						o.Schemes[key] = check
					}
				})
				s.api.OpenAPI().Components.SecuritySchemes = maps.Clone(s.api.OpenAPI().Components.SecuritySchemes)
				maps.Copy(s.api.OpenAPI().Components.SecuritySchemes, schemes)
				huma.Register(s.api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Hidden: hidden, Security: tt.security},
					func(context.Context, *nothingIn) (*output, error) {
						return &output{Status: http.StatusOK, CacheControl: "public", Vary: []string{"Accept"}}, nil
					})
				for _, good := range []bool{true, false} {
					value := map[string]string{"X-Key": "good", "Authorization": "Bearer good"}[tt.header]
					if !good {
						value = ""
					}
					w := s.client(byNobody).Do(http.MethodGet, "/x", nil, withHeaders(tt.header, value))
					vary, cache := []string{"Accept", tt.vary}, "public"
					if w.Code == http.StatusUnauthorized {
						vary, cache = vary[1:], ""
					}
					if vary[len(vary)-1] == "" {
						vary = vary[:len(vary)-1]
					}
					if good && tt.private {
						cache = "no-store"
					}
					if got := w.Header(); !slices.Equal(got["Vary"], vary) || got.Get("Cache-Control") != cache || good && w.Code != http.StatusOK {
						t.Errorf("credential %v: got %d %v, want Vary %q and Cache-Control %q", good, w.Code, got, vary, cache)
					}
				}
			})
		}
	}
}

func bearing(g guest) func(*http.Request) {
	return func(r *http.Request) {
		if g.bearer {
			r.Header.Set("Authorization", "Bearer good")
		}
	}
}

// Protect holds where Require can only be documented.
func TestProtect(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		for _, prefixes := range [][]string{nil, {"/v1"}, {"/v1", "/v2"}} {
			t.Run(fmt.Sprintf("O4 hidden %v, prefixes %v", hidden, prefixes), func(t *testing.T) {
				s := newSite(t)
				group := huma.NewGroup(s.api, prefixes...)
				s.accounts.Protect(group, "admin")
				s.accounts.Protect(group)
				inner := huma.NewGroup(group, "/in")
				s.accounts.Protect(inner, "audit")
				registers[nothingIn](group, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Hidden: hidden})
				registers[sessionIn](inner, huma.Operation{OperationID: "y", Method: http.MethodGet, Path: "/y", Hidden: hidden})
				first := ""
				if len(prefixes) > 0 {
					first = prefixes[len(prefixes)-1]
				}
				for v, want := range map[guest]int{byNobody: 401, byPlain: 403, byAdmin: 204, byAuditor: 204} {
					if got := s.status(v, http.MethodGet, first+"/x"); got != want {
						t.Errorf("/x by %+v: got %d, want %d", v, got, want)
					}
					if v == byAdmin {
						want = 403
					}
					if got := s.status(v, http.MethodGet, first+"/in/y"); got != want {
						t.Errorf("/in/y by %+v: got %d, want %d", v, got, want)
					}
				}
				if doc, _ := documentOf(t, s.mux); !hidden {
					wantText(t, "security", string(doc.Paths[first+"/x"]["get"].Security), `"admin"`)
				}
			})
		}
	}

	t.Run("O4 on an API without the manager", func(t *testing.T) {
		s := newSite(t)
		_, other := newAPI()
		wantText(t, "panic", panicOf(func() { s.accounts.Protect(huma.NewGroup(other, "/v1")) }), "Protect", "call Attach first")
		if err := s.parcels.Attach(other); err != nil {
			t.Fatal(err)
		}
		wantText(t, "panic", panicOf(func() { s.accounts.Protect(huma.NewGroup(other, "/v1")) }), "Protect", "call Attach first")
	})
	t.Run("O4 roles without Options.Roles", func(t *testing.T) {
		s := newSite(t)
		wantText(t, "panic", panicOf(func() { s.parcels.Protect(huma.NewGroup(s.api), "admin") }), "set Options.Roles")
	})
	t.Run("O4 an API around the group that drops modifiers", func(t *testing.T) {
		s := newSite(t)
		group := huma.NewGroup(s.api, "/v1")
		s.accounts.Protect(group)
		registers[nothingIn](unmodified{group, s.api}, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Hidden: true})
		w := s.client(byAdmin).Do(http.MethodGet, "/x", nil)
		wantStatus(t, w, http.StatusInternalServerError)
		wantText(t, "body", w.Body.String(), "GET /x")
	})
}

// unmodified has the group's middleware without its modifiers.
type unmodified struct {
	*huma.Group
	api huma.API
}

func (u unmodified) Adapter() huma.Adapter                { return u.api.Adapter() }
func (u unmodified) DocumentOperation(op *huma.Operation) {}

// Two managers may have the same scheme key on two APIs. The sessions of one
// must not pass the other's Require.
func TestRequireOfAnotherManagerWithTheSameKey(t *testing.T) {
	s := newSite(t)
	mux := http.NewServeMux()
	other := humago.New(mux, huma.DefaultConfig("Other", "1.0.0"))
	m, err := humasess.New[int](memory.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Attach(other); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []bool{false, true} {
		group := huma.NewGroup(other, "/v1")
		group.UseSimpleModifier(s.accounts.Require())
		op := huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Hidden: hidden}
		text := panicOf(func() { registers[nothingIn](group, op) })
		if !hidden {
			wantText(t, "panic", text, `"sessionCookie"`, "not attached", "GET /v1/x")
			continue
		}
		c := humasesstest.NewClient(mux)
		c.SetCookie(humasesstest.Login(t, m, 1))
		wantStatus(t, c.Do(http.MethodGet, "/v1/x", nil), http.StatusInternalServerError)
	}
}

// Another API may have the same method and path, and the manager.
func TestRequireBesideAnAPIWithTheManager(t *testing.T) {
	s := newSite(t)
	_, other := newAPI()
	register := func(api huma.API) {
		group := huma.NewGroup(api, "/v1")
		group.UseSimpleModifier(s.accounts.Require("admin"))
		huma.Get(group, "/x", func(context.Context, *nothingIn) (*struct{}, error) { return nil, nil })
	}
	register(s.api)
	wantText(t, "panic", panicOf(func() { register(other) }), "Attach", "GET /v1/x")
	// The modifier of one operation leaves nothing behind either.
	huma.Get(s.api, "/w/y", serve[nothingIn], s.accounts.Require())
	register2 := func(api huma.API) {
		group := huma.NewGroup(api, "/w")
		group.UseSimpleModifier(s.accounts.Require())
		huma.Get(group, "/y", serve[nothingIn])
	}
	wantText(t, "panic", panicOf(func() { register2(other) }), "Attach", "GET /w/y")
}

// A check is never called for a key that names the sessions of a manager.
func TestSchemesThatNameSessions(t *testing.T) {
	checking := &humasess.Options[account]{Schemes: map[string]func(huma.Context, []string) (account, error){
		"other": func(huma.Context, []string) (account, error) { return account{}, nil },
	}}
	for _, checkFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("O3 the check first: %v", checkFirst), func(t *testing.T) {
			one, err := humasess.New(memory.New(nil), checking)
			if err != nil {
				t.Fatal(err)
			}
			other, err := humasess.New(memory.New(nil), &humasess.Options[string]{SchemeName: "other", Cookie: humasess.CookieOptions{Name: "other"}})
			if err != nil {
				t.Fatal(err)
			}
			attach := []func(huma.API) error{one.Attach, other.Attach}
			if !checkFirst {
				attach[0], attach[1] = attach[1], attach[0]
			}
			api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
			if err := attach[0](api); err != nil {
				t.Fatal(err)
			}
			if err := attach[1](api); err == nil || !strings.Contains(err.Error(), `Schemes["other"]`) {
				t.Errorf("got error %v, want one about the check", err)
			}
		})
	}
}
