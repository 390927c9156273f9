package security_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/security"
)

func newCrossOrigin(t testing.TB, trusted ...string) *security.CrossOrigin {
	t.Helper()
	c, err := security.NewCrossOrigin(trusted)
	if err != nil {
		t.Fatalf("NewCrossOrigin(%q): %v", trusted, err)
	}
	return c
}

func TestCrossOriginSecFetchSite(t *testing.T) {
	c := newCrossOrigin(t, "https://trusted.example")
	methods := map[string]bool{ // safe or not
		"GET": true, "HEAD": true, "OPTIONS": true,
		"POST": false, "PUT": false, "PATCH": false, "DELETE": false, "TRACE": false, "CONNECT": false,
		"PROPFIND": false, "get": false, "": false,
	}
	sites := []struct {
		name, site, origin string
		want               error // for unsafe methods
	}{
		{"same-origin", "same-origin", "https://example.com", nil},
		{"none", "none", "", nil},
		{"same-origin although Origin differs", "same-origin", "https://other.example", nil},
		{"cross-site", "cross-site", "https://other.example", security.ErrCrossSite},
		{"same-site", "same-site", "https://sub.example.com", security.ErrCrossSite},
		{"cross-site with Origin of the host", "cross-site", "https://example.com", security.ErrCrossSite},
		{"cross-site without Origin", "cross-site", "", security.ErrCrossSite},
		{"cross-site, trusted", "cross-site", "https://trusted.example", nil},
		{"same-site, trusted", "same-site", "https://trusted.example", nil},
		{"cross-site, null", "cross-site", "null", security.ErrCrossSite},
		{"unknown value", "elsewhere", "https://example.com", security.ErrCrossSite},
		{"upper case", "Same-Origin", "https://example.com", security.ErrCrossSite},
		{"list", "same-origin, cross-site", "https://example.com", security.ErrCrossSite},
	}
	for _, tt := range sites {
		t.Run("F1 "+tt.name, func(t *testing.T) {
			for method, safe := range methods {
				want := tt.want
				if safe {
					want = nil
				}
				got := c.Check(security.Origins{Method: method, Host: "example.com", SecFetchSite: tt.site, Origin: tt.origin})
				if !errors.Is(got, want) {
					t.Errorf("%q: got %v, want %v", method, got, want)
				}
			}
		})
	}
}

func TestCrossOriginOrigin(t *testing.T) {
	c := newCrossOrigin(t, "https://trusted.example", "http://localhost:3000")
	tests := []struct {
		name, host, origin string
		want               error
	}{
		{"neither header", "example.com", "", nil},
		{"same host", "example.com", "https://example.com", nil},
		{"same host and port", "example.com:8443", "https://example.com:8443", nil},
		{"http page, https host: fails open", "example.com", "http://example.com", nil},
		{"other host", "example.com", "https://other.example", security.ErrForeignOrigin},
		{"subdomain", "example.com", "https://sub.example.com", security.ErrForeignOrigin},
		{"parent domain", "sub.example.com", "https://example.com", security.ErrForeignOrigin},
		{"other port", "example.com", "https://example.com:8443", security.ErrForeignOrigin},
		{"prefix of the host", "example.com", "https://example.co", security.ErrForeignOrigin},
		{"host as prefix", "example.com", "https://example.com.evil.example", security.ErrForeignOrigin},
		{"host as user", "example.com", "https://example.com@evil.example", security.ErrForeignOrigin},
		{"null", "example.com", "null", security.ErrForeignOrigin},
		{"not a URL", "example.com", "https://exa mple.com", security.ErrForeignOrigin},
		{"trusted", "example.com", "https://trusted.example", nil},
		{"trusted with port", "example.com", "http://localhost:3000", nil},
		{"trusted host, other scheme", "example.com", "http://trusted.example", security.ErrForeignOrigin},
		{"trusted host, other port", "example.com", "http://localhost:3001", security.ErrForeignOrigin},
		{"trusted, other case", "example.com", "https://Trusted.example", security.ErrForeignOrigin},
		{"trusted with slash", "example.com", "https://trusted.example/", security.ErrForeignOrigin},
		{"empty host", "", "https://other.example", security.ErrForeignOrigin},
	}
	for _, tt := range tests {
		t.Run("F2 "+tt.name, func(t *testing.T) {
			o := security.Origins{Method: "POST", Host: tt.host, Origin: tt.origin}
			if got := c.Check(o); !errors.Is(got, tt.want) {
				t.Errorf("POST: got %v, want %v", got, tt.want)
			}
			o.Method = "GET"
			if got := c.Check(o); got != nil {
				t.Errorf("GET: got %v, want nil", got)
			}
			o.Upgrade = true
			if got := c.Check(o); !errors.Is(got, tt.want) {
				t.Errorf("GET with Upgrade: got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCrossOriginUpgrade(t *testing.T) {
	c := newCrossOrigin(t, "https://trusted.example")
	tests := []struct {
		name, site, origin string
		want               error
	}{
		{"own page", "same-origin", "https://example.com", nil},
		{"own page, old browser", "", "https://example.com", nil},
		{"no browser", "", "", nil},
		{"foreign page", "cross-site", "https://other.example", security.ErrCrossSite},
		{"foreign page, old browser", "", "https://other.example", security.ErrForeignOrigin},
		{"trusted page", "cross-site", "https://trusted.example", nil},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "CONNECT"} {
			t.Run("F11 "+tt.name+" "+method, func(t *testing.T) {
				o := security.Origins{Method: method, Host: "example.com", SecFetchSite: tt.site, Origin: tt.origin, Upgrade: true}
				if got := c.Check(o); !errors.Is(got, tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		}
	}
}

func TestNewCrossOrigin(t *testing.T) {
	tests := []struct {
		name, origin string
		ok           bool
	}{
		{"host", "https://example.com", true},
		{"port", "http://localhost:3000", true},
		{"IPv6", "http://[::1]:3000", true},
		{"own scheme", "capacitor://localhost", true},
		{"empty", "", false},
		{"host only", "example.com", false},
		{"host and port", "example.com:443", false},
		{"no host", "https://", false},
		{"null", "null", false},
		{"star", "*", false},
		{"slash", "https://example.com/", false},
		{"path", "https://example.com/login", false},
		{"query", "https://example.com?x=1", false},
		{"empty query", "https://example.com?", false},
		{"fragment", "https://example.com#top", false},
		{"empty fragment", "https://example.com#", false},
		{"user", "https://user@example.com", false},
		{"upper-case scheme", "HTTPS://example.com", false},
		{"space", "https://exa mple.com", false},
		{"not a URL", "://", false},
		{"bad port", "https://example.com:port", false},
	}
	for _, tt := range tests {
		t.Run("F4 "+tt.name, func(t *testing.T) {
			_, err := security.NewCrossOrigin([]string{"https://first.example", tt.origin})
			if (err == nil) != tt.ok {
				t.Fatalf("error: got %v, want one: %v", err, !tt.ok)
			}
			if err != nil && tt.origin != "" && !strings.Contains(err.Error(), tt.origin) {
				t.Errorf("error text: got %q, want %q in it", err, tt.origin)
			}
			// What is trusted passes: no entry is taken and then never matches.
			if err == nil {
				o := security.Origins{Method: "POST", Host: "api.example", SecFetchSite: "cross-site", Origin: tt.origin}
				if err := newCrossOrigin(t, tt.origin).Check(o); err != nil {
					t.Errorf("Check: got %v, want nil", err)
				}
			}
		})
	}
	t.Run("F4 the list is copied", func(t *testing.T) {
		trusted := []string{"https://first.example"}
		c := newCrossOrigin(t, trusted...)
		trusted[0] = "https://second.example"
		o := security.Origins{Method: "POST", Host: "api.example", Origin: "https://second.example"}
		if err := c.Check(o); !errors.Is(err, security.ErrForeignOrigin) {
			t.Errorf("got %v, want %v", err, security.ErrForeignOrigin)
		}
	})
	t.Run("F4 no bypass by path", func(t *testing.T) {
		// Nothing but the list makes an exception: the same request with every
		// field set stays refused.
		o := security.Origins{Method: "POST", Host: "api.example", SecFetchSite: "cross-site", Origin: "https://api.example"}
		if err := newCrossOrigin(t).Check(o); !errors.Is(err, security.ErrCrossSite) {
			t.Errorf("got %v, want %v", err, security.ErrCrossSite)
		}
	})
}

// pick returns one of the words.
func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

func TestCrossOriginLikeNetHTTP(t *testing.T) {
	methods := []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "Post", "QUERY"}
	sites := []string{"", "", "same-origin", "none", "same-site", "cross-site", "CROSS-SITE", "bogus", " none", "same-origin,none"}
	hosts := []string{"example.com", "example.com:8443", "EXAMPLE.com", "sub.example.com", "[::1]:80", "localhost", ""}
	origins := []string{
		"", "", "null", "https://example.com", "http://example.com", "https://example.com:8443", "https://EXAMPLE.com",
		"https://sub.example.com", "http://[::1]:80", "http://localhost", "https://trusted.example", "https://trusted.example:1",
		"https://trusted.example/", "://", "https://", "example.com", "//example.com", "https://user@example.com",
		"https://exa mple.com", "https://%zz", "https://example.com?x", "https://example.com/path", "\x00",
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	t.Run("F1 F2 random requests", func(t *testing.T) {
		refused, safe := 0, 0
		for i := range 50_000 {
			var trusted []string
			std := http.NewCrossOriginProtection()
			for range r.IntN(3) {
				// Origins that net/http takes and we refuse, such as those with
				// a user, are no part of the comparison.
				o := pick(r, origins)
				if _, err := security.NewCrossOrigin([]string{o}); err != nil {
					continue
				}
				trusted = append(trusted, o)
				if err := std.AddTrustedOrigin(o); err != nil {
					t.Fatalf("seed %d: we trust %q, net/http does not: %v", seed, o, err)
				}
			}
			o := security.Origins{Method: pick(r, methods), Host: pick(r, hosts), SecFetchSite: pick(r, sites), Origin: pick(r, origins)}
			req := &http.Request{Method: o.Method, Host: o.Host, Header: http.Header{}}
			if o.SecFetchSite != "" {
				req.Header.Set("Sec-Fetch-Site", o.SecFetchSite)
			}
			if o.Origin != "" {
				req.Header.Set("Origin", o.Origin)
			}
			got, want := newCrossOrigin(t, trusted...).Check(o), std.Check(req)
			if (got == nil) != (want == nil) {
				t.Fatalf("seed %d, request %d %+v, trusted %q: got %v, net/http says %v", seed, i, o, trusted, got, want)
			}
			if got != nil {
				refused++
			}
			if o.Method == http.MethodGet {
				safe++
			}
			// An upgrade is judged like a POST, whatever its method.
			o.Upgrade = true
			req.Method = http.MethodPost
			got, want = newCrossOrigin(t, trusted...).Check(o), std.Check(req)
			if (got == nil) != (want == nil) {
				t.Fatalf("seed %d, upgrade %d %+v, trusted %q: got %v, net/http says %v", seed, i, o, trusted, got, want)
			}
		}
		if refused < 5_000 || safe < 1_000 {
			t.Errorf("seed %d: refused %d and safe %d of 50000: the generator tests nothing", seed, refused, safe)
		}
	})
}
