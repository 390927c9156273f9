package browser_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// Ways to listen, with the result that a page gets.
const (
	openSocket = `new Promise(done => {
		const socket = new WebSocket(%q.replace("https", "wss"))
		socket.onmessage = e => { done(e.data); socket.close() }
		socket.onerror = () => done("nothing")
	})`
	openEvents = `new Promise(done => {
		const events = new EventSource(%q, {withCredentials: true})
		events.onmessage = e => { done(JSON.parse(e.data).text); events.close() }
		events.onerror = () => { done("nothing"); events.close() }
	})`
)

// TestListen opens websockets and event streams from pages of the app and of
// other sites, because the same-origin policy does not cover websockets.
func TestListen(t *testing.T) {
	for _, tt := range []struct {
		name, host, site string
		cookie           humasess.CookieOptions
	}{
		{"F11 cross-site", evilHost, "cross-site", sameSiteNone},
		{"F11 same-site", siblingHost, "same-site", humasess.CookieOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: tt.cookie})
			b := browser.New(t)
			page := a.login(b)
			foreign := b.Open(a.attacks(tt.host, []attack{{}}) + "/0")
			socket, events := fmt.Sprintf(openSocket, a.origin+"/socket"), fmt.Sprintf(openEvents, a.origin+"/events")
			for _, js := range []string{socket, events} {
				if got := browser.Eval[string](page, js); got != "private to ada" {
					t.Errorf("a page of the app: got %q, want its text", got)
				}
				if got := browser.Eval[string](foreign, js); got != "nothing" {
					t.Errorf("a page elsewhere: got %q, want nothing", got)
				}
			}
			// Chromium sends no Sec-Fetch-Site when it opens a websocket, so
			// the Origin decides. It has requested the events, and hidden them
			// from the page.
			a.wantRefused("websocket", http.MethodGet, "/socket", 2, "")
			if got := a.wantArrived("events", http.MethodGet, "/events", 2, tt.site); got != http.StatusOK {
				t.Errorf("events: got %d, want 200", got)
			}
		})
	}
}

func TestRejectCrossSiteReads(t *testing.T) {
	// tags is the number of tags on one page. They load in parallel, and
	// scripts may run.
	const tags = 5
	embedding := attack{"tag", `<img src=APP/account.js><script src=APP/account.js></script><link rel=stylesheet href=APP/account.js>
		<object data=APP/account.js></object><embed src=APP/account.js>`, noClick}
	scripts := []string{`{credentials: "include"}`, `{credentials: "include", mode: "no-cors"}`}
	for _, tt := range []struct {
		name   string
		reject bool
		want   int
		stolen string
	}{
		// Without the option the attack works, because CORS does not stop
		// scripts.
		{"as by default", false, http.StatusOK, "ada"},
		{"F10 refused", true, http.StatusForbidden, "nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: sameSiteNone, RejectCrossSiteReads: tt.reject})
			b := browser.New(t)
			page := a.login(b)
			thief := b.Open(a.attacks(evilHost, []attack{embedding}) + "/0")
			for _, options := range scripts {
				thief.Fetch(a.origin+"/account.js", options)
			}
			for n := range tags + len(scripts) {
				if got := a.wantArrived("read", http.MethodGet, "/account.js", n+1, "cross-site"); got != tt.want {
					t.Errorf("read number %d: got %d, want %d", n+1, got, tt.want)
				}
			}
			if got := browser.Eval[string](thief, "globalThis.stolen ?? 'nothing'"); got != tt.stolen {
				t.Errorf("a script elsewhere learns %q, want %q", got, tt.stolen)
			}
			if got := browser.Eval[string](thief, fmt.Sprintf(openEvents, a.origin+"/events")); got != "nothing" {
				t.Errorf("events elsewhere: got %q, want nothing", got)
			}
			if got := a.wantArrived("events", http.MethodGet, "/events", 1, "cross-site"); got != tt.want {
				t.Errorf("events elsewhere: got %d, want %d", got, tt.want)
			}
			// Links are allowed, and our own pages read everything.
			thief.Click("a")
			thief.WaitText("home")
			a.each(b, evilHost, []attack{{"link", `<button onclick="location = 'APP/account'">go</button>`, click}}, func(name string, n int) {
				if got := a.wantArrived(name, http.MethodGet, "/account", n, "cross-site"); got != http.StatusOK {
					t.Errorf("%s: got %d, want 200", name, got)
				}
			})
			if got := page.Fetch("/account.js", "{}"); got.Status != http.StatusOK {
				t.Errorf("our own page: got %+v, want 200", got)
			}
		})
	}
}
