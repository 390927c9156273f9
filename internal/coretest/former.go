package coretest

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// formerChanges are the changes of the cookie's scope that a jar can tell apart.
var formerChanges = []struct {
	name          string
	before, after humasess.CookieOptions
}{
	{"name", humasess.CookieOptions{Name: "sid"}, humasess.CookieOptions{
		Former: []humasess.CookieScope{{Name: "sid"}},
	}},
	{"name and Domain", humasess.CookieOptions{Name: "sid", Domain: "example.com"}, humasess.CookieOptions{
		Former: []humasess.CookieScope{{Name: "sid", Domain: "example.com"}},
	}},
	{"the second of two names", humasess.CookieOptions{Name: "two"}, humasess.CookieOptions{
		Former: []humasess.CookieScope{{Name: "one"}, {Name: "two"}, {Name: "two", Path: "/app"}},
	}},
	{"Domain is gone", humasess.CookieOptions{Name: "id", Domain: "example.com"}, humasess.CookieOptions{
		Name: "id", Former: []humasess.CookieScope{{Domain: "example.com"}},
	}},
	{"Domain is new", humasess.CookieOptions{Name: "id"}, humasess.CookieOptions{
		Name: "id", Domain: "example.com", Former: []humasess.CookieScope{{}},
	}},
	{"Domain was the host", humasess.CookieOptions{Name: "id", Domain: "app.example.com"}, humasess.CookieOptions{
		Name: "id", Former: []humasess.CookieScope{{Domain: "app.example.com"}},
	}},
	{"Path is gone", humasess.CookieOptions{Name: "id", Path: "/app"}, humasess.CookieOptions{
		Name: "id", Former: []humasess.CookieScope{{Path: "/app"}},
	}},
	{"Path is new", humasess.CookieOptions{Name: "id"}, humasess.CookieOptions{
		Name: "id", Path: "/app", Former: []humasess.CookieScope{{Path: "/"}},
	}},
}

// browser stores cookies by the rules of net/http/cookiejar.
type browser struct {
	t   *testing.T
	jar http.CookieJar
	at  *url.URL
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, jar, &url.URL{Scheme: "https", Host: "app.example.com", Path: "/app/"}}
}

// do sends a request and returns the body and the Set-Cookie lines.
func (b *browser) do(handler http.Handler, method, path string, want int) (body string, lines []string) {
	b.t.Helper()
	r := httptest.NewRequest(method, "https://app.example.com"+path, nil)
	for _, c := range b.jar.Cookies(b.at) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != want {
		b.t.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	b.jar.SetCookies(b.at, w.Result().Cookies())
	return w.Body.String(), w.Result().Header.Values("Set-Cookie")
}

// holds checks the names of the cookies in the jar.
func (b *browser) holds(when string, want ...string) {
	b.t.Helper()
	var got []string
	for _, c := range b.jar.Cookies(b.at) {
		got = append(got, c.Name)
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("cookies after %s: got %q, want %q", when, got, want)
	}
}

// FormerCookies changes the scope of a program's cookie while browsers have
// sessions under the former scope. The program uses [Shared.One] before the change
// and [Shared.Other] after it.
func FormerCookies(t *testing.T, shared func() Shared, opts humasess.Options[User]) {
	t.Helper()
	for _, tt := range formerChanges {
		t.Run(tt.name, func(t *testing.T) {
			s := shared()
			opts := opts
			opts.Cookie = tt.before
			before, _ := Serve(t, s.One, &opts, s.Hooks)
			opts.Cookie = tt.after
			after, _ := Serve(t, s.Other, &opts, s.Hooks)
			was, name := tt.before.Name, tt.after.Name
			if name == "" {
				name = CookieName
			}
			signedIn := func(t *testing.T) *browser {
				t.Helper()
				b := newBrowser(t)
				b.do(before, "POST", "/login?name=ada", http.StatusNoContent)
				b.do(before, "POST", "/bump", http.StatusOK)
				b.holds("signing in", was)
				return b
			}
			t.Run("C14 the next write issues it in the present scope", func(t *testing.T) {
				b := signedIn(t)
				_, lines := b.do(after, "GET", "/me", http.StatusOK)
				if len(lines) != 0 {
					t.Errorf("a read sets %q, want nothing", lines)
				}
				b.holds("a read", was)
				body, lines := b.do(after, "POST", "/bump", http.StatusOK)
				if got := N(t, body); got != 2 {
					t.Errorf("counter: got %d, want 2", got)
				}
				if len(lines) != 1+len(tt.after.Former) {
					t.Errorf("Set-Cookie lines: got %q, want one for each scope", lines)
				}
				b.holds("a write", name)
				body, _ = b.do(after, "POST", "/bump", http.StatusOK)
				if got := N(t, body); got != 3 {
					t.Errorf("counter: got %d, want 3", got)
				}
				b.holds("another write", name)
				b.do(after, "POST", "/logout", http.StatusOK)
				b.holds("signing out")
			})
			t.Run("C14 R1 signing out ends it and leaves no cookie", func(t *testing.T) {
				b := signedIn(t)
				copied := newBrowser(t)
				copied.jar.SetCookies(b.at, b.jar.Cookies(b.at))
				b.do(after, "POST", "/logout", http.StatusOK)
				b.holds("signing out")
				copied.do(before, "GET", "/me", http.StatusUnauthorized)
			})
			t.Run("C14 N2 signing in again ends it and leaves one cookie", func(t *testing.T) {
				b := signedIn(t)
				copied := newBrowser(t)
				copied.jar.SetCookies(b.at, b.jar.Cookies(b.at))
				b.do(after, "POST", "/login?name=bob", http.StatusNoContent)
				b.holds("signing in", name)
				b.do(after, "GET", "/me", http.StatusOK)
				copied.do(before, "GET", "/me", http.StatusUnauthorized)
			})
		})
	}
}
