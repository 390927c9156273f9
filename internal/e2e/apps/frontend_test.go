package apps_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/examples/apps/frontend/site"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

const (
	pageHost  = "app.example.test"
	apiHost   = "api.example.test"
	otherHost = "app.other.test"
)

// frontend is the example on two origins.
type frontend struct {
	clock     clock
	log       buffer
	page, api string // origins
}

func newFrontend(t *testing.T, pageHost string, cookie humasess.CookieOptions) *frontend {
	t.Helper()
	f := &frontend{}
	var page, api *later
	f.page, page = serve(t, pageHost)
	f.api, api = serve(t, apiHost)
	handler, err := site.NewAPI(memory.New(nil), site.Options{
		FrontEnds: []string{f.page}, Cookie: cookie, Now: f.clock.now, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	api.set(handler)
	page.set(site.NewFrontEnd(f.api))
	return f
}

func signIn(page *browser.Page) {
	page.Type("#name", "ada")
	page.Type("#password", "engine")
	page.Click("#sign-in .primary")
}

func TestFrontend(t *testing.T) {
	for _, tt := range []struct {
		name, page string
		cookie     humasess.CookieOptions
		blocked    bool // cookies of other sites
	}{
		{name: "F4 same site", page: pageHost},
		{name: "F4 other site", page: otherHost, cookie: humasess.CookieOptions{SameSite: http.SameSiteNoneMode}},
		{
			name: "C13 other site, and the user blocks its cookies", page: otherHost, blocked: true,
			cookie: humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrontend(t, tt.page, tt.cookie)
			b := browser.New(t)
			page := b.Tab()
			if tt.blocked {
				page.BlockCookiesOfOtherSites()
			}
			page.Go(f.page)
			signIn(page)
			page.Type("#text", "Dear Charles")
			page.Click("#editor .primary")
			page.WaitText("Saved.")
			page.Go(f.page) // the draft is in the session
			page.Wait(`document.querySelector("#text").value === "Dear Charles"`)

			f.clock.advance(2 * time.Minute) // now the API asks for the password, in a 403 that the page can read
			page.Click("#discard")
			page.Type("#confirm-password", "wrong")
			page.Click("#confirm .primary")
			page.Wait(`document.querySelector("#confirm-error").textContent === "Wrong password."`)
			page.Type("#confirm-password", "engine")
			page.Click("#confirm .primary")
			page.WaitText("Discarded.")
			page.Wait(`document.querySelector("#text").value === ""`)

			page.Click("#sign-out")
			page.WaitText("You are signed out.")
			for _, c := range b.Cookies() {
				t.Errorf("after the sign-out: got cookie %+v, want none", c)
			}
			if got := f.log.String(); got != "" {
				t.Errorf("log: got %s, want nothing", got)
			}
		})
	}
}

// TestFrontendBackButton goes back to the page after a sign-out in another tab.
func TestFrontendBackButton(t *testing.T) {
	f := newFrontend(t, pageHost, humasess.CookieOptions{})
	b := browser.New(t)
	page := b.Open(f.page)
	signIn(page)
	page.Type("#text", "Dear Charles")
	page.Click("#editor .primary")
	page.WaitText("Saved.")
	browser.Eval[any](page, "globalThis.kept = true")
	page.Go(f.page + "/app.css")

	other := b.Open(f.page)
	other.Click("#sign-out")
	other.WaitText("You are signed out.")

	browser.Eval[any](page, "history.back()")
	page.Wait(`location.pathname === "/" && document.querySelector("#sign-in")?.hidden === false`)
	if !browser.Eval[bool](page, "globalThis.kept ?? false") {
		t.Fatal("the browser has loaded the page again, so this test shows nothing")
	}
	if got := browser.Eval[string](page, `document.querySelector("#text").value`); got != "" {
		t.Errorf("got the draft %q, want none", got)
	}
}

func TestFrontendOfAnotherSiteWithLax(t *testing.T) {
	f := newFrontend(t, otherHost, humasess.CookieOptions{})
	b := browser.New(t)
	page := b.Open(f.page)
	signIn(page)
	page.WaitText("your browser did not keep the cookie")
	if got := b.Cookies(); len(got) != 0 {
		t.Errorf("C7 cookies: got %+v, want none", got)
	}
	signIn(page)
	got := f.log.String()
	if strings.Count(got, "browsers drop the session cookie") != 1 {
		t.Errorf("C7 log: got %s, want one warning", got)
	}
	for _, want := range []string{"level=WARN", otherHost, apiHost, "SameSite=Lax", "Options.Cookie.SameSite"} {
		if !strings.Contains(got, want) {
			t.Errorf("C7 log: got %s, want %q in it", got, want)
		}
	}
}

// A page that the API does not allow can neither read nor write, although the browser
// sends the cookie.
func TestFrontendThatIsNotAllowed(t *testing.T) {
	for _, host := range []string{"evil.example.test", "evil.other.test"} {
		t.Run("F1 "+host, func(t *testing.T) {
			// Its log is its own: another refusal soon after would only be counted.
			f := newFrontend(t, pageHost, humasess.CookieOptions{SameSite: http.SameSiteNoneMode})
			b := browser.New(t)
			own := b.Open(f.page)
			signIn(own)
			own.Wait(`!document.querySelector("#editor").hidden`)

			origin, l := serve(t, host)
			l.set(site.NewFrontEnd(f.api))
			page := b.Open(origin)
			page.WaitText("does not allow pages of " + origin)
			// A preflight fails, so the browser does not send this request.
			if got := page.Fetch(f.api+"/draft", `{method: "PUT", credentials: "include", headers: {"Content-Type": "application/json"}, body: '{"text": "x"}'}`); got.Error == "" {
				t.Errorf("PUT: got %+v, want an error", got)
			}
			// It sends this one without a preflight.
			if got := page.Fetch(f.api+"/logout", `{method: "POST", credentials: "include", mode: "no-cors"}`); got.Type != "opaque" {
				t.Errorf("POST: got %+v, want an opaque response", got)
			}
			for _, want := range []string{"reason=cross_origin", origin, f.api[len("https://"):], "Options.TrustedOrigins"} {
				if got := f.log.String(); !strings.Contains(got, want) {
					t.Errorf("log: got %s, want %q in it", got, want)
				}
			}
			own.Go(f.page)
			own.Wait(`!document.querySelector("#editor").hidden`) // still signed in
		})
	}
}
