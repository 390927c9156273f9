package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// sameSiteNone lets every page send the cookie, so that only our check refuses.
var sameSiteNone = humasess.CookieOptions{SameSite: http.SameSiteNoneMode}

// attack is a page that makes the browser send a request with its cookie. APP
// stands for the app's origin.
type attack struct {
	name, html string
	act        func(*browser.Page)
}

// click is for attacks that need a user; noClick is for the others.
func click(p *browser.Page) { p.Click("button") }

func noClick(*browser.Page) {}

// script runs JavaScript in the page, and awaits its result.
func script(js string) func(*browser.Page) {
	return func(p *browser.Page) {
		browser.Eval[string](p, fmt.Sprintf("(async () => String(await (%s)))().catch(String)", strings.ReplaceAll(js, "APP", "document.links[0].origin+'")))
	}
}

// payments try POST /pay. Only the cookie's SameSite keeps a browser from
// sending these requests with the cookie.
var payments = []attack{
	{"form", `<form method=post action=APP/pay><button>win</button></form>`, click},
	{"form of text", `<form method=post action=APP/pay enctype=text/plain><input name=a value=b><button>win</button></form>`, click},
	{"form in a frame", `<form method=post action=APP/pay target=hidden><button>win</button></form><iframe name=hidden></iframe>`, click},
	{"form that sends itself", `<form method=post action=APP/pay></form><script>document.forms[0].submit()</script>`, noClick},
	{"fetch", ``, script(`fetch(APP/pay', {method: 'POST', credentials: 'include'})`)},
	{"fetch that may not read", ``, script(`fetch(APP/pay', {method: 'POST', credentials: 'include', mode: 'no-cors'})`)},
	{"beacon", ``, script(`navigator.sendBeacon(APP/pay')`)},
}

// opaque is another attack. Its page has no origin, so it is of another site in
// any case.
var opaque = attack{"form of a sandbox", `<iframe sandbox="allow-scripts allow-forms" srcdoc="
	<form method=post action=APP/pay></form><script>document.forms[0].submit()</script>"></iframe>`, noClick}

// attacks serves the pages, each under its number, and returns their origin.
func (a *app) attacks(host string, all []attack) (origin string) {
	a.t.Helper()
	return browser.Serve(a.t, host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		if err != nil || i >= len(all) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, strings.ReplaceAll("<!doctype html><a href=APP>app</a>"+all[i].html, "APP", a.origin))
	}))
}

// each opens the pages of a host, one after another, and lets them act. It
// calls done with the number of requests there must have been. Pages without a
// text of their own are one page.
func (a *app) each(b *browser.Browser, host string, all []attack, done func(name string, n int)) {
	a.t.Helper()
	origin := a.attacks(host, all)
	var blank *browser.Page
	for i, attack := range all {
		page := blank
		if attack.html != "" || blank == nil {
			page = b.Open(fmt.Sprintf("%s/%d", origin, i))
		}
		if attack.html == "" {
			blank = page
		}
		attack.act(page)
		done(attack.name, i+1)
	}
}

// wantArrived requires that the n-th request came from a page of another site
// or origin, with the session's cookie. It returns the status of the answer.
func (a *app) wantArrived(label, method, path string, n int, site string) (status int) {
	a.t.Helper()
	got := a.answered(method, path, n)
	if got.site != site || !strings.Contains(got.cookie, cookieName+"=") {
		a.t.Fatalf("%s: came with Sec-Fetch-Site %q, Cookie %q, want %q and the session's", label, got.site, got.cookie, site)
	}
	return got.status
}

// wantRefused is wantArrived for a request that our check must refuse.
func (a *app) wantRefused(label, method, path string, n int, site string) {
	a.t.Helper()
	if got := a.wantArrived(label, method, path, n, site); got != http.StatusForbidden {
		a.t.Errorf("%s: got %d, want 403", label, got)
	}
}

func TestCrossSite(t *testing.T) {
	for _, tt := range []struct {
		name, host, site string
		cookie           humasess.CookieOptions
		attacks          []attack
	}{
		{"F1 cross-site", evilHost, "cross-site", sameSiteNone, append([]attack{opaque}, payments...)},
		{"F1 same-site", siblingHost, "same-site", humasess.CookieOptions{}, payments}, // Lax does not help there
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: tt.cookie})
			b := browser.New(t)
			page := a.login(b)
			a.each(b, tt.host, tt.attacks, func(name string, n int) {
				a.wantRefused(name, http.MethodPost, "/pay", n, tt.site)
			})
			a.wantUser(page, "ada", 0)
			if got, want := a.count(events.Refused), len(tt.attacks); got != want {
				t.Errorf("events of refusal: got %d, want %d", got, want)
			}
			if got := page.Fetch("/pay", `{method: "POST"}`); got.Status != http.StatusNoContent {
				t.Errorf("a page of the app: got %+v, want 204", got)
			}
			a.wantUser(page, "ada", 1)
		})
	}
}

func TestCrossSiteAllowed(t *testing.T) {
	t.Run("F4 a trusted origin", func(t *testing.T) {
		partner := &late{}
		origin := browser.Serve(t, evilHost, partner)
		a := newApp(t, humasess.Options[user]{Cookie: sameSiteNone, TrustedOrigins: []string{origin}})
		partner.html = `<form method=post action=` + a.origin + `/pay><button>pay</button></form>`
		b := browser.New(t)
		page := a.login(b)
		b.Open(origin).Click("button")
		if got := a.wantArrived("form", http.MethodPost, "/pay", 1, "cross-site"); got != http.StatusNoContent {
			t.Errorf("form: got %d, want 204", got)
		}
		a.wantUser(page, "ada", 1)
	})
	t.Run("F4 an operation that is exempt", func(t *testing.T) {
		a := newApp(t, humasess.Options[user]{Cookie: sameSiteNone})
		b := browser.New(t)
		page := a.login(b)
		a.each(b, evilHost, []attack{{"form", `<form method=post action=APP/callback><button>back</button></form>`, click}}, func(name string, n int) {
			if got := a.wantArrived(name, http.MethodPost, "/callback", n, "cross-site"); got != http.StatusNoContent {
				t.Errorf("%s: got %d, want 204", name, got)
			}
		})
		a.wantUser(page, "ada", 1)
	})
}

// late is a page whose text is set after its address is known.
type late struct{ html string }

func (l *late) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, l.html)
}

// TestLoginOfOthers signs a browser in to the attacker's account, so that its
// user enters data there.
func TestLoginOfOthers(t *testing.T) {
	forced := []attack{
		{"form", `<form method=post action="APP/login?name=mallory"><button>win</button></form>`, click},
		{"form in a frame", `<form method=post action="APP/login?name=mallory" target=hidden><button>win</button></form><iframe name=hidden></iframe>`, click},
		{"fetch", ``, script(`fetch(APP/login?name=mallory', {method: 'POST', credentials: 'include', mode: 'no-cors'})`)},
	}
	for _, host := range []string{evilHost, siblingHost} {
		t.Run("F7 a login from "+host, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: sameSiteNone})
			b := browser.New(t)
			a.each(b, host, forced, func(name string, n int) {
				if got := a.answered(http.MethodPost, "/login", n); got.status != http.StatusForbidden {
					t.Errorf("%s: got %d, want 403", name, got.status)
				}
				if got := b.Cookies(); len(got) != 0 {
					t.Errorf("%s: got cookies %+v, want none", name, got)
				}
			})
			page := a.login(b)
			a.each(b, host, forced[:1], func(string, int) { a.wantUser(page, "ada", 0) })
		})
	}
}
