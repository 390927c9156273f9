package openapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

type guest struct{ ID string }

type (
	optionalGuest struct{ humasess.Session[guest] }
	both          struct {
		humasess.Required[user]
		humasess.Session[guest]
	}
)

// twoManagers returns the policy of an API with a second manager, of guests.
func twoManagers(t *testing.T, opts humasess.Options[user], guests humasess.Options[guest], register registration) openapi.Policy {
	t.Helper()
	opts.Identity = identity
	m, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		t.Fatal(err)
	}
	guests.SchemeName, guests.Cookie.Name = "guest", "guest"
	second, err := humasess.New(memory.New(nil), &guests)
	if err != nil {
		t.Fatal(err)
	}
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
	for _, err := range []error{m.Attach(api), second.Attach(api)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	register(api, m)
	p, err := openapi.PolicyOf(api)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The function of another manager decides about a credential that moves.
func TestDiffOfMovedScheme(t *testing.T) {
	key := []openapi.Credential{{Scheme: "apiKey", Type: "mutualTLS"}}
	p := func(schemes ...[]openapi.Credential) openapi.Policy {
		return openapi.Policy{Managers: []openapi.Manager{{Scheme: "a", Schemes: schemes[0]}, {Scheme: "b", Schemes: schemes[1]}}}
	}
	want := []string{"loosens manager b: schemes.apiKey: none -> mutualTLS", "tightens manager a: schemes.apiKey: mutualTLS -> none"}
	if got := lines(openapi.Diff(p(key, nil), p(nil, key))); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A change of one manager does not hide that an operation admits more, nor what managers
// judge the origin of requests.
func TestDiffOfTwoManagers(t *testing.T) {
	type users = humasess.Options[user]
	type guests = humasess.Options[guest]
	trusting := guests{TrustedOrigins: []string{"https://a.example"}}
	byUser := "`sessionCookie`"
	tests := []struct {
		name         string
		users        [2]users
		guests       [2]guests
		before, then registration
		want         []string
	}{
		{
			name: "reads of one manager are refused, and an operation of the other one is opened", users: [2]users{{}, {RejectCrossSiteReads: true}},
			guests: [2]guests{{RejectCrossSiteReads: true}, {RejectCrossSiteReads: true}}, before: get[optionalGuest](), then: get[nothing](),
			want: []string{
				"loosens GET /x: optional, session `guest` -> unmarked",
				"tightens manager sessionCookie: rejectCrossSiteReads: false -> true",
			},
		},
		{
			name: "another optional session, whose manager trusts an origin", guests: [2]guests{trusting, trusting}, before: post[optional](), then: post[optionalGuest](),
			want: []string{"loosens POST /x: optional, session `sessionCookie` -> optional, session `guest`"},
		},
		{
			name: "another optional session, whose manager trusts no more", guests: [2]guests{trusting, trusting}, before: post[optionalGuest](), then: post[optional](),
			want: []string{"tightens POST /x: optional, session `guest` -> optional, session `sessionCookie`"},
		},
		{
			name: "one more session", guests: [2]guests{trusting, trusting}, before: post[required](), then: post[both](),
		},
		{
			name:  "a strict manager judges no more",
			users: [2]users{{TrustedOrigins: []string{"https://a.example"}}, {TrustedOrigins: []string{"https://a.example"}}}, before: post[both](), then: post[required](),
			want: []string{"loosens POST /x: user, " + byUser + ", also session `guest` -> user, " + byUser},
		},
		{
			name:  "an optional cookie whose token is needed no more",
			users: [2]users{{CSRFHeader: "X-Token"}, {CSRFHeader: "X-Token"}}, before: post[optional](), then: post[optionalGuest](),
			want: []string{"loosens POST /x: optional, session `sessionCookie` -> optional, session `guest`"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := twoManagers(t, tt.users[0], tt.guests[0], tt.before)
			after := twoManagers(t, tt.users[1], tt.guests[1], tt.then)
			if got := lines(openapi.Diff(before, after)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// An option that changes at the same time does not hide a change of an operation.
func TestDiffBesideOptions(t *testing.T) {
	type options = humasess.Options[user]
	cookie, key := "`sessionCookie`", secured(map[string][]string{"apiKey": {}})
	bearer := options{Bearer: &humasess.BearerOptions{}}
	renamed := options{Bearer: &humasess.BearerOptions{SchemeName: "token"}}
	withToken := func(roles ...string) func(*huma.Operation) {
		return secured(map[string][]string{"sessionBearer": roles})
	}
	tests := []struct {
		name     string
		opts     [2]options
		old, new registration
		want     []string
	}{
		{
			name: "nothing checks the credential any more", opts: [2]options{withKey(), {}}, old: get[nothing](key), new: get[nothing](key),
			want: []string{
				"loosens GET /x: user, `apiKey` -> unchecked, `apiKey`",
				"tightens manager sessionCookie: schemes.apiKey: apiKey header X-API-Key -> none",
			},
		},
		{
			name: "a credential is checked from now on", opts: [2]options{{}, withKey()}, old: get[nothing](key), new: get[nothing](key),
			want: []string{
				"tightens GET /x: unchecked, `apiKey` -> user, `apiKey`",
				"other manager sessionCookie: schemes.apiKey: none -> apiKey header X-API-Key",
			},
		},
		{
			name: "what the program may have checked is public", old: get[nothing](key), new: get[nothing](secured()),
			want: []string{"loosens GET /x: unchecked, `apiKey` -> public"},
		},
		{
			name: "tokens are new, and an operation for them asks for no role", opts: [2]options{{}, bearer}, old: get[required](with("admin")), new: get[required](withToken()),
			want: []string{
				"loosens manager sessionCookie: bearer: none -> sessionBearer",
				"loosens GET /x: user, " + cookie + ", role `admin` -> user, `sessionBearer`",
			},
		},
		{
			name: "another scheme of tokens is one line", opts: [2]options{bearer, renamed}, old: post[required](), new: post[required](),
			want: []string{"other manager sessionCookie: bearer.scheme: sessionBearer -> token"},
		},
		{
			name: "another scheme of tokens, and operations that the document hides", opts: [2]options{bearer, renamed}, old: post[required](unlisted), new: post[required](unlisted),
			want: []string{"other manager sessionCookie: bearer.scheme: sessionBearer -> token"},
		},
		{
			name: "tokens are new, and operations that the document hides", opts: [2]options{{}, bearer}, old: post[required](unlisted), new: post[required](unlisted),
			want: []string{"loosens manager sessionCookie: bearer: none -> sessionBearer"},
		},
		{
			name: "CSRF tokens are new, and operations that the document hides", opts: [2]options{{}, {CSRFHeader: "X-Token"}}, old: get[required](unlisted), new: get[required](unlisted),
			want: []string{"tightens manager sessionCookie: csrfHeader: none -> X-Token"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := policyWith(t, tt.opts[0], tt.old), policyWith(t, tt.opts[1], tt.new)
			if got := lines(openapi.Diff(before, after)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A route is more than the names of its parameters, and two operations may share one.
func TestDiffOfRoutes(t *testing.T) {
	at := func(path, access string) openapi.Operation {
		op := openapi.Operation{Method: http.MethodGet, Path: path, Access: openapi.Access(access), Admits: []openapi.Admission{{}}}
		if access == "user" {
			op.Admits = []openapi.Admission{{Credentials: map[string][]string{"sessionCookie": {}}}}
		}
		return op
	}
	tests := []struct {
		name     string
		old, new []openapi.Operation
		want     []string
	}{
		{
			name: "the rest of a path", old: []openapi.Operation{at("/f/{id}", "user"), at("/f/{rest...}", "public")},
			new:  []openapi.Operation{at("/f/{id}", "public"), at("/f/{path...}", "public")},
			want: []string{"loosens GET /f/{id}: user, `sessionCookie` -> public"},
		},
		{
			name: "patterns", old: []openapi.Operation{at("/f/{id:[0-9]{3}}", "user"), at("/f/{name:[a-z]+}", "public")},
			new: []openapi.Operation{at("/f/{number:[0-9]{3}}", "user"), at("/f/{id:[a-z]+}", "public")},
		},
		{
			name: "another pattern", old: []openapi.Operation{at("/f/{id:[0-9]{3}}", "user")}, new: []openapi.Operation{at("/f/{id:[0-9]{4}}", "user")},
			want: []string{"other GET /f/{id:[0-9]{4}}: new -> user, `sessionCookie`", "other GET /f/{id:[0-9]{3}}: user, `sessionCookie` -> gone"},
		},
		{
			name: "two names of one parameter change places", old: []openapi.Operation{at("/f/{a}", "user"), at("/f/{b}", "public")},
			new: []openapi.Operation{at("/f/{c}", "user"), at("/f/{b}", "public")},
		},
		{
			name: "a second operation of one route", old: []openapi.Operation{at("/f", "user")}, new: []openapi.Operation{at("/f", "user"), at("/f", "user")},
			want: []string{"loosens GET /f: new -> user, `sessionCookie`"},
		},
		{
			name: "one operation less of a route", old: []openapi.Operation{at("/f", "user"), at("/f", "public")}, new: []openapi.Operation{at("/f", "public")},
			want: []string{"loosens GET /f: user, `sessionCookie` -> gone"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lines(openapi.Diff(openapi.Policy{Operations: tt.old}, openapi.Policy{Operations: tt.new}))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// An operation that huma hides may become one with a path, and the other way round.
func TestDiffOfHidden(t *testing.T) {
	tests := []struct {
		name     string
		old, new registration
		want     openapi.Effect
	}{
		{"shown with less", get[guarded[owner]](unlisted), get[required](), openapi.Loosens},
		{"shown with the same", post[guarded[owner]](unlisted), post[guarded[owner]](), openapi.Other},
		{"hidden with less", get[guarded[owner]](), get[required](unlisted), openapi.Loosens},
		{"hidden with the same", post[guarded[owner]](), post[guarded[owner]](unlisted), openapi.Other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changes := openapi.Diff(policyWith(t, humasess.Options[user]{}, tt.old), policyWith(t, humasess.Options[user]{}, tt.new))
			if len(changes) != 2 || changes[0].Effect != tt.want {
				t.Errorf("got %q, want two changes, and the effect %v", lines(changes), tt.want)
			}
		})
	}
}
