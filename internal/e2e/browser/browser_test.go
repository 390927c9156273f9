package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/e2e/browser"
)

// TestBrowser tests the conditions of the other tests. https is trusted, names
// are sites, browsers share nothing, and there is no network outside.
func TestBrowser(t *testing.T) {
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-seen", Value: "1", Path: "/", Secure: true})
		_, _ = fmt.Fprintf(w, "<p>%s %s %s</p><button onclick='this.textContent=\"clicked\"'>click</button><input>",
			r.Host, r.Proto, r.Header.Get("Cookie"))
	})
	app := browser.Serve(t, "app.example.test", site)
	evil := browser.Serve(t, "evil.test", site)
	ada, grace := browser.New(t), browser.New(t)
	page := ada.Open(app)
	if got, want := page.Text("p"), app[len("https://"):]+" HTTP/2.0"; got != want {
		t.Errorf("first visit: got %q, want %q", got, want)
	}
	page.Go(app)
	if got, want := page.Text("p"), app[len("https://"):]+" HTTP/2.0 __Host-seen=1"; got != want {
		t.Errorf("second visit: got %q, want %q", got, want)
	}
	page.Click("button")
	page.WaitText("clicked")
	page.Type("input", "typed")
	if got := browser.Eval[string](page, "document.querySelector('input').value"); got != "typed" {
		t.Errorf("typed: got %q", got)
	}
	if got := browser.Eval[bool](page, "window.isSecureContext"); !got {
		t.Error("the page is not a secure context")
	}
	if got := len(ada.Cookies()); got != 1 {
		t.Errorf("cookies: got %d, want 1", got)
	}
	if got := len(grace.Cookies()); got != 0 {
		t.Errorf("cookies of another browser: got %d, want 0", got)
	}
	if got := page.Fetch("/", "{}"); got.Status != http.StatusOK || got.Type != "basic" {
		t.Errorf("fetch: got %+v", got)
	}
	if got := page.Fetch(evil, "{}"); got.Error == "" {
		t.Errorf("fetch of a foreign page: got %+v, want an error", got)
	}
	if got := page.Fetch(evil, `{mode: "no-cors"}`); got.Type != "opaque" {
		t.Errorf("fetch of a foreign page, unread: got %+v", got)
	}
	other := strings.Replace(evil, "evil.test", "evil.example", 1) // the system must not be asked for the name
	if got := page.Fetch(other, `{mode: "no-cors"}`); got.Error == "" {
		t.Errorf("fetch by a name that is not below .test: got %+v, want an error", got)
	}
}
