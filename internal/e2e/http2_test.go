package e2e_test

import (
	"net/http"
	"testing"
)

// http2Behaviours run on HTTP/2 behaviours that were tested on HTTP/1.1.
var http2Behaviours = []behaviour{
	{"T13 HTTP/2", http2},
	{"H1 H2 H5 every kind of success on HTTP/2", overHTTP2(successes)},
	{"every kind of error response on HTTP/2", overHTTP2(errorResponses)},
	{"X4 X6 streams on HTTP/2", overHTTP2(streams)},
	{"X4 X6 server-sent events on HTTP/2", overHTTP2(serverSentEvents)},
	{"1xx responses on HTTP/2", overHTTP2(interimResponses)},
	{"X5 503 on HTTP/2 when the store fails", overHTTP2(storeFails)},
	{"X7 panics on HTTP/2", overHTTP2(panics)},
}

// overHTTP2 runs a behaviour with clients that use HTTP/2. For a router without
// HTTP/2 it passes, because the behaviour T13 has checked that.
func overHTTP2(run func(*testing.T, *adapter)) func(*testing.T, *adapter) {
	return func(t *testing.T, a *adapter) {
		if !a.can(httpTwo) {
			http2(t, a)
			return
		}
		two := *a
		two.overHTTP2 = true
		run(t, &two)
	}
}

func storeFails(t *testing.T, a *adapter) {
	storeDownOnLoad(t, a)
	storeDownOnCommit(t, a)
}

func http2(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.client().overHTTP2()
	if !a.can(httpTwo) {
		if res, err := c.try("GET", "/open", ""); err == nil && res.ProtoMajor == 2 {
			t.Error("the router speaks HTTP/2: want it told in the table that it does")
		}
		return
	}
	login := r.loginCall(c, start(account{ID: "ada"}))
	login.wantStatus(t, http.StatusNoContent)
	login.wantCookies(t, 1)
	name := cookieName + "="
	for _, lines := range [][]string{{name + c.token()}, {"a=b", "c=d", name + c.token()}, {"a=b; " + name + c.token(), "c=d"}} {
		me := c.do("GET", "/me", "", cookieLines(lines...))
		me.wantStatus(t, http.StatusOK)
		if me.ProtoMajor != 2 {
			t.Errorf("protocol: got %s, want HTTP/2", me.Proto)
		}
	}
	newClient(t, r.url).overHTTP2().do("GET", "/me", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	c.do("POST", "/call", "", header("Sec-Fetch-Site", "cross-site")).wantProblem(t, http.StatusForbidden, "cross-origin")
	r.must(c, increment).wantCookies(t, 0)
	old := c.clone()
	r.must(c, destroy[account]).wantCookies(t, 1)
	r.wantActive(old, false)
}
