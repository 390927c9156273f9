package browser_test

import (
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// TestCookie compares the cookie in Chromium with the one that we claim to set.
func TestCookie(t *testing.T) {
	day := 24 * time.Hour
	plain := network.Cookie{Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteLax}
	for _, tt := range []struct {
		name  string
		opts  humasess.Options[user]
		query string
		want  network.Cookie
		ends  time.Duration // from now, 0 with the browser
	}{
		{"C1 C2 C4 C5 C12 default", humasess.Options[user]{}, "", plain, 0},
		{"C12 Remember", humasess.Options[user]{}, "&remember=true", plain, 30 * day},
		{
			"C10 as long as browsers remember",
			humasess.Options[user]{RememberAbsoluteTimeout: 400 * day}, "&remember=true", plain, 400 * day,
		},
		{
			"C5 strict", humasess.Options[user]{Cookie: humasess.CookieOptions{SameSite: http.SameSiteStrictMode}}, "",
			network.Cookie{Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteStrict}, 0,
		},
		{
			"C6 a name that only servers may set", humasess.Options[user]{Cookie: humasess.CookieOptions{Name: "__Host-Http-id"}}, "",
			network.Cookie{Name: "__Host-Http-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteLax}, 0,
		},
		{
			"C14 domain", humasess.Options[user]{Cookie: humasess.CookieOptions{Domain: "example.test"}}, "",
			network.Cookie{Name: "__Secure-id", Domain: ".example.test", Path: "/", SameSite: network.CookieSameSiteLax}, 0,
		},
		{
			"C13 partitioned",
			humasess.Options[user]{Cookie: humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}}, "",
			network.Cookie{
				Name: "__Host-id", Domain: appHost, Path: "/", SameSite: network.CookieSameSiteNone,
				PartitionKey: &network.CookiePartitionKey{TopLevelSite: "https://example.test"},
			}, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, tt.opts)
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

// TestCookieSize signs in with more and more data in the cookie.
func TestCookieSize(t *testing.T) {
	t.Run("C7 the largest cookie that is set is kept", func(t *testing.T) {
		key, err := security.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		sealer, err := security.NewAEAD(key)
		if err != nil {
			t.Fatal(err)
		}
		store := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
		a := newAppOn(t, store, humasess.Options[user]{})
		b := browser.New(t)
		page := b.Open(a.origin)
		login := func(length int) int {
			return page.Fetch("/login?name="+strings.Repeat("a", length), `{method: "POST"}`).Status
		}
		largest := sort.Search(4096, func(length int) bool { return login(length) != http.StatusNoContent }) - 1
		a.loginOn(page, "name="+strings.Repeat("a", largest))
		kept := b.Cookies()
		if len(kept) != 1 || kept[0].Size > 4096 || kept[0].Size < 4090 {
			t.Fatalf("got %+v, want one cookie of about 4096 bytes", kept)
		}
		a.wantUser(page, strings.Repeat("a", largest), 0)
		if got := login(largest + 1); got != http.StatusInternalServerError {
			t.Errorf("one byte more: got %d, want 500", got)
		}
		if got := b.Cookies(); len(got) != 1 || got[0].Value != kept[0].Value {
			t.Errorf("one byte more: got %+v, want the cookie of before", got)
		}
	})
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
			a.each(b, evilHost, []attack{{"frame", "<iframe src=APP/me></iframe>", noClick}}, func(name string, n int) {
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
