package policy_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// described adds an operation and returns it with its status codes, sorted.
func described(t *testing.T, f *fixture, op *huma.Operation) []string {
	t.Helper()
	f.mustAdd(t, op)
	var codes []string
	for code := range op.Responses {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

func TestResponses(t *testing.T) {
	post := func(op *huma.Operation) { op.Method = http.MethodPost }
	tests := []struct {
		name     string
		declared []policy.Declaration
		edit     func(*huma.Operation)
		want     string
		text403  string // the description's, in part
	}{
		{"O7 required", []policy.Declaration{required}, nil, "204 401 default", ""},
		{"O7 required, unsafe method", []policy.Declaration{required}, post, "204 401 403 default", "another origin"},
		{"O7 optional", []policy.Declaration{optional}, nil, "204 default", ""},
		{"O7 optional, unsafe method", []policy.Declaration{optional}, post, "204 403 default", "another origin"},
		{"O7 login", []policy.Declaration{login}, post, "204 403 default", "another origin"},
		{"O7 role", []policy.Declaration{guarded("admin")}, nil, "204 401 403 default", "required role: `admin`."},
		{"O7 roles", []policy.Declaration{guarded("admin", "audit")}, nil, "204 401 403 default", "required roles: `admin`, `audit`."},
		{"O7 guard without roles", []policy.Declaration{guarded()}, nil, "204 401 403 default", "not allowed to do this"},
		{"O7 written by hand", nil, secure(reqs("session:audit")), "204 401 403 default", "`audit`"},
		{"O7 bearer or cookie", nil, secure(reqs("bearer", "session")), "204 401 default", ""},
		{"O7 Require", nil, func(op *huma.Operation) { protect(op, "audit") }, "204 401 403 default", "`audit`"},
		{"O7 nothing declared", nil, post, "204 default", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil, userScheme)
			op := f.operation("/", tt.declared...)
			if tt.edit != nil {
				tt.edit(op)
			}
			if got := strings.Join(described(t, f, op), " "); got != tt.want {
				t.Fatalf("got responses %s, want %s", got, tt.want)
			}
			for _, code := range []string{"401", "403"} {
				response := op.Responses[code]
				if response == nil {
					continue
				}
				media := response.Content["application/problem+json"]
				if media == nil || media.Schema == nil || media.Schema.Ref != "#/components/schemas/ErrorModel" {
					t.Errorf("got content %s of the %s, want huma's error model as problem+json", asJSON(t, response.Content), code)
				}
			}
			if tt.text403 != "" && !strings.Contains(op.Responses["403"].Description, tt.text403) {
				t.Errorf("got 403 %q, want %q in it", op.Responses["403"].Description, tt.text403)
			}
		})
	}

	t.Run("O7 roles are named in the 403 when the document omits them", func(t *testing.T) {
		scheme := userScheme
		scheme.OmitRoles = true
		f := newFixture(t, nil, scheme)
		op := f.operation("/", guarded("admin"))
		f.mustAdd(t, op)
		if got, want := asJSON(t, op.Security), `[{"session":[]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
		if got, want := op.Responses["403"].Description, "`admin`"; !strings.Contains(got, want) {
			t.Errorf("got 403 %q, want %s in it", got, want)
		}
		if got, want := f.policy(t, op).Requirements[0], `[{"session":["admin"]}]`; asJSON(t, got) != want {
			t.Errorf("got enforced %s, want %s", asJSON(t, got), want)
		}
	})

	t.Run("O7 responses that the program has described stay", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", guarded("admin"))
		mine401, mine403 := &huma.Response{Description: "Sign in first."}, &huma.Response{Description: "Not you."}
		op.Responses["401"], op.Responses["403"] = mine401, mine403
		f.mustAdd(t, op)
		if op.Responses["401"] != mine401 || op.Responses["403"] != mine403 {
			t.Errorf("got 401 %q and 403 %q, want the user's own", op.Responses["401"].Description, op.Responses["403"].Description)
		}
	})

	t.Run("O7 the map that copies of the operation share is left alone", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", login)
		op.Method = http.MethodPost
		shared := op.Responses
		success := shared["204"]
		f.mustAdd(t, op)
		if len(shared) != 2 {
			t.Errorf("got shared responses %s, want 204 and default as before", asJSON(t, shared))
		}
		if success.Headers != nil {
			t.Errorf("got headers %s on the shared response, want none", asJSON(t, success.Headers))
		}
	})

	t.Run("O7 an operation without any response", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", required)
		op.Responses = nil
		if got, want := strings.Join(described(t, f, op), " "), "401"; got != want {
			t.Errorf("got responses %s, want %s", got, want)
		}
	})
}

func TestValidationResponse(t *testing.T) {
	tests := []struct {
		name     string
		declared []policy.Declaration
		errors   []int // as huma leaves them: it appends 422 and 500
		edit     func(*huma.Operation)
		want     bool
	}{
		{"goes when the marker was the only parameter", []policy.Declaration{required}, []int{404, 422, 500}, nil, false},
		{"stays when the user listed it", []policy.Declaration{required}, []int{422, 422, 500}, nil, true},
		{"stays when the user described it", []policy.Declaration{required}, nil, nil, true},
		{"stays with another parameter", []policy.Declaration{required}, []int{404, 422, 500}, func(op *huma.Operation) {
			op.Parameters = append(op.Parameters, &huma.Param{Name: "page", In: "query"})
		}, true},
		{"stays with a body", []policy.Declaration{required}, []int{404, 422, 500}, func(op *huma.Operation) {
			op.RequestBody = &huma.RequestBody{}
		}, true},
		{"stays without a marker", nil, []int{422, 500}, func(op *huma.Operation) { protect(op) }, true},
	}
	for _, tt := range tests {
		t.Run("O7 422 "+tt.name, func(t *testing.T) {
			f := newFixture(t, nil, userScheme)
			op := f.operation("/", tt.declared...)
			op.Responses["422"], op.Errors = &huma.Response{Description: "Unprocessable Entity"}, tt.errors
			if tt.edit != nil {
				tt.edit(op)
			}
			f.mustAdd(t, op)
			if got := op.Responses["422"] != nil; got != tt.want {
				t.Errorf("got 422 documented %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSetCookieHeader(t *testing.T) {
	f := newFixture(t, nil, userScheme)
	op := f.operation("/login", login)
	op.Method = http.MethodPost
	mine := &huma.Header{Description: "mine"}
	op.Responses["303"] = &huma.Response{Headers: map[string]*huma.Param{"Location": {}}}
	op.Responses["200"] = &huma.Response{Headers: map[string]*huma.Param{"Set-Cookie": mine}}
	f.mustAdd(t, op)

	t.Run("O8 a string that is not required", func(t *testing.T) {
		for _, code := range []string{"204", "303"} {
			got := asJSON(t, op.Responses[code].Headers["Set-Cookie"])
			if want := `{"description":"Sets the session cookie.","schema":{"type":"string"}}`; got != want {
				t.Errorf("%s: got Set-Cookie %s, want %s", code, got, want)
			}
		}
		if op.Responses["303"].Headers["Location"] == nil {
			t.Error("got no Location beside Set-Cookie, want the user's own")
		}
	})
	t.Run("O8 the user's own stays", func(t *testing.T) {
		if got := op.Responses["200"].Headers["Set-Cookie"]; got != mine {
			t.Errorf("got Set-Cookie %s, want the user's own", asJSON(t, got))
		}
	})
	t.Run("O8 not on errors", func(t *testing.T) {
		for _, code := range []string{"403", "default"} {
			if h := op.Responses[code].Headers["Set-Cookie"]; h != nil {
				t.Errorf("%s: got Set-Cookie %s, want none", code, asJSON(t, h))
			}
		}
	})
	t.Run("O8 not on other operations", func(t *testing.T) {
		for _, d := range []policy.Declaration{optional, required, guarded("admin")} {
			op := f.operation("/"+asJSON(t, d.Kind), d)
			f.mustAdd(t, op)
			if h := op.Responses["204"].Headers["Set-Cookie"]; h != nil {
				t.Errorf("kind %d: got Set-Cookie %s, want none", d.Kind, asJSON(t, h))
			}
		}
	})
}

// TestResponsesWithBearer shows that the text of a 401 names each carrier.
func TestResponsesWithBearer(t *testing.T) {
	both := userScheme
	both.Bearer = &policy.Bearer{Key: "token", Prefix: "hs_"}
	for _, tt := range []struct {
		scheme policy.Scheme
		want   string
	}{
		{userScheme, "the cookie is missing"},
		{both, "the cookie or the token is missing"},
	} {
		f := newFixture(t, nil, tt.scheme)
		op := f.operation("/", required)
		described(t, f, op)
		if got := op.Responses["401"].Description; !strings.Contains(got, tt.want) {
			t.Errorf("got %q, want %q in it", got, tt.want)
		}
	}
}
