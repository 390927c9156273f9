package declaretest_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
)

// Answers to a sign-in, with a token and without.
type (
	tokenOut   struct{ Body humasess.BearerToken }
	pointerOut struct{ Body *humasess.BearerToken }
	besideOut  struct {
		Body struct {
			Name  string                `json:"name"`
			Token humasess.BearerToken  `json:"token" doc:"Keep it secret."`
			Other *humasess.BearerToken `json:"other,omitempty"`
		}
	}
	listOut struct {
		Body []struct {
			Device string                `json:"device"`
			Token  *humasess.BearerToken `json:"token"`
		}
	}
	plainOut struct {
		Body struct {
			Name string `json:"name"`
		}
	}
)

// answers registers POST of the path, with the marker of I and the answer of O.
func answers[I, O any](api huma.API, path string, edits ...func(*huma.Operation)) {
	huma.Post(api, path, func(context.Context, *I) (*O, error) { return nil, nil }, edits...)
}

// bearerAPI has sessions with tokens, and one operation for each statement about them.
func bearerAPI(t *testing.T) *site {
	t.Helper()
	s := newSite(t, func(o *humasess.Options[account]) { o.Bearer = &humasess.BearerOptions{} })
	answers[signIn, plainOut](s.api, "/login")
	answers[signIn, tokenOut](s.api, "/token")
	answers[signIn, pointerOut](s.api, "/token-pointer")
	answers[signIn, besideOut](s.api, "/token-beside")
	answers[signIn, listOut](s.api, "/token-list")
	answers[needsIn, tokenOut](s.api, "/token-renew", humasess.Renews)
	answers[needsIn, plainOut](s.api, "/step-up", humasess.Renews)
	huma.Get(s.api, "/me", serve[needsIn])
	huma.Get(s.api, "/home", serve[sessionIn])
	huma.Get(s.api, "/admin", serve[guardIn])
	huma.Get(s.api, "/orders", serve[bothIn])
	huma.Get(s.api, "/report", serve[nothingIn], secure(scheme("bearer"), scheme("sessionCookie", "audit")))
	huma.Get(s.api, "/device", serve[nothingIn], secure(scheme("sessionBearer", "audit")))
	group := huma.NewGroup(s.api, "/v1")
	group.UseSimpleModifier(s.accounts.Require("admin"))
	group.UseSimpleModifier(humasess.Renews)
	huma.Get(group, "/users", serve[nothingIn])
	return s
}

func TestGoldenBearerDocument(t *testing.T) {
	s := bearerAPI(t)
	doc, text := documentOf(t, s.mux)
	golden(t, "bearer.golden.json", []byte(text))
	old, err := openapi.Downgrade(s.api.OpenAPI())
	if err != nil {
		t.Fatalf("Downgrade: %v", err)
	}
	golden(t, "bearer-3.0.golden.json", old)

	// An update of a golden file could accept a mistake.
	noTraces(t, doc, text)
	for path, want := range map[string]alternatives{
		"/me":       {{"sessionCookie": {}}, {"sessionBearer": {}}},
		"/home":     {{"sessionCookie": {}}, {"sessionBearer": {}}, {}},
		"/admin":    {{"sessionCookie": {"admin"}}, {"sessionBearer": {"admin"}}},
		"/v1/users": {{"sessionCookie": {"admin"}}, {"sessionBearer": {"admin"}}},
		"/orders":   {{"sessionCookie": {}, "parcelCookie": {}}},
		"/report":   {{"bearer": {}}, {"sessionCookie": {"audit"}}, {"sessionBearer": {"audit"}}},
		"/device":   {{"sessionBearer": {"audit"}}},
	} {
		t.Run("O2 "+path, func(t *testing.T) {
			wanted, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(doc.Paths[path]["get"].Security); got != string(wanted) {
				t.Errorf("got %s, want %s", got, wanted)
			}
		})
	}
	cookie, token := "Set-Cookie", "Session-Token"
	for path, want := range map[string][]string{
		"/login": {cookie}, "/token": nil, "/token-pointer": nil, "/token-beside": nil, "/token-list": nil,
		"/token-renew": nil, "/step-up": {token, cookie},
	} {
		t.Run("O8 "+path, func(t *testing.T) {
			for code, r := range doc.Paths[path]["post"].Responses {
				var got []string
				for _, name := range []string{token, cookie} {
					if _, has := r.Headers[name]; has {
						got = append(got, name)
					}
				}
				if code == "200" && !slices.Equal(got, want) || code != "200" && got != nil {
					t.Errorf("%s: got headers %q, want %q on the 200", code, got, want)
				}
			}
		})
	}
	t.Run("O8 a group that renews", func(t *testing.T) {
		if h := doc.Paths["/v1/users"]["get"].Responses["204"].Headers; h[token] == nil || h[cookie] == nil {
			t.Errorf("got headers %q, want both", h)
		}
	})
}
