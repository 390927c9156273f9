package policy_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// accessToken is described as the token of package humasess.
type accessToken struct{}

var _ huma.SchemaProvider = accessToken{}

func (accessToken) Schema(huma.Registry) *huma.Schema { return policy.BearerTokenSchema() }

// Answers with a token, and without.
type (
	beside struct {
		Name  string      `json:"name"`
		Token accessToken `json:"token" doc:"Keep it."`
	}
	nested struct {
		Inner struct{ Beside beside }
	}
	pointed   struct{ Token *accessToken }
	several   struct{ Tokens []accessToken }
	keyed     struct{ Tokens map[string]accessToken }
	recursive struct {
		Next  *recursive
		Token accessToken
	}
	without struct {
		AccessToken string `json:"access_token"`
		Next        *without
	}
)

// answering returns a POST with a 200 that has the type as its body.
func answering(f *fixture, path string, body reflect.Type, declared ...policy.Declaration) *huma.Operation {
	op := f.operation(path, declared...)
	op.Method = http.MethodPost
	op.Responses["200"] = &huma.Response{
		Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: f.oapi.Components.Schemas.Schema(body, true, "")}},
	}
	return op
}

func TestAnswersWithTokens(t *testing.T) {
	for _, tt := range []struct {
		body  reflect.Type
		token bool
	}{
		{reflect.TypeFor[accessToken](), true}, {reflect.TypeFor[*accessToken](), true}, {reflect.TypeFor[[]accessToken](), true},
		{reflect.TypeFor[beside](), true}, {reflect.TypeFor[nested](), true}, {reflect.TypeFor[pointed](), true},
		{reflect.TypeFor[several](), true}, {reflect.TypeFor[keyed](), true}, {reflect.TypeFor[recursive](), true},
		{reflect.TypeFor[without](), false}, {reflect.TypeFor[[]string](), false}, {reflect.TypeFor[map[string]string](), false},
	} {
		t.Run("O8 "+tt.body.String(), func(t *testing.T) {
			f := newFixture(t, nil, tokenScheme)
			for path, renews := range map[string]bool{"/login": false, "/renew": true} {
				op := answering(f, path, tt.body, login)
				if renews {
					op = answering(f, path, tt.body, required)
					policy.Renews(op)
				}
				f.mustAdd(t, op)
				if got := policy.AnswersToken(op, f.oapi.Components.Schemas); got != tt.token {
					t.Errorf("%s: got a token in the answer %v, want %v", path, got, tt.token)
				}
				if _, got := op.Responses["200"].Headers["Set-Cookie"]; got == tt.token {
					t.Errorf("%s: got Set-Cookie on the 200 %v, want %v", path, got, !tt.token)
				}
				if _, got := op.Responses["200"].Headers["Session-Token"]; got != (renews && !tt.token) {
					t.Errorf("%s: got Session-Token on the 200 %v, want %v", path, got, renews && !tt.token)
				}
				if op.Responses["204"].Headers["Set-Cookie"] == nil {
					t.Errorf("%s: got no Set-Cookie on the 204, which has no token", path)
				}
			}
		})
	}
	t.Run("O8 a token in an error is no answer to a login", func(t *testing.T) {
		f := newFixture(t, nil, tokenScheme)
		op := f.operation("/", login)
		op.Responses["default"] = answering(f, "/", reflect.TypeFor[accessToken]()).Responses["200"]
		f.mustAdd(t, op)
		if policy.AnswersToken(op, f.oapi.Components.Schemas) {
			t.Error("got a token in the answer, want none")
		}
	})
}

func TestRenews(t *testing.T) {
	const cookie, token = `{"description":"Replaces the session cookie if the session has a new token.","schema":{"type":"string"}}`,
		`{"description":"The new bearer token, if the session has one. It replaces the token of the request.","example":"hs_example-token","schema":{"type":"string"}}`
	for _, tt := range []struct {
		name    string
		schemes []policy.Scheme
		edit    func(*huma.Operation)
		decl    []policy.Declaration
		token   bool
	}{
		{"O8 required", []policy.Scheme{tokenScheme}, nil, []policy.Declaration{required}, true},
		{"O8 optional", []policy.Scheme{tokenScheme}, nil, []policy.Declaration{optional}, true},
		{"O8 Require", []policy.Scheme{tokenScheme}, func(op *huma.Operation) { protect(op) }, nil, true},
		{"O8 cookies only", []policy.Scheme{userScheme}, nil, []policy.Declaration{required}, false},
		{"O8 the tokens of another manager", []policy.Scheme{userScheme, withToken(cartScheme, "token")}, nil, []policy.Declaration{required}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil, tt.schemes...)
			op := f.operation("/", tt.decl...)
			op.Method = http.MethodPost
			mine := &huma.Header{Description: "mine"}
			op.Responses["200"] = &huma.Response{Headers: map[string]*huma.Param{"Session-Token": mine, "Set-Cookie": mine}}
			if tt.edit != nil {
				tt.edit(op)
			}
			policy.Renews(op)
			policy.Renews(op) // as in a group without a prefix
			f.mustAdd(t, op)
			if got := asJSON(t, op.Responses["204"].Headers["Set-Cookie"]); got != cookie {
				t.Errorf("got Set-Cookie %s, want %s", got, cookie)
			}
			want := "null"
			if tt.token {
				want = token
			}
			if got := asJSON(t, op.Responses["204"].Headers["Session-Token"]); got != want {
				t.Errorf("got Session-Token %s, want %s", got, want)
			}
			for code, r := range op.Responses {
				if code[0] != '2' && (r.Headers["Session-Token"] != nil || r.Headers["Set-Cookie"] != nil) {
					t.Errorf("%s: got headers %s, want none on errors", code, asJSON(t, r.Headers))
				}
			}
			if h := op.Responses["200"].Headers; h["Session-Token"] != mine || h["Set-Cookie"] != mine {
				t.Errorf("got headers %s, want the program's own", asJSON(t, h))
			}
		})
	}
	t.Run("O8 not without the mark, and not for an operation without sessions", func(t *testing.T) {
		f := newFixture(t, nil, tokenScheme)
		unmarked, public := f.operation("/unmarked", required), f.operation("/public")
		policy.Renews(public)
		for _, op := range []*huma.Operation{unmarked, public} {
			f.mustAdd(t, op)
			if h := op.Responses["204"].Headers; h != nil {
				t.Errorf("%s: got headers %s, want none", op.Path, asJSON(t, h))
			}
		}
	})
}

func TestUnauthorizedText(t *testing.T) {
	for _, tt := range []struct {
		name    string
		scheme  policy.Scheme
		written policy.Requirements
		want    string
	}{
		{"cookie", userScheme, reqs("session"), "the cookie is missing"},
		{"cookie or token", tokenScheme, reqs("session"), "the cookie or the token is missing"},
		{"another scheme", tokenScheme, reqs("bearer"), "No valid credentials."},
		{"cookie or another scheme", userScheme, reqs("session", "bearer"), "expired or revoked. The request has no valid credentials of `bearer` either."},
	} {
		t.Run("O7 "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, tt.scheme)
			op := f.operation("/")
			op.Security = tt.written
			f.mustAdd(t, op)
			if got := op.Responses["401"].Description; !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
			challenge := `Cookie realm=\"session\"`
			if tt.name == "another scheme" {
				challenge = "Bearer"
			}
			h := op.Responses["401"].Headers["WWW-Authenticate"]
			if got, want := asJSON(t, h), `"example":"`+challenge+`","schema":{"type":"string"}}`; !strings.HasSuffix(got, want) {
				t.Errorf("H6 got WWW-Authenticate %s, want one that ends in %s", got, want)
			}
		})
	}
}
