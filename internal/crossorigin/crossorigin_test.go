package crossorigin_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/security"
)

func newCrossOrigin(t testing.TB, trusted ...string) *crossorigin.CrossOrigin {
	t.Helper()
	c, err := crossorigin.NewCrossOrigin(trusted)
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
				got := c.Check(crossorigin.Request{Method: method, Host: "example.com", SecFetchSite: tt.site, Origin: tt.origin})
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
		{"default port in the host", "example.com:443", "https://example.com", nil},
		{"default port in the origin", "example.com", "https://example.com:443", nil},
		{"default port of http", "example.com:80", "http://example.com", nil},
		{"empty port", "example.com:", "https://example.com", nil},
		{"port with zeros", "example.com:0443", "https://example.com", nil},
		{"default port of the other scheme", "example.com:80", "https://example.com", security.ErrForeignOrigin},
		{"default port of the other scheme, other way", "example.com:443", "http://example.com", security.ErrForeignOrigin},
		{"scheme without a default port", "localhost:443", "capacitor://localhost", security.ErrForeignOrigin},
		{"capitals in the host", "App.Example.COM", "https://app.example.com", nil},
		{"capitals and port", "EXAMPLE.com:8443", "https://example.com:8443", nil},
		{"a letter that only folds to ASCII", "example.com", "https://example.Kom", security.ErrForeignOrigin},
		{"dot at the end of the host", "example.com.", "https://example.com", nil},
		{"dot at the end of the origin", "example.com:443", "https://example.com.", nil},
		{"two dots", "example.com..", "https://example.com", security.ErrForeignOrigin},
		{"IPv6", "[::1]:8443", "https://[::1]:8443", nil},
		{"IPv6 in full", "[0:0:0:0:0:0:0:1]:443", "https://[::1]", nil},
		{"IPv6 in capitals", "[2001:DB8::A]", "https://[2001:db8::a]", nil},
		{"IPv6 with IPv4 in it", "[::ffff:1.2.3.4]", "https://[::ffff:102:304]", nil},
		{"IPv6 is not its IPv4", "1.2.3.4", "https://[::ffff:102:304]", security.ErrForeignOrigin},
		{"other IPv6", "[::1]", "https://[::2]", security.ErrForeignOrigin},
		{"IPv4", "127.0.0.1:80", "http://127.0.0.1", nil},
		{"host with a port of letters", "example.com:abc", "https://example.com", security.ErrForeignOrigin},
		{"no host", "", "https://other.example", security.ErrForeignOrigin},
		{"no host, null", "", "null", security.ErrForeignOrigin},
		{"no host, no host in the origin", "", "https://", security.ErrForeignOrigin},
		{"no host, port alone", ":443", "https://:443", security.ErrForeignOrigin},
		{"no host, trusted", "", "https://trusted.example", nil},
		{"no host, neither header", "", "", nil},
	}
	for _, tt := range tests {
		t.Run("F2 "+tt.name, func(t *testing.T) {
			o := crossorigin.Request{Method: "POST", Host: tt.host, Origin: tt.origin}
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
				o := crossorigin.Request{Method: method, Host: "example.com", SecFetchSite: tt.site, Origin: tt.origin, Upgrade: true}
				if got := c.Check(o); !errors.Is(got, tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		}
	}
}

func TestNewCrossOrigin(t *testing.T) {
	tests := []struct {
		name, origin, err string // "" if it is fine
	}{
		{"host", "https://example.com", ""},
		{"http", "http://example.com", ""},
		{"port", "http://localhost:3000", ""},
		{"default port of the other scheme", "http://example.com:443", ""},
		{"IPv4", "http://127.0.0.1:3000", ""},
		{"IPv6", "http://[::1]:3000", ""},
		{"IPv6 with IPv4 in it", "https://[::ffff:102:304]", ""},
		{"own scheme", "capacitor://localhost", ""},
		{"extension", "moz-extension://3f1e0ac2-0000-4a4a-8c5d-8e1d7a7f5b11", ""},
		{"complete name", "https://example.com.", ""},
		{"punycode", "https://xn--bcher-kva.example", ""},
		{"punycode of another script", "https://xn--e1afmkfd.xn--p1ai", ""},
		{"punycode of sharp s", "https://xn--strae-oqa.example", ""},
		{"punycode of an emoji", "https://xn--i-7iq.ws", ""},
		{"extension of Chromium", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", ""},
		{"app of Tauri", "tauri://localhost", ""},
		{"app of Ionic", "ionic://localhost", ""},
		{"app of the program's own", "app://-", ""},
		{"label that only looks like a number", "https://a.0b1", ""},
		{"underscore", "https://my_app.example.com", ""},
		{"empty", "", "scheme and host"},
		{"host only", "example.com", "scheme and host"},
		{"host and port", "example.com:443", "scheme and host"},
		{"no scheme", "//example.com", "scheme and host"},
		{"no host", "https://", "scheme and host"},
		{"port only", "https://:443", "scheme and host"},
		{"null", "null", "attacker"},
		{"star", "*", "scheme and host"},
		{"star for hosts", "https://*", "wildcard"},
		{"star for subdomains", "https://*.example.com", "wildcard"},
		{"star for ports", "https://example.com:*", "not a URL"},
		{"star in a label", "https://app-*.example.com", "wildcard"},
		{"slash", "https://example.com/", "only scheme"},
		{"path", "https://example.com/login", "only scheme"},
		{"query", "https://example.com?x=1", "only scheme"},
		{"empty query", "https://example.com?", "only scheme"},
		{"fragment", "https://example.com#top", "only scheme"},
		{"empty fragment", "https://example.com#", "only scheme"},
		{"user", "https://user@example.com", "only scheme"},
		{"empty user", "https://@example.com", "only scheme"},
		{"list", "https://a.example,https://b.example", "only scheme"},
		{"upper-case scheme", "HTTPS://example.com", `browsers send "https://example.com"`},
		{"upper-case host", "https://App.Example.com", `browsers send "https://app.example.com"`},
		{"default port", "https://example.com:443", `browsers send "https://example.com"`},
		{"default port of http", "http://example.com:80", `browsers send "http://example.com"`},
		{"empty port", "https://example.com:", `browsers send "https://example.com"`},
		{"port with zeros", "https://example.com:08443", `browsers send "https://example.com:8443"`},
		{"IPv6 in full", "https://[0:0:0:0:0:0:0:1]", `browsers send "https://[::1]"`},
		{"IPv6 with dots in it", "https://[::ffff:1.2.3.4]", `browsers send "https://[::ffff:102:304]"`},
		{"letters outside ASCII", "https://bücher.example", `browsers send "https://xn--bcher-kva.example"`},
		{"letters outside ASCII and port", "https://bücher.example:8443", `browsers send "https://xn--bcher-kva.example:8443"`},
		{"zone", "https://[fe80::1%25eth0]", "only scheme"},
		{"short IPv4", "https://127.1", "four decimal numbers"},
		{"port 0", "https://example.com:0", "not between"},
		{"port too high", "https://example.com:65536", "not between"},
		{"port of letters", "https://example.com:port", "not a URL"},
		{"two dots", "https://a..example.com", "not a valid host name"},
		{"leading dot", "https://.example.com", "not a valid host name"},
		{"long label", "https://" + strings.Repeat("a", 64) + ".example.com", "not a valid host name"},
		{"space", "https://exa mple.com", "not a URL"},
		{"not a URL", "://", "not a URL"},
		{"file", "file://localhost", "null"},
		{"websocket", "wss://example.com", "https"},
		{"ftp", "ftp://example.com", "scheme ftp"},
		{"filesystem", "filesystem://x", "scheme filesystem"},
		{"source view", "view-source://x", "scheme view-source"},
		{"mail", "mailto://a", "scheme mailto"},
		{"IPv4 with a dot", "https://1.2.3.4.", `browsers send "https://1.2.3.4"`},
		{"short IPv4 with a dot", "https://1.2.3.", "four decimal numbers"},
		{"last label of digits", "https://example.08", "four decimal numbers"},
		{"last label of many digits", "https://example.99999999999999999999", "four decimal numbers"},
		{"last label 0x", "https://example.0x", "four decimal numbers"},
		{"punycode of nothing", "https://xn--", "punycode"},
		{"punycode of a control character", "https://xn--a.com", "punycode"},
		{"punycode beyond Unicode", "https://xn--99999999.com", "punycode"},
		{"punycode that ends early", "https://xn--bcher-kv.example", "punycode"},
		{"punycode of ASCII", "https://xn--abc-.example", "punycode"},
		{"punycode of a capital", "https://xn--cher-pka.example", "punycode"},
	}
	for _, tt := range tests {
		t.Run("F4 "+tt.name, func(t *testing.T) {
			_, err := crossorigin.NewCrossOrigin([]string{"https://first.example", tt.origin})
			if (err == nil) != (tt.err == "") {
				t.Fatalf("error: got %v, want %q", err, tt.err)
			}
			if err != nil && (!strings.Contains(err.Error(), strconv.Quote(tt.origin)) || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error text: got %q, want %q and %q in it", err, tt.origin, tt.err)
			}
			// A valid entry really trusts its origin, because a useless entry
			// would be a trap.
			if err == nil {
				o := crossorigin.Request{Method: "POST", Host: "api.example", SecFetchSite: "cross-site", Origin: tt.origin}
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
		o := crossorigin.Request{Method: "POST", Host: "api.example", Origin: "https://second.example"}
		if err := c.Check(o); !errors.Is(err, security.ErrForeignOrigin) {
			t.Errorf("got %v, want %v", err, security.ErrForeignOrigin)
		}
	})
	t.Run("F4 duplicates", func(t *testing.T) { newCrossOrigin(t, "https://a.example", "https://a.example") })
	t.Run("F4 no bypass by path", func(t *testing.T) {
		// Only the list makes an exception. The same request with every field
		// set is still refused.
		o := crossorigin.Request{Method: "POST", Host: "api.example", SecFetchSite: "cross-site", Origin: "https://api.example"}
		if err := newCrossOrigin(t).Check(o); !errors.Is(err, security.ErrCrossSite) {
			t.Errorf("got %v, want %v", err, security.ErrCrossSite)
		}
	})
}

func TestCrossOriginTrust(t *testing.T) {
	c := newCrossOrigin(t, "https://listed.example")
	for _, tt := range []struct {
		name, method, site, origin string
		asked                      int
		want                       error // when the function says yes
	}{
		{"foreign", "POST", "cross-site", "https://tenant.example", 1, nil},
		{"foreign in an old browser", "POST", "", "https://tenant.example", 1, nil},
		{"safe", "GET", "cross-site", "https://tenant.example", 0, nil},
		{"own", "POST", "", "https://api.example", 0, nil},
		{"own by Sec-Fetch-Site", "POST", "same-origin", "https://api.example", 0, nil},
		{"listed", "POST", "cross-site", "https://listed.example", 0, nil},
		{"no Origin", "POST", "cross-site", "", 0, security.ErrCrossSite},
		{"null", "POST", "cross-site", "null", 0, security.ErrCrossSite},
		{"not as browsers send it", "POST", "cross-site", "https://evil.example#.tenant.example", 0, security.ErrCrossSite},
		{"two", "POST", "cross-site", "https://evil.example, https://tenant.example", 0, security.ErrCrossSite},
	} {
		t.Run("F4 "+tt.name, func(t *testing.T) {
			for _, yes := range []bool{true, false} {
				asked := 0
				o := crossorigin.Request{Method: tt.method, Host: "api.example", SecFetchSite: tt.site, Origin: tt.origin}
				o.Trust = func(origin string) bool {
					asked++
					if origin != tt.origin {
						t.Errorf("asked about %q, want %q", origin, tt.origin)
					}
					return yes
				}
				err := c.Check(o)
				if asked != tt.asked {
					t.Errorf("asked %d times, want %d", asked, tt.asked)
				}
				if yes || tt.asked == 0 {
					if !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					}
				} else if err == nil {
					t.Error("got nil although the function says no")
				}
			}
		})
	}
}

// pick returns one of the words.
func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

// differs reports whether our answer differs from net/http's on purpose. Two
// spellings of one host are the same, and an empty host matches no origin.
func differs(o crossorigin.Request) bool {
	u, err := url.Parse(o.Origin)
	return o.SecFetchSite == "" && err == nil && (strings.EqualFold(u.Host, o.Host) && u.Host != o.Host || u.Host == "" && o.Host == "")
}

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
				// The comparison leaves out origins that net/http accepts and
				// we refuse, such as those with a user.
				o := pick(r, origins)
				if _, err := crossorigin.NewCrossOrigin([]string{o}); err != nil {
					continue
				}
				trusted = append(trusted, o)
				if err := std.AddTrustedOrigin(o); err != nil {
					t.Fatalf("seed %d: we trust %q, net/http does not: %v", seed, o, err)
				}
			}
			o := crossorigin.Request{Method: pick(r, methods), Host: pick(r, hosts), SecFetchSite: pick(r, sites), Origin: pick(r, origins)}
			req := &http.Request{Method: o.Method, Host: o.Host, Header: http.Header{}}
			if o.SecFetchSite != "" {
				req.Header.Set("Sec-Fetch-Site", o.SecFetchSite)
			}
			if o.Origin != "" {
				req.Header.Set("Origin", o.Origin)
			}
			got, want := newCrossOrigin(t, trusted...).Check(o), std.Check(req)
			if (got == nil) != (want == nil) && !differs(o) {
				t.Fatalf("seed %d, request %d %+v, trusted %q: got %v, net/http says %v", seed, i, o, trusted, got, want)
			}
			if got != nil {
				refused++
			}
			if o.Method == http.MethodGet {
				safe++
			}
			// An upgrade is judged like a POST, with any method.
			o.Upgrade = true
			req.Method = http.MethodPost
			got, want = newCrossOrigin(t, trusted...).Check(o), std.Check(req)
			if (got == nil) != (want == nil) && !differs(o) {
				t.Fatalf("seed %d, upgrade %d %+v, trusted %q: got %v, net/http says %v", seed, i, o, trusted, got, want)
			}
		}
		if refused < 5_000 || safe < 1_000 {
			t.Errorf("seed %d: refused %d and safe %d of 50000: the generator tests nothing", seed, refused, safe)
		}
	})
}
