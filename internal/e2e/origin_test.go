package e2e_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// originBehaviours are about requests from pages of other origins.
var originBehaviours = []behaviour{
	{"F3 the cross-origin table is that of net/http", crossOriginTable},
	{"F7 a foreign login is refused, and F4 a trusted one is not", crossOriginLogin},
	{"F11 a foreign upgrade is refused", crossOriginUpgrade},
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// everyMethod registers an operation with a session for each method.
func everyMethod(_ *rig[account], api huma.API) {
	for _, method := range methods {
		huma.Register(api, huma.Operation{OperationID: "any-" + method, Method: method, Path: "/any"},
			func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
	}
}

const trustedOrigin = "https://app.example.com"

func trusting() humasess.Options[account] {
	o := accountOptions()
	o.TrustedOrigins = []string{trustedOrigin}
	return o
}

func crossOriginTable(t *testing.T, a *adapter) {
	r := newRig(t, a, setup[account]{opts: trusting(), ops: everyMethod})
	host := strings.TrimPrefix(r.url, "http://")
	name, _, _ := strings.Cut(host, ":")
	check := http.NewCrossOriginProtection()
	if err := check.AddTrustedOrigin(trustedOrigin); err != nil {
		t.Fatal(err)
	}
	c := r.signedIn(account{ID: "ada"})
	for _, host := range []string{host, name, "example.com", "example.com:8080"} {
		for _, site := range []string{"", "same-origin", "none", "same-site", "cross-site", "nonsense"} {
			for _, origin := range []string{
				"", "null", "http://" + host, "https://" + host, "http://" + name, "http://example.com", "http://example.com:8081", trustedOrigin, "%",
			} {
				for _, method := range methods {
					crossOriginCase(t, r, c, check, method, host, site, origin)
				}
			}
		}
	}
}

func crossOriginCase(t *testing.T, r *rig[account], c *client, check *http.CrossOriginProtection, method, host, site, origin string) {
	t.Helper()
	shape := func(req *http.Request) {
		req.Host = host
		for name, value := range map[string]string{"Sec-Fetch-Site": site, "Origin": origin} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
	}
	asked := httptest.NewRequest(method, "/any", nil)
	shape(asked)
	want := check.Check(asked) == nil
	r.store.Reset()
	got := c.do(method, "/any", "", shape)
	if allowed := got.StatusCode/100 == 2; allowed != want {
		t.Errorf("F1 F2 %s, host %q, Sec-Fetch-Site %q, Origin %q: got %d, want allowed: %v", method, host, site, origin, got.StatusCode, want)
	}
	if want {
		return
	}
	got.wantProblem(t, http.StatusForbidden, "cross-origin")
	got.wantVary(t, "Sec-Fetch-Site", "Origin")
	got.wantCookies(t, 0)
	r.wantCalls(0)
}

func crossOriginLogin(t *testing.T, a *adapter) {
	r := newRig(t, a, setup[account]{opts: trusting()})
	foreign := []edit{header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")}
	c := r.client()
	refused := r.loginCall(c, func(context.Context, *humasess.Session[account]) error {
		t.Error("the handler ran")
		return nil
	}, foreign...)
	refused.wantProblem(t, http.StatusForbidden, "cross-origin")
	refused.wantCookies(t, 0)
	trusted := []edit{header("Sec-Fetch-Site", "cross-site"), header("Origin", trustedOrigin)}
	r.loginCall(c, start(account{ID: "ada"}), trusted...).wantStatus(t, http.StatusNoContent)
	log, host := r.log.String(), strings.TrimPrefix(r.url, "http://")
	for _, want := range []string{"https://evil.example", "browsers drop the session cookie", trustedOrigin, host} {
		if !strings.Contains(log, want) {
			t.Errorf("C7 log: got %s, want %q in it", log, want)
		}
	}
	r.call(c, destroy[account], foreign...).wantProblem(t, http.StatusForbidden, "cross-origin")
	r.wantActive(c, true)
}

func crossOriginUpgrade(t *testing.T, a *adapter) {
	r := newRig(t, a, setup[account]{opts: trusting(), ops: everyMethod})
	c := r.signedIn(account{ID: "ada"})
	for _, tt := range []struct {
		origin string
		want   int
	}{
		{"https://evil.example", http.StatusForbidden}, {r.url, http.StatusNoContent},
		{trustedOrigin, http.StatusNoContent}, {"", http.StatusNoContent},
	} {
		conn := c.dial()
		lines := []string{"Connection: Upgrade", "Upgrade: websocket"}
		if tt.origin != "" {
			lines = append(lines, "Origin: "+tt.origin)
		}
		if _, err := io.WriteString(conn, c.head("GET", "/any", lines...)); err != nil {
			t.Fatal(err)
		}
		got := answer(conn)
		if got == nil || got.StatusCode != tt.want {
			t.Errorf("upgrade from %q: got %v, want %d", tt.origin, got, tt.want)
		}
	}
}
