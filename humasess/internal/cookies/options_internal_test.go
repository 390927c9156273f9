package cookies

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestCookieOptions(t *testing.T) {
	tests := []struct {
		name string
		c    Options
		want string // the name of the cookie, "" when it is refused
	}{
		{"C2 default", Options{}, "__Host-id"},
		{"C1 plain http drops the prefix", Options{InsecureAllowHTTP: true}, "id"},
		{"C1 plain http with Domain", Options{InsecureAllowHTTP: true, Domain: "example.com"}, "id"},
		{"C1 default with Domain", Options{Domain: "example.com"}, "__Secure-id"},
		{"C1 default with Path", Options{Path: "/app"}, "__Secure-id"},
		{"C1 default with Path /", Options{Path: "/"}, "__Host-id"},
		{"C1 __Secure- on plain http", Options{Name: "__Secure-id", InsecureAllowHTTP: true}, ""},
		{"C1 __Host- on plain http", Options{Name: "__Host-id", InsecureAllowHTTP: true}, ""},
		{"C2 __Host- with Domain", Options{Name: "__Host-id", Domain: "example.com"}, ""},
		{"C2 __Host- with Path", Options{Name: "__Host-id", Path: "/app"}, ""},
		{"C2 __Host- with Path /", Options{Name: "__Host-id", Path: "/"}, "__Host-id"},
		{"C3 __host- with Domain", Options{Name: "__host-x", Domain: "example.com"}, ""},
		{"C3 __HOST- with Path", Options{Name: "__HOST-x", Path: "/app"}, ""},
		{"C3 __hOsT- on plain http", Options{Name: "__hOsT-x", InsecureAllowHTTP: true}, ""},
		{"C3 __secure- on plain http", Options{Name: "__secure-x", InsecureAllowHTTP: true}, ""},
		{"C3 __SECURE- with Domain", Options{Name: "__SECURE-x", Domain: "example.com"}, "__SECURE-x"},
		{"C5 None on plain http", Options{SameSite: http.SameSiteNoneMode, InsecureAllowHTTP: true}, ""},
		{"C5 None", Options{SameSite: http.SameSiteNoneMode}, "__Host-id"},
		{"C5 Strict", Options{SameSite: http.SameSiteStrictMode}, "__Host-id"},
		{"C5 unknown mode", Options{SameSite: 17}, ""},
		{"C5 negative mode", Options{SameSite: -1}, ""},
		{"C6 __Http-", Options{Name: "__Http-id"}, "__Http-id"},
		{"C6 __Http- with Domain", Options{Name: "__Http-id", Domain: "example.com"}, "__Http-id"},
		{"C6 __http- on plain http", Options{Name: "__http-id", InsecureAllowHTTP: true}, ""},
		{"C6 __Host-Http-", Options{Name: "__Host-Http-id"}, "__Host-Http-id"},
		{"C6 __Host-Http- with Domain", Options{Name: "__Host-Http-id", Domain: "example.com"}, ""},
		{"C6 __host-http- with Path", Options{Name: "__host-http-id", Path: "/app"}, ""},
		{"C13 Partitioned", Options{Partitioned: true, SameSite: http.SameSiteNoneMode}, "__Host-id"},
		{"C13 Partitioned on plain http", Options{Partitioned: true, InsecureAllowHTTP: true}, ""},
		{"C7 name of 256 bytes", Options{Name: strings.Repeat("n", 256)}, strings.Repeat("n", 256)},
		{"C7 name of 257 bytes", Options{Name: strings.Repeat("n", 257)}, ""},
		{"C7 Path of 1024 bytes", Options{Path: "/" + strings.Repeat("p", 1023)}, "__Secure-id"},
		{"C7 Path of 1025 bytes", Options{Path: "/" + strings.Repeat("p", 1024)}, ""},
		{"all characters of a token", Options{Name: "!#$%&'*+-.^_`|~09azAZ"}, "!#$%&'*+-.^_`|~09azAZ"},
	}
	for _, bad := range []string{" ", "a b", "a=b", "a;b", "a,b", `a"b`, "a\tb", "a\nb", "a\x00b", "é", "a\x7fb", "a(b)", "a/b", "a@b", "[a]"} {
		tests = append(tests, struct {
			name string
			c    Options
			want string
		}{"name " + bad, Options{Name: bad}, ""})
	}
	for _, bad := range []string{
		"app", "app/", "/a;b", "/a\nb", "/a\x00", "/é", "*", "/app?x=1", "/app#top", "/my app", `/a\b`, `/"a"`, "/{id}", "/a/../b", "/.", "/a/%2E%2e",
	} {
		tests = append(tests, struct {
			name string
			c    Options
			want string
		}{"path " + bad, Options{Path: bad}, ""})
	}
	for _, bad := range []string{
		".example.com", "https://example.com", "example.com:443", "example.com/", "exa mple.com", "exa;mple.com", "a,b", "a_b.com",
		"user@example.com", "exämple.com", "a\nb.com", "a%20b.com", "a&b.com", "a!b.com", "a*b.com", "*.example.com", "a..com", "-a.com",
		"a-.com", "example.com.", "[::1]", "com", "co.uk", "CO.UK", "github.io", "GitHub.io", "s3.amazonaws.com", "any.kawasaki.jp", "eu-west-1.elasticbeanstalk.com",
		"localhost", "intranet", "127.0.0.1", "10.1", "0x7f.1", "::1", "2130706433", "a.08", "a.0x", "a=b.com", strings.Repeat("a", 64) + ".com", strings.Repeat("abcdefg.", 40) + "com",
	} {
		tests = append(tests, struct {
			name string
			c    Options
			want string
		}{"C4 domain " + bad, Options{Domain: bad}, ""})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.c.WithDefaults()
			if tt.want == "" {
				if err == nil {
					t.Fatalf("accepted: %+v", got)
				}
				if len(err.Error()) < 15 {
					t.Errorf("error text: got %q, want one that says why", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if got.Name != tt.want {
				t.Errorf("name: got %q, want %q", got.Name, tt.want)
			}
			// net/http must write each accepted attribute, so that none is lost.
			c := http.Cookie{
				Name: got.Name, Value: "v", Path: got.Path, Domain: got.Domain, HttpOnly: true,
				Secure: !got.InsecureAllowHTTP, SameSite: got.SameSite, Partitioned: got.Partitioned,
			}
			if err := c.Valid(); err != nil {
				t.Errorf("net/http refuses it: %v", err)
			}
			line := NewWriter(got).set("v", 0)
			if !slices.Equal(sortedAttributes(line), sortedAttributes(c.String())) {
				t.Errorf("got %q, net/http writes %q", line, c.String())
			}
		})
	}
}

func sortedAttributes(line string) []string {
	all := strings.Split(line, "; ")
	slices.Sort(all)
	return all
}
