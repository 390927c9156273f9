package browser_test

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

func TestBackButton(t *testing.T) {
	for _, tt := range []struct {
		name  string
		page  string // JavaScript of the private page
		leave func(*app, *browser.Browser, *browser.Page)
	}{
		{"H1 after logout", "", func(a *app, _ *browser.Browser, page *browser.Page) {
			page.Go(a.origin)
			a.logout(page)
		}},
		{"H1 after logout on the page itself", "", func(a *app, _ *browser.Browser, page *browser.Page) {
			a.logout(page)
			page.Go(a.origin)
		}},
		{"H1 after logout in another tab", "", func(a *app, b *browser.Browser, page *browser.Page) {
			page.Go(a.origin)
			a.logout(b.Open(a.origin))
		}},
		// Chromium keeps pages for the way back, even with no-store, until one
		// of their cookies changes. An end of the session elsewhere changes no
		// cookie. For pages that need it, docs/security.md has the listener.
		{"H1 after the session has ended elsewhere", reloadWhenKept, func(a *app, _ *browser.Browser, page *browser.Page) {
			page.Go(a.origin)
			if n, err := a.sessions.RevokeIdentity(context.Background(), "ada"); n != 1 || err != nil {
				a.t.Fatalf("RevokeIdentity: got %d, %v, want 1", n, err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{})
			b := browser.New(t)
			page := a.login(b)
			page.Go(a.origin + "/account")
			page.WaitText("private to ada")
			browser.Eval[any](page, "globalThis.kept = true, "+cmp.Or(tt.page, "null"))
			tt.leave(a, b, page)
			browser.Eval[any](page, "history.back()")
			if tt.page == "" {
				page.Wait("location.pathname == '/account' && document.readyState == 'complete'")
			} else {
				page.WaitText("Unauthorized") // for a moment the old page may be visible
			}
			if got := page.Text("body"); strings.Contains(got, "private") || !strings.Contains(got, "Unauthorized") {
				t.Errorf("got %q, want nothing private", got)
			}
			if browser.Eval[bool](page, "globalThis.kept ?? false") {
				t.Fatal("the page was kept as it had been left")
			}
			if got := a.answered(http.MethodGet, "/account", 2); got.status != http.StatusUnauthorized {
				t.Errorf("asked again: got %d, want 401", got.status)
			}
		})
	}
}

// reloadWhenKept reloads a page that comes back from memory.
const reloadWhenKept = `addEventListener("pageshow", e => { if (e.persisted) location.reload() })`

// logout signs out with a page of the app.
func (a *app) logout(page *browser.Page) {
	a.t.Helper()
	if got := page.Fetch("/logout", `{method: "POST"}`); got.Status != http.StatusNoContent {
		a.t.Fatalf("logout: got %+v, want 204", got)
	}
}
