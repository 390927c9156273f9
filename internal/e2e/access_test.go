package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// ownerGuard admits the owner of the path's account.
type ownerGuard struct{}

var _ humasess.Guard[account] = ownerGuard{}

func (ownerGuard) Check(ctx huma.Context, a account) error {
	switch id := ctx.Param("id"); id {
	case a.ID:
		return nil
	case "down":
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the guard's database is down"), http.Header{"Retry-After": {"17"}})
	}
	return errors.New("secret reason")
}

// adminGuard requires a role before it checks.
type adminGuard struct{}

var _ humasess.Guard[account] = adminGuard{}

func (adminGuard) Roles() []string { return []string{"admin"} }

func (adminGuard) Check(_ huma.Context, a account) error {
	if a.Note == "suspended" {
		return huma.NewError(http.StatusLocked, "suspended")
	}
	return nil
}

type (
	meInput    struct{ humasess.Required[account] }
	ownerInput struct {
		humasess.Guarded[account, ownerGuard]
		ID string `path:"id"`
	}
	adminInput struct {
		humasess.Guarded[account, adminGuard]
	}
	meOutput struct{ Body account }
)

// registerAccess adds operations with every kind of admission.
func registerAccess(r *rig[account], api huma.API) {
	huma.Get(api, "/me", func(_ context.Context, in *meInput) (*meOutput, error) {
		return &meOutput{Body: in.Value()}, nil
	})
	huma.Get(api, "/accounts/{id}/orders", func(_ context.Context, in *ownerInput) (*meOutput, error) {
		return &meOutput{Body: account{ID: in.ID}}, nil
	})
	huma.Get(api, "/admin", func(context.Context, *adminInput) (*struct{}, error) { return nil, nil })
	huma.Get(api, "/open", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	bare := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	group := huma.NewGroup(api, "/v1/{tenant}")
	group.UseSimpleModifier(r.sessions.Require("admin"))
	huma.Get(group, "/report", bare)
	huma.Register(group, huma.Operation{OperationID: "hidden", Method: http.MethodGet, Path: "/hidden", Hidden: true}, bare)
	nested := huma.NewGroup(group, "/inner")
	huma.Get(nested, "/report", bare)
	declared := []map[string][]string{{"sessionCookie": {}}}
	huma.Register(api, huma.Operation{OperationID: "by-hand", Method: http.MethodGet, Path: "/by-hand", Security: declared}, bare)
}

// accessBehaviours are about access to operations.
var accessBehaviours = []behaviour{
	{"R1 a login, a read, a logout, and the old cookie stays dead", loginReadLogout},
	{"H6 401 without a session, the same for every bad cookie", badCookies},
	{"O2 401 and 403 of declared, grouped, nested and hidden operations", admissions},
	{"O5 a guard sees path parameters, after roles", guards},
	{"T8 a login over a session replaces it", relogin},
	{"T8 a renewed token, and the old one within its grace", renewal},
	{"L1 L2 timeouts are the server's", timeouts},
	{"R5 list and revoke one's own sessions", listAndRevoke},
	{"R3 end all others, and all", revokeOthersAndAll},
	{"R2 R4 an administrator ends a user's sessions", revokeIdentity},
	{"X3 operations without a session, and requests without a cookie, cost nothing", costsNothing},
	{"C1 C2 C4 C5 C12 the cookie's attributes", cookieAttributes},
}

func loginReadLogout(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.client()
	login := r.loginCall(c, start(account{ID: "ada", Note: "ä \"quoted\""}))
	login.wantStatus(t, http.StatusNoContent)
	login.wantCookies(t, 1)
	login.wantVary(t, "Cookie")
	login.wantHeader(t, "Cache-Control", "no-store")
	me := c.do("GET", "/me", "")
	me.wantStatus(t, http.StatusOK)
	me.wantCookies(t, 0)
	me.wantVary(t, "Cookie")
	me.wantHeader(t, "Cache-Control", "no-store")
	var got account
	if me.decode(t, &got); got.ID != "ada" || got.Note != "ä \"quoted\"" {
		t.Errorf("me: got %+v, want the data of the started session", got)
	}
	old := c.clone()
	logout := r.must(c, destroy[account])
	logout.wantCookies(t, 1)
	if got := c.token(); got != "" {
		t.Errorf("cookie after logout: got %q, want none", got)
	}
	r.must(c, destroy[account]).wantCookies(t, 0)
	dead := old.do("GET", "/me", "")
	dead.wantProblem(t, http.StatusUnauthorized, "no-session")
	dead.wantCookies(t, 0)
}

func badCookies(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	good := r.signedIn(account{ID: "ada"}).token()
	gone := r.signedIn(account{ID: "ada"})
	goneToken := gone.token()
	r.must(gone, destroy[account])
	forged := good[:22] + strings.Repeat("A", 42)
	name := cookieName + "="
	for _, tt := range []struct {
		name  string
		lines []string
		calls int // of the store
	}{
		{"none", nil, 0},
		{"empty", []string{name}, 0},
		{"T4 malformed", []string{name + "x' OR 1=1 --"}, 0},
		{"T4 long", []string{name + strings.Repeat("A", 3000)}, 0},
		{"T4 bytes above ASCII", []string{name + "\xff\xfe\x80"}, 0},
		{"T3 of an unknown session", []string{name + strings.Repeat("A", 64)}, 1},
		{"T2 another secret", []string{name + forged}, 1},
		{"R1 ended", []string{name + goneToken}, 1},
		{"T11 another name", []string{"id=" + good}, 0},
		{"T12 of two sessions", []string{name + good + "; " + name + r.signedIn(account{ID: "bob"}).token()}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.store.Reset()
			got := r.client().do("GET", "/me", "", cookieLines(tt.lines...), header("Authorization", "Bearer "+good))
			got.wantProblem(t, http.StatusUnauthorized, "no-session")
			got.wantHeader(t, "WWW-Authenticate", `Cookie realm="session"`)
			got.wantVary(t, "Cookie")
			got.wantCookies(t, 0)
			r.wantCalls(tt.calls)
		})
	}
	t.Run("T4 with quotes", func(t *testing.T) {
		got, want := r.client().do("GET", "/me", "", cookieLines(name+`"`+good+`"`)), http.StatusUnauthorized
		if !a.can(cookieAsIs) {
			want = http.StatusOK
		}
		got.wantStatus(t, want)
	})
	t.Run("T12 equal values, or one live among dead", func(t *testing.T) {
		for _, line := range []string{
			name + good + "; " + name + good,
			name + good + "; " + name + goneToken + "; " + name + forged,
			name + forged + "; " + name + "malformed; a=b; " + name + good,
		} {
			r.client().do("GET", "/me", "", cookieLines(line)).wantStatus(t, http.StatusOK)
		}
	})
	t.Run("T13 several Cookie lines", func(t *testing.T) {
		for _, lines := range [][]string{{"a=b; c=d", name + good}, {name + good, "a=b"}, {"a=b", "c=d", "e=f; " + name + good}} {
			r.client().do("GET", "/me", "", cookieLines(lines...)).wantStatus(t, http.StatusOK)
		}
	})
}

func admissions(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	user := r.signedIn(account{ID: "ada"})
	admin := r.signedIn(account{ID: "root", Roles: []string{"staff", "admin"}})
	for _, tt := range []struct {
		name, path               string
		anonymous, user, asAdmin int
	}{
		{"embedded", "/me", 401, 200, 200},
		{"guarded by role", "/admin", 401, 403, 204},
		{"declared by hand", "/by-hand", 401, 204, 204},
		{"group", "/v1/acme/report", 401, 403, 204},
		{"hidden in a group", "/v1/acme/hidden", 401, 403, 204},
		{"nested group", "/v1/acme/inner/report", 401, 403, 204},
		{"nothing", "/open", 204, 204, 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, req := range []struct {
				c    *client
				want int
			}{{r.client(), tt.anonymous}, {user, tt.user}, {admin, tt.asAdmin}} {
				got := req.c.do("GET", tt.path, "")
				got.wantCookies(t, 0)
				switch req.want {
				case 401:
					got.wantProblem(t, 401, "no-session")
				case 403:
					got.wantProblem(t, 403, "forbidden")
				default:
					got.wantStatus(t, req.want)
				}
			}
		})
	}
}

func guards(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.signedIn(account{ID: "ada"})
	own := c.do("GET", "/accounts/ada/orders", "")
	own.wantStatus(t, http.StatusOK)
	if !strings.Contains(own.text, `"id":"ada"`) {
		t.Errorf("body: got %q, want the path's account", own.text)
	}
	other := c.do("GET", "/accounts/bob/orders", "")
	other.wantProblem(t, http.StatusForbidden, "forbidden")
	if strings.Contains(other.text, "secret reason") || !strings.Contains(r.log.String(), "secret reason") {
		t.Errorf("reason of the guard: got it in the answer or not in the log: %q", other.text)
	}
	down := c.do("GET", "/accounts/down/orders", "")
	down.wantStatus(t, http.StatusServiceUnavailable)
	down.wantHeader(t, "Retry-After", "17")
	r.client().do("GET", "/accounts/ada/orders", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	r.signedIn(account{ID: "root", Roles: []string{"admin"}, Note: "suspended"}).do("GET", "/admin", "").wantStatus(t, http.StatusLocked)
	r.signedIn(account{ID: "eve", Note: "suspended"}).do("GET", "/admin", "").wantProblem(t, http.StatusForbidden, "forbidden")
}

func relogin(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.signedIn(account{ID: "ada"})
	old := c.clone()
	r.loginCall(c, start(account{ID: "bob"})).wantCookies(t, 1)
	if c.token() == old.token() {
		t.Error("token after a login: got the old one, want a new one")
	}
	if got, _ := r.data(c); got.ID != "bob" {
		t.Errorf("data: got %+v, want bob's", got)
	}
	r.wantActive(old, false)
}

func renewal(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.signedIn(account{ID: "ada", N: 7})
	old := c.clone()
	r.must(c, renew[account]).wantCookies(t, 1)
	if c.token() == old.token() {
		t.Error("token after Renew: got the old one, want a new one")
	}
	r.wantActive(old, true)
	if got, _ := r.data(c); got.N != 7 {
		t.Errorf("data after Renew: got %+v, want it kept", got)
	}
	r.clock.Advance(11 * time.Second)
	r.wantActive(old, false)
	r.wantActive(c, true)
}

func timeouts(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	idle, busy := r.signedIn(account{ID: "idle"}), r.signedIn(account{ID: "busy"})
	for range 35 { // of 20 minutes each: 11 hours and 40 minutes
		r.clock.Advance(20 * time.Minute)
		busy.do("GET", "/me", "").wantStatus(t, http.StatusOK)
	}
	idle.do("GET", "/me", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	r.clock.Advance(20*time.Minute + 1)
	busy.do("GET", "/me", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	c := r.signedIn(account{ID: "reader"})
	r.store.Reset()
	for range 10 {
		c.do("GET", "/me", "").wantStatus(t, http.StatusOK)
	}
	r.wantCalls(10) // one load each, and no write
}

func costsNothing(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.signedIn(account{ID: "ada"})
	r.store.Reset()
	open := c.do("GET", "/open", "")
	open.wantStatus(t, http.StatusNoContent)
	open.wantHeader(t, "Vary")
	open.wantHeader(t, "Cache-Control")
	open.wantCookies(t, 0)
	anonymous := r.call(r.client(), nothing[account])
	anonymous.wantStatus(t, http.StatusNoContent)
	anonymous.wantVary(t, "Cookie")
	anonymous.wantHeader(t, "Cache-Control")
	anonymous.wantCookies(t, 0)
	r.wantCalls(0)
	r.must(c, nothing[account])
	r.wantCalls(1)
}

func cookieAttributes(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.client()
	login := r.loginCall(c, start(account{ID: "ada"}))
	want := cookieName + "=" + c.token() + "; Path=/; HttpOnly; Secure; SameSite=Lax"
	login.wantHeader(t, "Set-Cookie", want)
	remember := r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) })
	remember.wantHeader(t, "Set-Cookie", want+"; Max-Age=43200") // the deadline stays
	token := c.token()
	me := c.do("GET", "/me", "")
	for name, values := range me.Header {
		if strings.Contains(strings.Join(values, ""), token[22:]) {
			t.Errorf("header %s carries the token's secret", name)
		}
	}
	if strings.Contains(me.text+r.log.String(), token[22:]) {
		t.Error("E2 the body or the log carries the token's secret")
	}
	r.must(c, destroy[account]).wantHeader(t, "Set-Cookie",
		cookieName+"=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
}
