package humasess

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/security"
)

// set is a whole Set-Cookie.
func (w cookieWriter) set(value string, age time.Duration) string {
	return string(w.end(append(w.begin(nil), value...), age))
}

func writerOf(t *testing.T, c CookieOptions) cookieWriter {
	t.Helper()
	full, err := c.withDefaults()
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return newCookieWriter(full)
}

func parse(t *testing.T, line string) *http.Cookie {
	t.Helper()
	c, err := http.ParseSetCookie(line)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return c
}

func TestCookieOptions(t *testing.T) {
	tests := []struct {
		name string
		c    CookieOptions
		want string // the name of the cookie, "" when it is refused
	}{
		{"C2 default", CookieOptions{}, "__Host-id"},
		{"C1 plain http drops the prefix", CookieOptions{InsecureAllowHTTP: true}, "id"},
		{"C1 plain http with Domain", CookieOptions{InsecureAllowHTTP: true, Domain: "example.com"}, "id"},
		{"C1 default with Domain", CookieOptions{Domain: "example.com"}, "__Secure-id"},
		{"C1 default with Path", CookieOptions{Path: "/app"}, "__Secure-id"},
		{"C1 default with Path /", CookieOptions{Path: "/"}, "__Host-id"},
		{"C1 __Secure- on plain http", CookieOptions{Name: "__Secure-id", InsecureAllowHTTP: true}, ""},
		{"C1 __Host- on plain http", CookieOptions{Name: "__Host-id", InsecureAllowHTTP: true}, ""},
		{"C2 __Host- with Domain", CookieOptions{Name: "__Host-id", Domain: "example.com"}, ""},
		{"C2 __Host- with Path", CookieOptions{Name: "__Host-id", Path: "/app"}, ""},
		{"C2 __Host- with Path /", CookieOptions{Name: "__Host-id", Path: "/"}, "__Host-id"},
		{"C3 __host- with Domain", CookieOptions{Name: "__host-x", Domain: "example.com"}, ""},
		{"C3 __HOST- with Path", CookieOptions{Name: "__HOST-x", Path: "/app"}, ""},
		{"C3 __hOsT- on plain http", CookieOptions{Name: "__hOsT-x", InsecureAllowHTTP: true}, ""},
		{"C3 __secure- on plain http", CookieOptions{Name: "__secure-x", InsecureAllowHTTP: true}, ""},
		{"C3 __SECURE- with Domain", CookieOptions{Name: "__SECURE-x", Domain: "example.com"}, "__SECURE-x"},
		{"C5 None on plain http", CookieOptions{SameSite: http.SameSiteNoneMode, InsecureAllowHTTP: true}, ""},
		{"C5 None", CookieOptions{SameSite: http.SameSiteNoneMode}, "__Host-id"},
		{"C5 Strict", CookieOptions{SameSite: http.SameSiteStrictMode}, "__Host-id"},
		{"C5 unknown mode", CookieOptions{SameSite: 17}, ""},
		{"C5 negative mode", CookieOptions{SameSite: -1}, ""},
		{"C6 __Http-", CookieOptions{Name: "__Http-id"}, "__Http-id"},
		{"C6 __Http- with Domain", CookieOptions{Name: "__Http-id", Domain: "example.com"}, "__Http-id"},
		{"C6 __http- on plain http", CookieOptions{Name: "__http-id", InsecureAllowHTTP: true}, ""},
		{"C6 __Host-Http-", CookieOptions{Name: "__Host-Http-id"}, "__Host-Http-id"},
		{"C6 __Host-Http- with Domain", CookieOptions{Name: "__Host-Http-id", Domain: "example.com"}, ""},
		{"C6 __host-http- with Path", CookieOptions{Name: "__host-http-id", Path: "/app"}, ""},
		{"C13 Partitioned", CookieOptions{Partitioned: true, SameSite: http.SameSiteNoneMode}, "__Host-id"},
		{"C13 Partitioned on plain http", CookieOptions{Partitioned: true, InsecureAllowHTTP: true}, ""},
		{"C7 name of 256 bytes", CookieOptions{Name: strings.Repeat("n", 256)}, strings.Repeat("n", 256)},
		{"C7 name of 257 bytes", CookieOptions{Name: strings.Repeat("n", 257)}, ""},
		{"C7 Path of 1024 bytes", CookieOptions{Path: "/" + strings.Repeat("p", 1023)}, "__Secure-id"},
		{"C7 Path of 1025 bytes", CookieOptions{Path: "/" + strings.Repeat("p", 1024)}, ""},
		{"all characters of a token", CookieOptions{Name: "!#$%&'*+-.^_`|~09azAZ"}, "!#$%&'*+-.^_`|~09azAZ"},
	}
	for _, bad := range []string{" ", "a b", "a=b", "a;b", "a,b", `a"b`, "a\tb", "a\nb", "a\x00b", "é", "a\x7fb", "a(b)", "a/b", "a@b", "[a]"} {
		tests = append(tests, struct {
			name string
			c    CookieOptions
			want string
		}{"name " + bad, CookieOptions{Name: bad}, ""})
	}
	for _, bad := range []string{
		"app", "app/", "/a;b", "/a\nb", "/a\x00", "/é", "*", "/app?x=1", "/app#top", "/my app", `/a\b`, `/"a"`, "/{id}", "/a/../b", "/.", "/a/%2E%2e",
	} {
		tests = append(tests, struct {
			name string
			c    CookieOptions
			want string
		}{"path " + bad, CookieOptions{Path: bad}, ""})
	}
	for _, bad := range []string{
		".example.com", "https://example.com", "example.com:443", "example.com/", "exa mple.com", "exa;mple.com", "a,b", "a_b.com",
		"user@example.com", "exämple.com", "a\nb.com", "a%20b.com", "a&b.com", "a!b.com", "a*b.com", "*.example.com", "a..com", "-a.com",
		"a-.com", "example.com.", "[::1]", "com", "co.uk", "CO.UK", "github.io", "GitHub.io", "s3.amazonaws.com", "any.kawasaki.jp", "eu-west-1.elasticbeanstalk.com",
		"localhost", "intranet", "127.0.0.1", "10.1", "0x7f.1", "::1", "2130706433", "a.08", "a.0x", "a=b.com", strings.Repeat("a", 64) + ".com", strings.Repeat("abcdefg.", 40) + "com",
	} {
		tests = append(tests, struct {
			name string
			c    CookieOptions
			want string
		}{"C4 domain " + bad, CookieOptions{Domain: bad}, ""})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.c.withDefaults()
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
			line := newCookieWriter(got).set("v", 0)
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

func TestCookieSet(t *testing.T) {
	token := strings.Repeat("t", security.TokenLength)
	t.Run("C1 C2 C4 C5 C12 default", func(t *testing.T) {
		want := "__Host-id=" + token + "; Path=/; HttpOnly; Secure; SameSite=Lax"
		if got := writerOf(t, CookieOptions{}).set(token, 0); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("every attribute", func(t *testing.T) {
		c := parse(t, writerOf(t, CookieOptions{
			Name: "__Secure-s", Domain: "example.com", Path: "/app", SameSite: http.SameSiteNoneMode, Partitioned: true,
		}).set(token, time.Hour))
		c.Raw = ""
		want := http.Cookie{
			Name: "__Secure-s", Value: token, Domain: "example.com", Path: "/app", SameSite: http.SameSiteNoneMode,
			Secure: true, HttpOnly: true, Partitioned: true, MaxAge: 3600,
		}
		if got := *c; got.String() != want.String() || len(got.Unparsed) != 0 {
			t.Errorf("got %q (unknown: %q), want %q", got.String(), got.Unparsed, want.String())
		}
	})
	ages := []struct {
		name string
		age  time.Duration
		want int
	}{
		{"C12 none", 0, 0},
		{"C12 a month", 30 * 24 * time.Hour, 2_592_000},
		{"less than a second is not forever", time.Millisecond, 1},
		{"rounded down", 1999 * time.Millisecond, 1},
		{"C10 400 days", 400 * 24 * time.Hour, 34_560_000},
		{"C10 more than 400 days", 400*24*time.Hour + time.Second, 34_560_000},
		{"C10 for ever", 1<<63 - 1, 34_560_000},
	}
	for _, tt := range ages {
		t.Run(tt.name, func(t *testing.T) {
			line := writerOf(t, CookieOptions{}).set(token, tt.age)
			if got := parse(t, line).MaxAge; got != tt.want {
				t.Errorf("Max-Age: got %d, want %d", got, tt.want)
			}
			if strings.Contains(line, "Max-Age") != (tt.want != 0) {
				t.Errorf("got %q, want a Max-Age: %v", line, tt.want != 0)
			}
		})
	}
	t.Run("C7 the longest name keeps the cookie below 4096 octets", func(t *testing.T) {
		name := strings.Repeat("n", 4096)
		for len(name) > 0 {
			if _, err := (CookieOptions{Name: name}).withDefaults(); err == nil {
				break
			}
			name = name[1:]
		}
		if size := len(name) + security.TokenLength; len(name) == 0 || size > maxCookieSize {
			t.Errorf("name plus value: got %d, want 1 to %d", size, maxCookieSize)
		}
	})
}

func TestCookieDeletion(t *testing.T) {
	tests := []struct {
		name string
		c    CookieOptions
		url  string
	}{
		{"default", CookieOptions{}, "https://example.com/"},
		{"Domain", CookieOptions{Domain: "example.com"}, "https://app.example.com/"},
		{"Path", CookieOptions{Path: "/app"}, "https://example.com/app/x"},
		{"Strict", CookieOptions{SameSite: http.SameSiteStrictMode}, "https://example.com/"},
		{"None and Partitioned", CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}, "https://example.com/"},
		{"plain http", CookieOptions{InsecureAllowHTTP: true}, "http://localhost/"},
	}
	token := strings.Repeat("t", security.TokenLength)
	for _, tt := range tests {
		t.Run("C14 "+tt.name, func(t *testing.T) {
			w := writerOf(t, tt.c)
			set, gone := parse(t, w.set(token, time.Hour)), parse(t, w.expired)
			if gone.Value != "" || gone.MaxAge >= 0 || gone.Expires.IsZero() || gone.Expires.After(time.Now()) {
				t.Errorf("got %q, want no value, Max-Age=0 and Expires in the past", w.expired)
			}
			// But for value and age they are the same.
			gone.Value, gone.MaxAge, gone.Expires = set.Value, set.MaxAge, time.Time{}
			if got, want := gone.String(), set.String(); got != want {
				t.Errorf("attributes: got %q, want %q", got, want)
			}
			if strings.Contains(w.expired, "Partitioned") != tt.c.Partitioned {
				t.Errorf("C13 got %q, want Partitioned: %v", w.expired, tt.c.Partitioned)
			}

			at, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			jar.SetCookies(at, []*http.Cookie{parse(t, w.set(token, time.Hour))})
			if got := jar.Cookies(at); len(got) != 1 || got[0].Value != token {
				t.Fatalf("jar after setting: got %v, want the token", got)
			}
			jar.SetCookies(at, []*http.Cookie{parse(t, w.expired)})
			if got := jar.Cookies(at); len(got) != 0 {
				t.Errorf("jar after deleting: got %v, want none", got)
			}
		})
	}
}
