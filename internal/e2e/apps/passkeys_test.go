package apps_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/examples/apps/passkeys/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

// passkeys is the application on https.
type passkeys struct {
	t      *testing.T
	clock  *humasesstest.Clock
	origin string

	mu    sync.Mutex
	asks  map[string]int
	holds map[string]func() // called once
}

// asked returns how often browsers have sent a request to a path.
func (p *passkeys) asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asks[path]
}

// hold makes the next request to a path wait before it reaches the application. arrived
// is closed when it waits, and release ends the wait.
func (p *passkeys) hold(path string) (arrived <-chan struct{}, release func()) {
	waits, leave := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(leave) })
	p.t.Cleanup(release)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds[path] = func() { close(waits); <-leave }
	return waits, release
}

// arrive counts a request, and waits if it is held.
func (p *passkeys) arrive(path string) {
	p.mu.Lock()
	p.asks[path]++
	wait := p.holds[path]
	delete(p.holds, path)
	p.mu.Unlock()
	if wait != nil {
		wait()
	}
}

func newPasskeys(t *testing.T) *passkeys {
	t.Helper()
	p := &passkeys{t: t, clock: humasesstest.NewClock(), asks: map[string]int{}, holds: map[string]func(){}}
	var app *site.Site // which needs the origin
	p.origin = browser.Serve(t, "passkeys.example.test", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.arrive(r.URL.Path)
		app.ServeHTTP(w, r)
	}))
	var err error
	app, err = site.New(memory.New(nil), p.origin, &site.Options{Now: p.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// registered opens a browser and creates an account with an authenticator.
func (p *passkeys) registered(verifies bool) (*browser.Browser, *browser.Page, *browser.Authenticator) {
	p.t.Helper()
	b := browser.New(p.t)
	page := b.Tab()
	device := page.Authenticator(verifies)
	page.Go(p.origin)
	page.Type("#name", "Ada Lovelace\r")
	page.WaitText("Hello, Ada Lovelace")
	return b, page, device
}

// later lets so much time pass that the latest use of a passkey does not count any more.
func (p *passkeys) later() { p.clock.Advance(6 * time.Minute) }

func TestPasskeys(t *testing.T) {
	p := newPasskeys(t)
	b, page, device := p.registered(true)
	page.WaitText("PIN, finger or face")
	if got := device.Passkeys(); got != 1 {
		t.Errorf("passkeys: got %d, want 1", got)
	}
	page.Click("#sign-out")
	page.WaitText("You are signed out.")
	page.Click("#sign-in")
	page.WaitText("Hello, Ada Lovelace")
	page.Go(p.origin) // the session is in the cookie
	page.WaitText("Hello, Ada Lovelace")
	for _, c := range b.Cookies() {
		if c.Name != "__Host-passkeys" || !c.HTTPOnly || !c.Secure {
			t.Errorf("got the cookie %+v, want only __Host-passkeys, HttpOnly and Secure", c)
		}
	}

	p.later()
	page.Click("#delete")
	page.WaitText("Delete your account?")
	page.Click("#really-delete")
	page.WaitText("Your account is deleted.")
	if got := p.asked("/api/step-up/finish"); got != 1 {
		t.Errorf("step-ups: got %d, want 1", got)
	}
	page.Click("#sign-in")
	page.WaitText("This passkey was not accepted.")
}

// TestPasskeyAtOnce shows that a passkey that has just signed in needs no step-up.
func TestPasskeyAtOnce(t *testing.T) {
	_, page, device := newPasskeys(t).registered(true)
	device.Remove()
	page.Click("#delete")
	page.Click("#really-delete")
	page.WaitText("Your account is deleted.")
}

// TestPasskeyNotUsed is about ceremonies that the user or the device gives up.
func TestPasskeyNotUsed(t *testing.T) {
	const notUsed = "No passkey was used."
	t.Run("a device that cannot verify the user", func(t *testing.T) {
		p := newPasskeys(t)
		_, page, _ := p.registered(false)
		page.WaitText("touch")
		page.Click("#delete")
		page.Click("#really-delete") // a fresh passkey, without a PIN, a finger or a face
		page.WaitText(notUsed)
		page.Click("#cancel")
		page.WaitText("Hello, Ada Lovelace")
	})
	t.Run("the wrong finger", func(t *testing.T) {
		p := newPasskeys(t)
		_, page, device := p.registered(true)
		p.later()
		device.Verify(false)
		page.Click("#delete")
		page.Click("#really-delete")
		page.WaitText(notUsed)
		device.Verify(true)
		page.Click("#really-delete") // a new challenge
		page.WaitText("Your account is deleted.")
	})
	t.Run("a device without the passkey", func(t *testing.T) {
		_, page, device := newPasskeys(t).registered(true)
		page.Click("#sign-out")
		page.WaitText("You are signed out.")
		device.Remove()
		page.Authenticator(true)
		page.Click("#sign-in")
		page.WaitText(notUsed)
	})
	t.Run("no account is made", func(t *testing.T) {
		p := newPasskeys(t)
		page := browser.New(t).Tab()
		device := page.Authenticator(true)
		device.Verify(false)
		page.Go(p.origin)
		page.Type("#name", "Ada Lovelace\r")
		page.WaitText(notUsed)
		if got := page.Fetch("/api/session", "{}"); got.Status != http.StatusUnauthorized {
			t.Errorf("got %+v, want 401", got)
		}
	})
}

// TestPasskeyTabs opens a second tab of the same browser.
func TestPasskeyTabs(t *testing.T) {
	p := newPasskeys(t)
	b, first, device := p.registered(true)
	second := b.Open(p.origin)
	second.WaitText("Hello, Ada Lovelace")
	device.CopyTo(second.Authenticator(true))

	first.Click("#sign-out")
	first.WaitText("You are signed out.")
	second.WaitText("You are signed out.")

	// The second tab begins a ceremony and finishes it, while the first is about to finish.
	arrived, release := p.hold("/api/sign-in/finish")
	first.Click("#sign-in")
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Fatal("the first tab sends no answer of its passkey")
	}
	second.Click("#sign-in")
	second.WaitText("Hello, Ada Lovelace")
	first.WaitText("Hello, Ada Lovelace")
	release()
	first.WaitText("another tab asked for a passkey")
	first.WaitText("Hello, Ada Lovelace")
}
