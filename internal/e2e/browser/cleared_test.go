package browser_test

import (
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

func TestClearSiteData(t *testing.T) {
	for _, tt := range []struct {
		name    string
		clear   []string
		stored  int // of the app's page, after logout
		sibling int // cookies of a host beside it
	}{
		{"as by default", nil, 1, 1},
		{"H3 storage", []string{"cache", "storage"}, 0, 1},
		{"H3 cookies are those of the whole registrable domain", []string{"cookies"}, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{ClearSiteData: tt.clear})
			sibling := browser.Serve(t, siblingHost, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "__Host-own", Value: "1", Path: "/", Secure: true})
			}))
			b := browser.New(t)
			b.Open(sibling)
			page := a.login(b)
			browser.Eval[any](page, "localStorage.setItem('draft', 'private')")
			a.wantUser(page, "ada", 0)
			if got := browser.Eval[int](page, "localStorage.length"); got != 1 {
				t.Fatalf("stored before logout: got %d, want 1", got)
			}
			a.logout(page)
			page.Go(a.origin)
			if got := browser.Eval[int](page, "localStorage.length"); got != tt.stored {
				t.Errorf("stored after logout: got %d, want %d", got, tt.stored)
			}
			if got := len(b.Cookies()); got != tt.sibling {
				t.Errorf("cookies after logout: got %d, want %d", got, tt.sibling)
			}
			a.wantUser(page, "", 0)
		})
	}
}
