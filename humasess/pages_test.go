package humasess_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// signInWith returns a request to the sign-in page that is to return to a path.
func signInWith(returnTo string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "https://app.example/login?return_to="+url.QueryEscape(returnTo), nil)
}

func TestReturnTo(t *testing.T) {
	long := "/" + strings.Repeat("a", 2047)
	for _, local := range []string{
		"/", "/account", "/account/", "/a/b?tab=2&q=x+y", "/search?next=//other/../x", "/?q=1", "/a?", "/%C3%A4", "/ä",
		"/a%20b", "/a:b@c", "/.well-known/x", "/..a/b..", "/a;b=1", "/#/inbox", "/a#part", "/%252f%252fevil.example", long,
	} {
		if got := humasess.ReturnTo(signInWith(local)); got != local {
			t.Errorf("got %q, want %q", got, local)
		}
	}
	for _, hostile := range []string{
		"", "account", "?q", "#a", ".", "..", "https://evil.example", "https:evil.example", "javascript:alert(1)", "data:,x",
		"//", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/a\\b", "/a?b\\c",
		"/x/../\\evil.example", "/x/..//evil.example", "/./evil", "/../evil", "/a/..", "/a/.", "/a//b", "/a//", "/a/./b",
		" /a", "\t/a", "/\t/evil.example", "/\n/evil.example", "/a\rb", "/a\x00", "/a\x7f", "/a\u0085b", "/a?b\r\nSet-Cookie:c",
		"/%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%09/evil.example", "/a%0d%0aSet-Cookie:%20b", "/a%00", "/a%7f",
		"/a%5cb", "/a?b=%5C", "/a?b=%0a", "/%2e%2e/a", "/x/%2e%2e/%5cevil.example", "/x/%2e%2e/%2fevil.example", "/x/..%2f%2fevil.example",
		"/%2e", "/%zz", "/%", "/a?b=%", "/a%2f%2fb", long + "a", "@evil.example", ":80/a", "/a%C2%85",
	} {
		if got := humasess.ReturnTo(signInWith(hostile)); got != "/" {
			t.Errorf("got %q for %q, want /", got, hostile)
		}
	}
}

func TestReturnToReadsOneParameterOfTheQuery(t *testing.T) {
	for query, want := range map[string]string{
		"":                            "/",
		"return_to=/a":                "/a",
		"x=1&return_to=%2Fa%3Fb%3D1":  "/a?b=1",
		"return_to=/a&return_to=/a":   "/",
		"return_to=/a&return_to=/b":   "/",
		"return_to":                   "/",
		"return_to[]=/a":              "/",
		"Return_To=/a":                "/",
		"return_to=/a;return_to=//b":  "/", // net/url refuses the pair
		"return_to=%zz&return_to=//b": "/",
	} {
		if got := humasess.ReturnTo(httptest.NewRequest(http.MethodGet, "/login?"+query, nil)); got != want {
			t.Errorf("got %q for %q, want %q", got, query, want)
		}
	}
	form := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("return_to=/a"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := humasess.ReturnTo(form); got != "/" {
		t.Errorf("got %q for a form's field, want /", got)
	}
}

// FuzzReturnTo checks that a redirect to the result stays on the origin of the sign-in
// page. The redirect may be that of net/http, with the result as it is or decoded once.
func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{
		"/", "/a/b?c=d#e", "//evil.example", "/\\evil.example", "/x/../\\evil.example", "/%2fevil.example", "/x/%2e%2e/%5cevil.example",
		"/\t/evil.example", "/%09/evil.example", "https:evil.example", "/a/../..//evil.example", "/ä?ö", "/%", "/a?b\\c", "/a//b", "//", "/a#b//c",
	} {
		f.Add(seed)
	}
	page := &url.URL{Scheme: "https", Host: "app.example", Path: "/login"}
	f.Fuzz(func(t *testing.T, value string) {
		got := humasess.ReturnTo(signInWith(value))
		if got != "/" && got != value {
			t.Fatalf("got %q for %q, want it or /", got, value)
		}
		decoded, err := url.PathUnescape(got)
		if err != nil {
			t.Fatalf("got %q, which does not decode: %v", got, err)
		}
		for _, to := range []string{got, decoded} {
			for _, location := range []string{to, redirected(to)} {
				at, err := page.Parse(asBrowser(location))
				if err != nil && to == decoded {
					continue // a stray percent sign, which no router redirects to
				}
				if err != nil || at.Scheme != "https" || at.Host != "app.example" || at.User != nil {
					t.Fatalf("got %q, whose redirect to %q leads to %v, %v", got, location, at, err)
				}
			}
		}
	})
}

// redirected returns the Location of a redirect.
func redirected(to string) string {
	w := httptest.NewRecorder()
	http.Redirect(w, httptest.NewRequest(http.MethodPost, "https://app.example/login", nil), to, http.StatusSeeOther)
	return w.Header().Get("Location")
}

// asBrowser returns a reference as browsers read it: without tabs and newlines, without
// control characters and blanks around it, and with slashes for the backslashes before
// the query (URL Standard § 4.4).
func asBrowser(ref string) string {
	ref = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(ref)
	ref = strings.TrimFunc(ref, func(r rune) bool { return r <= ' ' })
	before, _, _ := strings.Cut(ref, "?")
	return strings.ReplaceAll(before, "\\", "/") + ref[len(before):]
}
