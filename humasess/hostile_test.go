package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// originRig has an operation and a plain handler that change something.
func originRig(t *testing.T) *rig[account] {
	t.Helper()
	o := accountOptions()
	o.TrustedOrigins = []string{"https://app.example"}
	r := newRig(t, o)
	huma.Post(r.api, "/pay", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
	r.mux.Handle("/plain", r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })))
	return r
}

// TestHostileOrigins sends requests that the other tests' client does not send. Each
// case has the answer of net/http's own check for comparison.
func TestHostileOrigins(t *testing.T) {
	const kind = "urn:humasess:problem:cross-origin"
	long := strings.Repeat("a", 64<<10)
	reference := http.NewCrossOriginProtection()
	if err := reference.AddTrustedOrigin("https://app.example"); err != nil {
		t.Fatal(err)
	}
	r := originRig(t)
	c := r.signedIn(account{ID: "u1"})
	for _, tt := range []struct {
		name, host, origin, site string
		ok                       bool
	}{
		{"F2 the page itself", "example.com", "https://example.com", "", true},
		{"F2 null", "example.com", "null", "", false},
		{"F2 null in capitals", "example.com", "NULL", "", false},
		{"F1 null of a sandboxed frame", "example.com", "null", "cross-site", false},
		{"F2 two origins", "example.com", "https://example.com https://evil.example", "", false},
		{"F2 an origin that is a list", "example.com", "https://evil.example, https://example.com", "", false},
		{"F2 IPv6", "[::1]", "https://[::1]", "", true},
		{"F2 IPv6 with a port", "[::1]:8443", "https://[::1]:8443", "", true},
		{"F2 IPv6 of another port", "[::1]:8443", "https://[::1]:9443", "", false},
		{"F2 IPv6 in its long form", "[::1]", "https://[0:0:0:0:0:0:0:1]", "", true},
		{"F2 IPv6 without brackets, twice the same", "::1", "https://::1", "", true},
		{"F2 IPv6 that never ends", "[::1]", "https://[::1", "", false},
		{"F2 IPv4 in IPv6", "127.0.0.1", "https://[::ffff:127.0.0.1]", "", false},
		{"F2 IPv4 as a number", "127.0.0.1", "http://2130706433", "", false},
		{"F2 the port that goes without saying", "example.com", "https://example.com:443", "", true},
		{"F2 no port after the colon", "example.com", "https://example.com:", "", true},
		{"F2 a port that is none", "example.com", "https://example.com:http", "", false},
		{"F2 capitals in the host", "EXAMPLE.com", "https://example.com", "", true},
		{"F2 capitals in the origin", "example.com", "https://EXAMPLE.com", "", true},
		{"F2 a trailing dot in the host", "example.com.", "https://example.com", "", true},
		{"F2 a trailing dot in the origin", "example.com", "https://example.com.", "", true},
		{"F2 the port of the other scheme", "example.com:80", "https://example.com", "", false},
		{"F2 no host", "", "https://example.com", "", false},
		{"F2 no host, but the browser's word", "", "https://example.com", "same-origin", true},
		{"F2 user information before another host", "example.com", "https://example.com@evil.example", "", false},
		{"F2 user and password before another host", "example.com", "https://a:example.com@evil.example", "", false},
		{"F2 a backslash", "example.com", `https://evil.example\@example.com`, "", false},
		{"F2 a fragment", "example.com", "https://evil.example#example.com", "", false},
		{"F2 a query", "example.com", "https://evil.example?example.com", "", false},
		{"F2 a path", "example.com", "https://evil.example/example.com", "", false},
		{"F2 an encoded dot", "example.com", "https://example%2ecom", "", false},
		{"F2 no scheme", "example.com", "example.com", "", false},
		{"F2 another name in the same letters", "example.com", "https://exаmple.com", "", false}, // a Cyrillic a
		{"F2 an extension", "example.com", "chrome-extension://example", "", false},
		{"F2 a file", "example.com", "file://", "", false},
		{"F2 a tab", "example.com", "https://example.com\t", "", false},
		{"F2 a long origin", "example.com", "https://" + long, "", false},
		{"F2 a long host", long, "https://example.com", "", false},
		{"F4 trusted", "example.com", "https://app.example", "cross-site", true},
		{"F4 trusted, but for a port", "example.com", "https://app.example:8443", "cross-site", false},
		{"F4 trusted, but for a dot", "example.com", "https://app.example.", "cross-site", false},
		{"F4 trusted, but for capitals", "example.com", "https://APP.example", "cross-site", false},
		{"F4 trusted, but for user information", "example.com", "https://user@app.example", "cross-site", false},
		{"F4 trusted, but for the scheme", "example.com", "http://app.example", "cross-site", false},
		{"F1 a site that no browser knows", "example.com", "https://example.com", "same-origin;", false},
		{"F1 a long site", "example.com", "https://example.com", long, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.in(t)
			edit := func(req *http.Request) {
				req.Host = tt.host
				req.Header.Set("Origin", tt.origin)
				if tt.site != "" {
					req.Header.Set("Sec-Fetch-Site", tt.site)
				}
				// net/http compares the text of the two hosts; we compare the hosts.
				spelling := tt.ok && tt.site == "" && !strings.HasSuffix(tt.origin, "://"+tt.host)
				if got := reference.Check(req) == nil; got != (tt.ok && !spelling) {
					t.Errorf("net/http lets it pass: %v, want %v", got, !got)
				}
			}
			for _, path := range []string{"/pay", "/plain"} {
				r.store.Reset()
				w := c.Do(http.MethodPost, path, nil, edit)
				if tt.ok {
					wantStatus(t, w, http.StatusNoContent)
					continue
				}
				wantStatus(t, w, http.StatusForbidden)
				r.wantCalls(nil)
				if got := problemOf(t, w).Type; got != kind {
					t.Errorf("%s: type: got %q, want %q", path, got, kind)
				}
				wantHeader(t, w, "Vary", "Sec-Fetch-Site, Origin")
			}
		})
	}
}

// F9: the refusal depends on these headers, so a cache may not give it to
// others.
func TestRefusalVaries(t *testing.T) {
	r := originRig(t)
	for _, path := range []string{"/pay", "/plain"} {
		t.Run("F9 "+path, func(t *testing.T) {
			w := r.client().Do(http.MethodPost, path, nil, withHeaders("Sec-Fetch-Site", "cross-site"))
			wantStatus(t, w, http.StatusForbidden)
			wantHeader(t, w, "Vary", "Sec-Fetch-Site, Origin")
		})
	}
}

// A form of another page cannot send JSON: that takes a preflight, which huma
// answers without the headers that would let it pass.
func TestSimpleContentTypes(t *testing.T) {
	r := newRig(t, accountOptions())
	ran := false
	huma.Post(r.api, "/transfer", func(context.Context, *struct {
		humasess.Required[account]
		Body struct{ Amount int }
	}) (*struct{}, error) {
		ran = true
		return nil, nil
	})
	c := r.signedIn(account{ID: "u1"})
	for _, simple := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain;application/json"} {
		t.Run("F6 "+simple, func(t *testing.T) {
			ran = false
			w := c.Do(http.MethodPost, "/transfer", strings.NewReader(`{"Amount":1}`), withHeaders("Content-Type", simple))
			if ran || w.Code < 400 || w.Code >= 500 {
				t.Errorf("got %d, and the handler ran: %v", w.Code, ran)
			}
		})
	}
	t.Run("F6 a preflight is not allowed", func(t *testing.T) {
		w := c.Do(http.MethodOptions, "/transfer", nil, withHeaders("Origin", "https://evil.example", "Access-Control-Request-Method", "POST"))
		wantHeader(t, w, "Access-Control-Allow-Origin")
		wantHeader(t, w, "Access-Control-Allow-Credentials")
	})
}

// TestLongHeaders sends each header that we read with 64 KB in it.
func TestLongHeaders(t *testing.T) {
	o := accountOptions()
	o.CSRFHeader = csrfHeader
	o.RejectCrossSiteReads = true
	r := newRig(t, o)
	huma.Get(r.api, "/me", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
	huma.Post(r.api, "/pay", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
	cookie := cookieName + "="
	for _, tt := range []struct{ name, unit string }{
		{"Cookie", "A"},
		{"Cookie", ";"},
		{"Cookie", cookie + ";"},
		{"Cookie", cookie + strings.Repeat("A", 64) + "; "},
		{"Cookie", " \t;="},
		{"Origin", "https://"},
		{"Origin", "["},
		{"Sec-Fetch-Site", "cross-site,"},
		{"Sec-Fetch-Mode", "navigate"},
		{"Sec-Fetch-Dest", "\xff"},
		{"Upgrade", "websocket, "},
		{csrfHeader, "A"},
		{csrfHeader, "%"},
		{"Humasess-Session", "A"},
		{"Humasess-Required", "A"},
		{"Host", "["},
	} {
		t.Run("T4 "+tt.name+" of "+tt.unit[:1], func(t *testing.T) {
			value := strings.Repeat(tt.unit, 64<<10/len(tt.unit)+1)[:64<<10]
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				c := r.signedIn(account{ID: "u1"})
				r.store.Reset()
				w := c.Do(method, map[string]string{http.MethodGet: "/me", http.MethodPost: "/pay"}[method], nil, withHeaders(tt.name, value))
				if w.Code >= 500 || r.store.Total() > 1 {
					t.Errorf("%s: got %d after %d store calls, want no 5xx and at most one", method, w.Code, r.store.Total())
				}
				if body := w.Body.String(); len(body) > 2048 {
					t.Errorf("%s: got a body of %d bytes: it repeats the header", method, len(body))
				}
				wantCookies(t, w, 0)
			}
		})
	}
}
