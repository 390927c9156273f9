package openapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

// owner and auditor are guards with code of their own.
type (
	owner   struct{}
	auditor struct{}
	recent  struct{}
	strict  struct{}
)

func (owner) Check(huma.Context, user) error   { return nil }
func (auditor) Check(huma.Context, user) error { return nil }
func (recent) Fresh() time.Duration            { return time.Hour }
func (strict) Fresh() time.Duration            { return time.Minute }
func (strict) Methods() []string               { return []string{"otp"} }

func answer[I any](context.Context, *I) (*struct{}, error) { return nil, nil }

type (
	nothing  struct{}
	optional struct{ humasess.Session[user] }
	required struct{ humasess.Required[user] }
	login    struct{ humasess.Login[user] }

	guarded[G any] struct{ humasess.Guarded[user, G] }
)

// registration adds operations to an API.
type registration = func(api huma.API, m *humasess.Manager[user])

// op registers an operation with the input I.
func op[I any](method, path string, edits ...func(*huma.Operation)) registration {
	return func(api huma.API, _ *humasess.Manager[user]) {
		o := huma.Operation{Method: method, Path: path, OperationID: method + path}
		for _, edit := range edits {
			edit(&o)
		}
		huma.Register(api, o, answer[I])
	}
}

func get[I any](edits ...func(*huma.Operation)) registration {
	return op[I](http.MethodGet, "/x", edits...)
}

func post[I any](edits ...func(*huma.Operation)) registration {
	return op[I](http.MethodPost, "/x", edits...)
}

func secured(alternatives ...map[string][]string) func(*huma.Operation) {
	return func(o *huma.Operation) { o.Security = append([]map[string][]string{}, alternatives...) }
}

func unlisted(o *huma.Operation) { o.Hidden = true }

func identity(u user) string { return u.ID }

func roles(u user) []string { return []string{u.ID} }

// apiWith returns an API with a manager and operations.
func apiWith(t testing.TB, opts humasess.Options[user], all ...registration) huma.API {
	t.Helper()
	if opts.Identity == nil {
		opts.Identity = identity
	}
	if opts.Roles == nil {
		opts.Roles = roles
	}
	m, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	config := huma.DefaultConfig("Test", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey":  {Type: "apiKey", In: "header", Name: "X-API-Key"},
		"foreign": {Type: "http", Scheme: "basic"},
	}
	api := humago.New(http.NewServeMux(), config)
	if err := m.Attach(api); err != nil {
		t.Fatalf("Attach: %v", err)
	}
	for _, register := range all {
		register(api, m)
	}
	return api
}

func policyWith(t testing.TB, opts humasess.Options[user], all ...registration) openapi.Policy {
	t.Helper()
	p, err := openapi.PolicyOf(apiWith(t, opts, all...))
	if err != nil {
		t.Fatalf("PolicyOf: %v", err)
	}
	return p
}

func apiKey(huma.Context, []string) (user, error) { return user{}, humasess.ErrNoSession }

func withKey(accepted ...string) humasess.Options[user] {
	return humasess.Options[user]{
		Schemes:       map[string]func(huma.Context, []string) (user, error){"apiKey": apiKey},
		AcceptSchemes: accepted,
	}
}

// Each operation is one line of the file.
func TestPolicyOf(t *testing.T) {
	session := `{"credentials":{"sessionCookie":[]}}`
	tests := []struct {
		name string
		opts humasess.Options[user]
		op   registration
		want string
	}{
		{name: "unmarked", op: get[nothing](), want: `"access":"unmarked","admits":[{}]`},
		{name: "public", op: get[nothing](secured()), want: `"access":"public","admits":[{}]`},
		{name: "optional", op: get[optional](), want: `"access":"optional","admits":[{}]`},
		{name: "login", op: post[login](), want: `"access":"login","admits":[{"sameOrigin":true}]`},
		{name: "required", op: get[required](), want: `"access":"user","admits":[` + session + `]`},
		{name: "required, unsafe", op: post[required](), want: `"admits":[{"credentials":{"sessionCookie":[]},"sameOrigin":true}]`},
		{
			name: "required by default", opts: humasess.Options[user]{RequireByDefault: true}, op: get[nothing](),
			want: `"access":"user","admits":[` + session + `]`,
		},
		{
			name: "cross-site", op: post[required](humasess.AllowCrossSite),
			want: `"admits":[` + session + `],"allowCrossSite":true`,
		},
		{name: "no touch", op: get[required](humasess.NoTouch), want: `"admits":[` + session + `],"noTouch":true`},
		{name: "reads of other sites", opts: humasess.Options[user]{RejectCrossSiteReads: true}, op: get[optional](), want: `"admits":[{"sameOrigin":true}]`},
		{name: "preflights of other sites", opts: humasess.Options[user]{RejectCrossSiteReads: true}, op: op[optional](http.MethodOptions, "/x"), want: `"admits":[{}]`},
		{
			name: "a guard", op: get[guarded[owner]](),
			want: `"users":[{"credential":"sessionCookie","guards":["openapi_test.owner"]}]`,
		},
		{
			name: "freshness and methods", op: get[guarded[strict]](),
			want: `"users":[{"credential":"sessionCookie","proofs":[{"fresh":"1m","methods":["otp"]}]}]`,
		},
		{
			name: "roles of a group and freshness", op: func(api huma.API, m *humasess.Manager[user]) {
				g := huma.NewGroup(api, "/a", "/b")
				g.UseSimpleModifier(m.Require("admin"))
				g.UseSimpleModifier(m.RequireFresh(time.Minute))
				get[nothing]()(g, m)
			},
			want: `{"method":"GET","path":"/a/x","access":"user","admits":[{"credentials":{"sessionCookie":[]},` +
				`"users":[{"credential":"sessionCookie","roles":["admin"],"proofs":[{"fresh":"1m"}]}]}]},` + "\n" + `{"method":"GET","path":"/b/x",`,
		},
		{
			name: "a bearer token", opts: humasess.Options[user]{Bearer: &humasess.BearerOptions{}}, op: post[required](),
			want: `"admits":[{"credentials":{"sessionBearer":[]}},{"credentials":{"sessionCookie":[]},"sameOrigin":true}]`,
		},
		{
			name: "a CSRF token", opts: humasess.Options[user]{CSRFHeader: "X-CSRF-Token"}, op: post[required](),
			want: `"admits":[{"credentials":{"sessionCookie":[],"sessionCookieCSRF":[]},"sameOrigin":true}]`,
		},
		{
			name: "a CSRF token of a hidden operation", opts: humasess.Options[user]{CSRFHeader: "X-CSRF-Token"}, op: post[required](humasess.Hide),
			want: `"admits":[{"credentials":{"sessionCookie":[],"sessionCookieCSRF":[]},"sameOrigin":true}]`,
		},
		{
			name: "an API key that counts everywhere", opts: withKey("apiKey"), op: get[required](),
			want: `"admits":[{"credentials":{"apiKey":[]}},` + session + `]`,
		},
		{
			name: "an API key whose user has a role", opts: withKey(), op: get[guarded[owner]](secured(map[string][]string{"sessionCookie": {}}, map[string][]string{"apiKey": {"read"}})),
			want: `"admits":[{"credentials":{"apiKey":["read"]},"users":[{"credential":"apiKey","guards":["openapi_test.owner"]}]},` +
				`{"credentials":{"sessionCookie":[]},"users":[{"credential":"sessionCookie","guards":["openapi_test.owner"]}]}]`,
		},
		{
			name: "an API key cannot prove a recent sign-in", opts: withKey(),
			op:   get[guarded[recent]](secured(map[string][]string{"sessionCookie": {}}, map[string][]string{"apiKey": {}})),
			want: `"admits":[{"credentials":{"sessionCookie":[]},"users":[{"credential":"sessionCookie","proofs":[{"fresh":"1h"}]}]}]`,
		},
		{
			name: "a scheme that no manager checks", op: get[nothing](secured(map[string][]string{"foreign": {}})),
			want: `"access":"unchecked","admits":[{"credentials":{"foreign":[]}}]`,
		},
		{name: "hidden by us", op: get[required](humasess.Hide), want: `{"method":"GET","path":"/x","access":"user","admits":[` + session + `],"hidden":true}`},
		{
			name: "hidden by huma", op: post[guarded[owner]](unlisted),
			want: `{"count":1,"access":"user","admits":[{"credentials":{"sessionCookie":[]},"users":[{"credential":"sessionCookie","guards":["openapi_test.owner"]}]}],"hidden":true}`,
		},
		{name: "hidden by huma without a marker", op: post[nothing](unlisted), want: `"operations": []`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policyWith(t, tt.opts, tt.op)
			if got := string(p.JSON()); !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want in it %s", got, tt.want)
			}
			read, err := openapi.ParsePolicy(p.JSON())
			if err != nil || asJSON(t, read) != asJSON(t, p) {
				t.Errorf("got %+v, %v from the file, want the policy", read, err)
			}
		})
	}
}

// The file has all options that decide about access.
func TestPolicyOfManager(t *testing.T) {
	p := policyWith(t, humasess.Options[user]{
		IdleTimeout: time.Hour, AbsoluteTimeout: 2 * time.Hour, RememberIdleTimeout: 3 * time.Hour, RememberAbsoluteTimeout: 4 * time.Hour,
		RotateEvery: 5 * time.Minute, RotationGrace: 7 * time.Second, RevokeReused: true, MaxPerIdentity: 8, RefuseOverLimit: true,
		RequireByDefault: true, AnonymousSuffices: true, TrustedOrigins: []string{"https://b.example", "https://a.example"},
		TrustOrigin: func(context.Context, string) bool { return false }, RejectCrossSiteReads: true, CSRFHeader: "X-Token", SchemeName: "s",
		Cookie: humasess.CookieOptions{
			Name: "sid", Path: "/p", Domain: "example.com", SameSite: http.SameSiteNoneMode, Partitioned: true,
			Former: []humasess.CookieScope{{Name: "old"}},
		},
		Bearer:        &humasess.BearerOptions{IdleTimeout: 9 * time.Hour, AbsoluteTimeout: 10 * time.Hour},
		OnUndecodable: func([]byte, error) (user, error) { return user{}, nil },
		Schemes:       withKey().Schemes, AcceptSchemes: []string{"apiKey"},
	})
	want := `[{"scheme":"s","data":"openapi_test.user",` +
		`"cookie":{"name":"sid","former":["old"],"path":"/p","domain":"example.com","sameSite":"None","partitioned":true},` +
		`"bearer":{"scheme":"sessionBearer","prefix":"hs_","idleTimeout":"9h","absoluteTimeout":"10h"},` +
		`"idleTimeout":"1h","absoluteTimeout":"2h","rememberIdleTimeout":"3h","rememberAbsoluteTimeout":"4h","rotateEvery":"5m","rotationGrace":"7s",` +
		`"revokeReused":true,"maxPerIdentity":8,"refuseOverLimit":true,"requireByDefault":true,"anonymousSuffices":true,` +
		`"trustedOrigins":["https://a.example","https://b.example"],"rejectCrossSiteReads":true,"csrfHeader":"X-Token",` +
		`"schemes":[{"scheme":"apiKey","type":"apiKey","in":"header","name":"X-API-Key","accepted":true}],` +
		`"functions":["Identity","OnUndecodable","Roles","Schemes.apiKey","TrustOrigin"]}]`
	if got := asJSON(t, p.Managers); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPolicyOfErrors(t *testing.T) {
	plain := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
	if _, err := openapi.PolicyOf(plain); err == nil || !strings.Contains(err.Error(), "call Attach first") {
		t.Errorf("an API without a manager: got error %v, want one that says to call Attach", err)
	}
	mistaken := apiWith(t, humasess.Options[user]{}, get[guarded[nothing]](unlisted))
	if _, err := openapi.PolicyOf(mistaken); err == nil || !strings.Contains(err.Error(), "openapi_test.nothing") {
		t.Errorf("a guard that checks nothing: got error %v, want one with its name", err)
	}
	for name, file := range map[string]string{
		"not JSON":          `policy`,
		"a later version":   `{"version": 2}`,
		"no version":        `{}`,
		"an unknown field":  `{"version": 1, "managers": [], "operations": [{"admits": [{"network": "internal"}]}]}`,
		"a second document": `{"version": 1} {}`,
		"a bad duration":    `{"version": 1, "managers": [{"idleTimeout": "soon"}]}`,
	} {
		if _, err := openapi.ParsePolicy([]byte(file)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// The operation serves, and another manager comes too late, although the document does not
// show the operation.
func TestHide(t *testing.T) {
	api := apiWith(t, humasess.Options[user]{}, get[required](humasess.Hide))
	if n := len(api.OpenAPI().Paths); n != 0 {
		t.Errorf("got %d paths in the document, want none", n)
	}
	late, err := humasess.New(memory.New(nil), &humasess.Options[struct{ N int }]{SchemeName: "late", Cookie: humasess.CookieOptions{Name: "late"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Attach(api); err == nil {
		t.Error("Attach after a hidden operation: got no error")
	}
}
