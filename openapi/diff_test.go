package openapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/policy"
	"github.com/humasess/sessions/openapi"
)

// lines returns the changes as text.
func lines(changes []openapi.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, c.String())
	}
	return all
}

// Each change is in the words of a reviewer. The change in the other direction has the
// other effect.
func TestDiff(t *testing.T) {
	byCookie := "`sessionCookie`"
	cookie := map[string][]string{"sessionCookie": {}}
	tests := []struct {
		name     string
		old, new []registration
		opts     humasess.Options[user]
		want     []string
		back     openapi.Effect
	}{
		{name: "the same", old: []registration{get[required](), post[login]()}, new: []registration{get[required](), post[login]()}},
		{name: "another order", old: []registration{get[required](), post[login]()}, new: []registration{post[login](), get[required]()}},
		{
			name: "other words",
			old:  []registration{op[required](http.MethodGet, "/users/{id}")},
			new: []registration{op[required](http.MethodGet, "/users/{user}", func(o *huma.Operation) {
				o.OperationID, o.Summary, o.Description, o.Tags = "other", "other", "other", []string{"other"}
			})},
		},
		{
			name: "an operation is opened", old: []registration{get[required]()}, new: []registration{get[nothing](secured())},
			want: []string{"loosens GET /x: user, " + byCookie + " -> public"}, back: openapi.Tightens,
		},
		{
			name: "an operation loses its mark", old: []registration{get[nothing](secured())}, new: []registration{get[nothing]()},
			want: []string{"other GET /x: public -> unmarked"}, back: openapi.Other,
		},
		{
			name: "a session becomes optional", old: []registration{post[required]()}, new: []registration{post[optional]()},
			want: []string{"loosens POST /x: user, " + byCookie + " -> optional"}, back: openapi.Tightens,
		},
		{
			name: "an optional session is no longer read", old: []registration{get[optional]()}, new: []registration{get[nothing](secured())},
			want: []string{"other GET /x: optional -> public"}, back: openapi.Other,
		},
		{
			name: "an unsafe operation without sessions has no cross-origin check", old: []registration{post[optional]()}, new: []registration{post[nothing](secured())},
			want: []string{"loosens POST /x: optional -> public"}, back: openapi.Tightens,
		},
		{
			name: "a role goes", old: []registration{get[required](with("admin", "audit"))}, new: []registration{get[required](with("admin"))},
			want: []string{"loosens GET /x: user, " + byCookie + ", roles `admin`, `audit` -> user, " + byCookie + ", role `admin`"}, back: openapi.Tightens,
		},
		{
			name: "another role", old: []registration{get[required](with("admin"))}, new: []registration{get[required](with("audit"))},
			want: []string{"loosens GET /x: user, " + byCookie + ", role `admin` -> user, " + byCookie + ", role `audit`"}, back: openapi.Loosens,
		},
		{
			name: "another guard", old: []registration{get[guarded[owner]]()}, new: []registration{get[guarded[auditor]]()},
			want: []string{"loosens GET /x: user, " + byCookie + ", guard `openapi_test.owner` -> user, " + byCookie + ", guard `openapi_test.auditor`"}, back: openapi.Loosens,
		},
		{
			name: "a longer time since the proof, and no method", old: []registration{get[guarded[strict]]()}, new: []registration{get[guarded[recent]]()},
			want: []string{"loosens GET /x: user, " + byCookie + ", signed in by `otp` within 1m -> user, " + byCookie + ", signed in within 1h"}, back: openapi.Tightens,
		},
		{
			name: "requests of other sites", old: []registration{post[required]()}, new: []registration{post[required](humasess.AllowCrossSite)},
			want: []string{"loosens POST /x: user, " + byCookie + " -> user, " + byCookie + ", cross-site requests allowed"}, back: openapi.Tightens,
		},
		{
			name: "handshakes of other sites", old: []registration{get[required]()}, new: []registration{get[required](humasess.AllowCrossSite)},
			want: []string{"loosens GET /x: user, " + byCookie + " -> user, " + byCookie + ", cross-site requests allowed"}, back: openapi.Tightens,
		},
		{
			name: "an alternative", opts: withKey(), old: []registration{get[required]()}, new: []registration{get[required](secured(cookie, map[string][]string{"apiKey": {}}))},
			want: []string{"loosens GET /x: user, " + byCookie + " -> user, `apiKey` or " + byCookie}, back: openapi.Tightens,
		},
		{
			name: "the handler asks for a proof", old: []registration{get[required](proved(time.Minute))}, new: []registration{get[required](proved(time.Hour))},
			want: []string{"loosens GET /x: user, " + byCookie + ", the handler may ask for a sign-in within 1m -> user, " + byCookie +
				", the handler may ask for a sign-in within 1h"}, back: openapi.Tightens,
		},
		{
			name: "the handler asks for none any more", old: []registration{get[required](proved(time.Minute))}, new: []registration{get[required]()},
			want: []string{"loosens GET /x: user, " + byCookie + ", the handler may ask for a sign-in within 1m -> user, " + byCookie}, back: openapi.Tightens,
		},
		{
			name: "a new operation that asks for a user", new: []registration{get[required]()},
			want: []string{"other GET /x: new -> user, " + byCookie}, back: openapi.Other,
		},
		{
			name: "a new public operation", new: []registration{post[login]()},
			want: []string{"loosens POST /x: new -> login"}, back: openapi.Other,
		},
		{
			name: "a new operation that nothing checks", new: []registration{get[nothing](secured(map[string][]string{"foreign": {}}))},
			want: []string{"loosens GET /x: new -> unchecked, `foreign`"}, back: openapi.Other,
		},
		{
			name: "hidden", old: []registration{get[required]()}, new: []registration{get[required](humasess.Hide)},
			want: []string{"other GET /x: user, " + byCookie + " -> user, " + byCookie + ", hidden"}, back: openapi.Other,
		},
		{
			name: "one more hidden operation", old: []registration{get[required](unlisted)},
			new:  []registration{get[required](unlisted), post[required](unlisted)},
			want: []string{"other hidden operations: 1 × user, " + byCookie + ", hidden -> 2 × user, " + byCookie + ", hidden"}, back: openapi.Other,
		},
		{
			name: "another hidden operation", old: []registration{get[guarded[owner]](unlisted)}, new: []registration{get[required](unlisted)},
			want: []string{
				"loosens hidden operations: new -> 1 × user, " + byCookie + ", hidden",
				"other hidden operations: 1 × user, " + byCookie + ", guard `openapi_test.owner`, hidden -> gone",
			}, back: openapi.Loosens,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := policyWith(t, tt.opts, tt.old...), policyWith(t, tt.opts, tt.new...)
			if got := lines(openapi.Diff(before, after)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			back := openapi.Diff(after, before)
			if len(back) != len(tt.want) || len(back) > 0 && back[0].Effect != tt.back {
				t.Errorf("back: got %q, want the effect %v", lines(back), tt.back)
			}
		})
	}
}

// proved says that the handler asks for a proof, as package account does.
func proved(within time.Duration) func(*huma.Operation) {
	return func(o *huma.Operation) { policy.AsksProof(o, within) }
}

// with requires a session with roles.
func with(roles ...string) func(*huma.Operation) {
	return secured(map[string][]string{"sessionCookie": roles})
}

// A manager that is gone may have closed operations that the policy does not list.
func TestDiffOfGoneManager(t *testing.T) {
	before := policyWith(t, humasess.Options[user]{}, get[required]())
	after := before
	after.Managers, after.Operations = nil, nil
	want := []string{"loosens manager sessionCookie: of openapi_test.user -> gone", "other GET /x: user, `sessionCookie` -> gone"}
	if got := lines(openapi.Diff(before, after)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := openapi.Diff(after, before); len(got) != 2 || got[0].Effect != openapi.Other || got[1].Effect != openapi.Other {
		t.Errorf("back: got %q, want only other changes", lines(got))
	}
}

// Each option of a manager is one change, and the operations stay as they are.
func TestDiffManagers(t *testing.T) {
	trust := func(context.Context, string) bool { return false }
	type options = humasess.Options[user]
	bearer := &humasess.BearerOptions{}
	tests := []struct {
		old, new options
		want     string
		back     openapi.Effect
	}{
		{options{}, options{IdleTimeout: time.Hour}, "loosens idleTimeout: 30m -> 1h", openapi.Tightens},
		{options{}, options{AbsoluteTimeout: time.Hour}, "tightens absoluteTimeout: 12h -> 1h", openapi.Loosens},
		{options{}, options{RememberIdleTimeout: time.Hour}, "tightens rememberIdleTimeout: 336h -> 1h", openapi.Loosens},
		{options{}, options{RememberAbsoluteTimeout: 1000 * time.Hour}, "loosens rememberAbsoluteTimeout: 720h -> 1000h", openapi.Tightens},
		{options{}, options{RotateEvery: time.Hour}, "tightens rotateEvery: never -> 1h", openapi.Loosens},
		{options{}, options{RotationGrace: time.Minute}, "loosens rotationGrace: 10s -> 1m", openapi.Tightens},
		{options{}, options{RevokeReused: true}, "tightens revokeReused: false -> true", openapi.Loosens},
		{options{}, options{MaxPerIdentity: -1}, "loosens maxPerIdentity: 100 -> no limit", openapi.Tightens},
		{options{}, options{MaxPerIdentity: 3}, "tightens maxPerIdentity: 100 -> 3", openapi.Loosens},
		{options{}, options{RefuseOverLimit: true}, "tightens refuseOverLimit: false -> true", openapi.Loosens},
		{options{}, options{AnonymousSuffices: true}, "loosens anonymousSuffices: false -> true", openapi.Tightens},
		{options{}, options{RejectCrossSiteReads: true}, "tightens rejectCrossSiteReads: false -> true", openapi.Loosens},
		{options{}, options{CSRFHeader: "X-Token"}, "tightens csrfHeader: none -> X-Token", openapi.Loosens},
		{options{CSRFHeader: "X-Other"}, options{CSRFHeader: "X-Token"}, "other csrfHeader: X-Other -> X-Token", openapi.Other},
		{options{}, options{TrustedOrigins: []string{"https://a.example"}}, "loosens trustedOrigins: none -> https://a.example", openapi.Tightens},
		{
			options{TrustedOrigins: []string{"https://b.example"}}, options{TrustedOrigins: []string{"https://a.example"}},
			"loosens trustedOrigins: https://b.example -> https://a.example", openapi.Loosens,
		},
		{options{}, options{TrustOrigin: trust}, "loosens trustOrigin: none -> a function", openapi.Tightens},
		{options{}, options{Bearer: bearer}, "loosens bearer: none -> sessionBearer", openapi.Tightens},
		{options{Bearer: bearer}, options{Bearer: &humasess.BearerOptions{Prefix: "x_"}}, "other bearer.prefix: hs_ -> x_", openapi.Other},
		{
			options{Bearer: &humasess.BearerOptions{IdleTimeout: time.Hour}}, options{Bearer: &humasess.BearerOptions{IdleTimeout: time.Minute}},
			"tightens bearer.idleTimeout: 1h -> 1m", openapi.Loosens,
		},
		{options{}, withKey(), "other schemes.apiKey: none -> apiKey header X-API-Key", openapi.Tightens},
		{options{}, cookieOf(humasess.CookieOptions{Name: "__Host-other"}), "other cookie.name: __Host-id -> __Host-other", openapi.Other},
		{options{}, cookieOf(humasess.CookieOptions{SameSite: http.SameSiteStrictMode}), "tightens cookie.sameSite: Lax -> Strict", openapi.Loosens},
		{options{}, cookieOf(humasess.CookieOptions{SameSite: http.SameSiteNoneMode}), "loosens cookie.sameSite: Lax -> None", openapi.Tightens},
		{options{}, cookieOf(humasess.CookieOptions{Partitioned: true}), "tightens cookie.partitioned: false -> true", openapi.Loosens},
		{options{}, cookieOf(humasess.CookieOptions{Former: []humasess.CookieScope{{Name: "old"}}}), "loosens cookie.former: none -> old", openapi.Tightens},
		{
			cookieOf(humasess.CookieOptions{Name: "id"}), cookieOf(humasess.CookieOptions{Name: "id", Domain: "example.com"}),
			"loosens cookie.domain: none -> example.com", openapi.Tightens,
		},
		{
			cookieOf(humasess.CookieOptions{Name: "id", Domain: "example.com"}), cookieOf(humasess.CookieOptions{Name: "id", Domain: "api.example.com"}),
			"tightens cookie.domain: example.com -> api.example.com", openapi.Loosens,
		},
		{
			cookieOf(humasess.CookieOptions{Name: "id"}), cookieOf(humasess.CookieOptions{Name: "id", InsecureAllowHTTP: true}),
			"loosens cookie.insecureAllowHTTP: false -> true", openapi.Tightens,
		},
		{
			cookieOf(humasess.CookieOptions{Name: "id"}), cookieOf(humasess.CookieOptions{Name: "id", Path: "/api"}),
			"tightens cookie.path: / -> /api", openapi.Loosens,
		},
		{
			cookieOf(humasess.CookieOptions{Name: "id", Path: "/api"}), cookieOf(humasess.CookieOptions{Name: "id", Path: "/apis"}),
			"loosens cookie.path: /api -> /apis", openapi.Loosens,
		},
		{options{}, cookieOf(humasess.CookieOptions{Name: "id"}), "loosens cookie.name: __Host-id -> id", openapi.Tightens},
		{options{}, options{Codec: humasess.Codec{Marshal: json.Marshal, Unmarshal: json.Unmarshal}}, "other codec: none -> a function", openapi.Other},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			operations := []registration{get[required](), post[required](), op[optional](http.MethodGet, "/y")}
			before, after := policyWith(t, tt.old, operations...), policyWith(t, tt.new, operations...)
			effect, rest, _ := strings.Cut(tt.want, " ")
			want := []string{effect + " manager sessionCookie: " + rest}
			if got := lines(openapi.Diff(before, after)); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if back := openapi.Diff(after, before); len(back) != 1 || back[0].Effect != tt.back {
				t.Errorf("back: got %q, want the effect %v", lines(back), tt.back)
			}
		})
	}
}

func cookieOf(c humasess.CookieOptions) humasess.Options[user] {
	return humasess.Options[user]{Cookie: c}
}
