package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// bearerBehaviours are about clients without cookies.
var bearerBehaviours = []behaviour{
	{"R1 T8 F1 the life of a bearer token, beside a cookie and beside a second line", bearerLife},
}

type tokenOutput struct{ Body humasess.BearerToken }

// bearerLife signs in with a token, reads, renews it and signs out. A browser with another
// user's cookie sends the same requests.
func bearerLife(t *testing.T, a *adapter) {
	opts := accountOptions()
	opts.Bearer = &humasess.BearerOptions{}
	r := newRig(t, a, setup[account]{opts: opts, ops: func(_ *rig[account], api huma.API) {
		huma.Post(api, "/token", func(_ context.Context, in *loginInput[account]) (*tokenOutput, error) {
			token, err := in.Session.StartBearer(account{ID: "ada"})
			return &tokenOutput{token}, err
		})
		huma.Post(api, "/token/renew", func(_ context.Context, in *requiredInput[account]) (*tokenOutput, error) {
			token, err := in.Session.RenewBearer()
			return &tokenOutput{token}, err
		})
		huma.Get(api, "/me", func(_ context.Context, in *requiredInput[account]) (*meOutput, error) {
			return &meOutput{in.Value()}, nil
		})
	}})
	take := func(res *response) string {
		t.Helper()
		res.wantStatus(t, http.StatusOK)
		res.wantCookies(t, 0)
		res.wantHeader(t, "Cache-Control", "no-store")
		res.wantVary(t, "Cookie", "Authorization")
		var token humasess.BearerToken
		res.decode(t, &token)
		if !strings.HasPrefix(token.AccessToken, "hs_") || token.TokenType != "Bearer" || token.ExpiresIn <= 0 {
			t.Errorf("got %.6q, %q and %d, want a token", token.AccessToken, token.TokenType, token.ExpiresIn)
		}
		return token.AccessToken
	}
	dead := func(res *response, challenge string) {
		t.Helper()
		res.wantProblem(t, http.StatusUnauthorized, "no-session")
		res.wantCookies(t, 0)
		res.wantVary(t, "Cookie", "Authorization")
		all := strings.Join(res.Header.Values("WWW-Authenticate"), ", ") // fasthttp joins them
		if want := `Cookie realm="session", ` + challenge; all != want {
			t.Errorf("challenges: got %q, want %q", all, want)
		}
	}
	const none, invalid = `Bearer realm="session"`, `Bearer realm="session", error="invalid_token"`
	token := take(r.client().do("POST", "/token", ""))
	bearer := func(token string) edit { return header("Authorization", "bearer "+token) }
	crossSite := header("Sec-Fetch-Site", "cross-site")
	for name, c := range map[string]*client{"device": r.client(), "browser": r.signedIn(account{ID: "bob"})} {
		me := c.do("GET", "/me", "", bearer(token))
		me.wantStatus(t, http.StatusOK)
		me.wantHeader(t, "Cache-Control", "no-store")
		me.wantVary(t, "Cookie", "Authorization")
		var got account
		if me.decode(t, &got); got.ID != "ada" {
			t.Errorf("%s: got user %q, want ada", name, got.ID)
		}
		r.must(c, increment, bearer(token), crossSite).wantCookies(t, 0)
		for _, lines := range [][]string{
			{"Bearer " + token, "Basic YTpi"}, {"Basic YTpi", "Bearer " + token}, {"Bearer " + token, "Bearer " + token},
		} {
			dead(c.do("GET", "/me", "", header("Authorization", lines...)), invalid)
		}
		dead(c.do("GET", "/me", "", bearer(token+"x")), invalid)
	}
	browser := r.signedIn(account{ID: "bob"})
	r.call(browser, increment, header("Authorization", "Basic YTpi"), crossSite).wantStatus(t, http.StatusForbidden)
	dead(r.client().do("GET", "/me", ""), none)

	renewed := take(r.client().do("POST", "/token/renew", "", bearer(token)))
	again := r.client().do("POST", "/token/renew", "", bearer(token))
	again.wantStatus(t, http.StatusConflict)
	again.wantHeader(t, "Retry-After", "10")
	proven := r.must(r.client(), func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated("pwd") }, bearer(renewed))
	last := proven.Header.Get("Session-Token")
	if !strings.HasPrefix(last, "hs_") || last == renewed {
		t.Errorf("Session-Token after a new authentication: got %.6q, want a new token", last)
	}
	proven.wantHeader(t, "Cache-Control", "no-store")
	dead(r.client().do("GET", "/me", "", bearer(renewed)), invalid)

	out := r.must(browser, destroy[account], bearer(last))
	out.wantCookies(t, 0)
	dead(browser.do("GET", "/me", "", bearer(last)), invalid)
	if got, ok := r.data(browser); !ok || got.N != 0 {
		t.Errorf("the browser's session: got %+v and %v, want it unchanged", got, ok)
	}
	replaced := browser.clone()
	w := browser.do("POST", "/token", "")
	w.wantStatus(t, http.StatusOK)
	w.wantCookies(t, 1)
	if browser.token() != "" {
		t.Error("a sign-in with a token has left the cookie")
	}
	r.wantActive(replaced, false)
}
