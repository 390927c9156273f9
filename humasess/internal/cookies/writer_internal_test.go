package cookies

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/credential"
)

// maxSize is the largest name plus value that browsers keep, in octets (RFC 6265bis
// § 5.6).
const maxSize = 4096

// set is a whole Set-Cookie.
func (w Writer) set(value string, age time.Duration) string {
	return string(w.End(append(w.Begin(nil), value...), age))
}

func writerOf(t *testing.T, c Options) Writer {
	t.Helper()
	full, err := c.WithDefaults()
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return NewWriter(full)
}

func parse(t *testing.T, line string) *http.Cookie {
	t.Helper()
	c, err := http.ParseSetCookie(line)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return c
}

func TestCookieSet(t *testing.T) {
	token := strings.Repeat("t", credential.TokenLength)
	t.Run("C1 C2 C4 C5 C12 default", func(t *testing.T) {
		want := "__Host-id=" + token + "; Path=/; HttpOnly; Secure; SameSite=Lax"
		if got := writerOf(t, Options{}).set(token, 0); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("every attribute", func(t *testing.T) {
		c := parse(t, writerOf(t, Options{
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
			line := writerOf(t, Options{}).set(token, tt.age)
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
			if _, err := (Options{Name: name}).WithDefaults(); err == nil {
				break
			}
			name = name[1:]
		}
		if size := len(name) + credential.TokenLength; len(name) == 0 || size > maxSize {
			t.Errorf("name plus value: got %d, want 1 to %d", size, maxSize)
		}
	})
}

func TestCookieDeletion(t *testing.T) {
	tests := []struct {
		name string
		c    Options
		url  string
	}{
		{"default", Options{}, "https://example.com/"},
		{"Domain", Options{Domain: "example.com"}, "https://app.example.com/"},
		{"Path", Options{Path: "/app"}, "https://example.com/app/x"},
		{"Strict", Options{SameSite: http.SameSiteStrictMode}, "https://example.com/"},
		{"None and Partitioned", Options{SameSite: http.SameSiteNoneMode, Partitioned: true}, "https://example.com/"},
		{"plain http", Options{InsecureAllowHTTP: true}, "http://localhost/"},
	}
	token := strings.Repeat("t", credential.TokenLength)
	for _, tt := range tests {
		t.Run("C14 "+tt.name, func(t *testing.T) {
			w := writerOf(t, tt.c)
			set, gone := parse(t, w.set(token, time.Hour)), parse(t, w.Expired)
			if gone.Value != "" || gone.MaxAge >= 0 || gone.Expires.IsZero() || gone.Expires.After(time.Now()) {
				t.Errorf("got %q, want no value, Max-Age=0 and Expires in the past", w.Expired)
			}
			// But for value and age they are the same.
			gone.Value, gone.MaxAge, gone.Expires = set.Value, set.MaxAge, time.Time{}
			if got, want := gone.String(), set.String(); got != want {
				t.Errorf("attributes: got %q, want %q", got, want)
			}
			if strings.Contains(w.Expired, "Partitioned") != tt.c.Partitioned {
				t.Errorf("C13 got %q, want Partitioned: %v", w.Expired, tt.c.Partitioned)
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
			jar.SetCookies(at, []*http.Cookie{parse(t, w.Expired)})
			if got := jar.Cookies(at); len(got) != 0 {
				t.Errorf("jar after deleting: got %v, want none", got)
			}
		})
	}
}
