package browser_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// TestCookie compares what Chromium keeps with what we claim to set.
func TestCookie(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name   string
		cookie humasess.CookieOptions
		query  string
		want   network.Cookie
		ends   time.Duration // from now, 0 with the browser
	}{
		{
			"C1 C2 C4 C5 C12 default", humasess.CookieOptions{}, "",
			network.Cookie{Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteLax}, 0,
		},
		{
			"C12 Remember", humasess.CookieOptions{}, "&remember=true",
			network.Cookie{Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteLax}, 30 * day,
		},
		{
			"C5 strict", humasess.CookieOptions{SameSite: http.SameSiteStrictMode}, "",
			network.Cookie{Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteStrict}, 0,
		},
		{
			"C6 a name that only servers may set", humasess.CookieOptions{Name: "__Host-Http-id"}, "",
			network.Cookie{Name: "__Host-Http-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteLax}, 0,
		},
		{
			"C14 domain", humasess.CookieOptions{Domain: "example.test"}, "",
			network.Cookie{Name: "__Secure-id", Domain: ".example.test", Path: "/", SameSite: network.CookieSameSiteLax}, 0,
		},
		{
			"C13 partitioned", humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}, "",
			network.Cookie{
				Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteNone,
				PartitionKey: &network.CookiePartitionKey{TopLevelSite: "https://example.test"},
			}, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: tt.cookie})
			b := browser.New(t)
			page := b.Open(a.origin)
			a.loginOn(page, "name=ada"+tt.query)
			wantCookie(t, b, tt.want, tt.ends)
			if got := browser.Eval[string](page, "document.cookie"); got != "" {
				t.Errorf("document.cookie: got %q, want nothing", got)
			}
			if got := browser.Eval[int](page, "cookieStore.getAll().then(all => all.length)"); got != 0 {
				t.Errorf("cookieStore: got %d cookies, want 0", got)
			}
			a.wantUser(page, "ada", 0)
			if got := page.Fetch("/logout", `{method: "POST"}`); got.Status != http.StatusNoContent {
				t.Fatalf("logout: got %+v, want 204", got)
			}
			if got := b.Cookies(); len(got) != 0 {
				t.Errorf("C14 cookies after logout: got %+v, want none", got)
			}
			a.wantUser(page, "", 0)
		})
	}
}

// TestPartitioned embeds the app in a page of another site.
func TestPartitioned(t *testing.T) {
	for _, tt := range []struct {
		name        string
		partitioned bool
		want        int
	}{
		{"the session of the app's own page", false, http.StatusOK},
		{"C13 a partition of its own", true, http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: tt.partitioned}})
			b := browser.New(t)
			a.login(b)
			a.each(b, evilHost, []attack{{"frame", "<iframe src=APP/me></iframe>", nobody}}, func(name string, n int) {
				if got := a.answered(http.MethodGet, "/me", n).status; got != tt.want {
					t.Errorf("%s: got %d, want %d", name, got, tt.want)
				}
			})
		})
	}
}

func wantCookie(t *testing.T, b *browser.Browser, want network.Cookie, ends time.Duration) {
	t.Helper()
	cookies := b.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("got %d cookies, want 1: %+v", len(cookies), cookies)
	}
	got := *cookies[0]
	if got.Name != want.Name || got.Domain != want.Domain || got.Path != want.Path || got.SameSite != want.SameSite {
		t.Errorf("got %s of %s%s, SameSite=%s; want %s of %s%s, SameSite=%s",
			got.Name, got.Domain, got.Path, got.SameSite, want.Name, want.Domain, want.Path, want.SameSite)
	}
	if !got.Secure || !got.HTTPOnly {
		t.Errorf("Secure %v, HttpOnly %v, want both", got.Secure, got.HTTPOnly)
	}
	switch key := got.PartitionKey; {
	case (key == nil) != (want.PartitionKey == nil):
		t.Errorf("partition: got %+v, want %+v", key, want.PartitionKey)
	case key != nil && key.TopLevelSite != want.PartitionKey.TopLevelSite:
		t.Errorf("partition: got %q, want %q", key.TopLevelSite, want.PartitionKey.TopLevelSite)
	}
	left := time.Until(time.Unix(int64(got.Expires), 0)).Round(time.Hour)
	if got.Session != (ends == 0) || ends > 0 && left != ends {
		t.Errorf("ends with the browser: %v, after %v; want %v", got.Session, left, ends)
	}
	if strings.Contains(got.Value, "ada") {
		t.Errorf("the cookie names its user: %s", got.Value)
	}
}
