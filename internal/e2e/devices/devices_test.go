package devices_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/e2e/browser"
)

const elsewhere = "You are signed out: this session has ended"

// cards returns the devices that a page shows, with a star at "This device".
func cards(p *browser.Page) string {
	return strings.Join(browser.Eval[[]string](p, `[...document.querySelectorAll(".card")].map(card =>
		card.querySelector(".label").textContent + (card.querySelector(".badge").checkVisibility() ? "*" : ""))`), ", ")
}

func wantCards(t *testing.T, p *browser.Page, want string) {
	t.Helper()
	p.Wait(fmt.Sprintf("document.querySelectorAll('.card').length === %d", strings.Count(want, ",")+1))
	if got := cards(p); got != want {
		t.Errorf("devices: got %q, want %q", got, want)
	}
}

// wantForm waits until a page shows the form, with the reason.
func wantForm(t *testing.T, p *browser.Page, why string) {
	t.Helper()
	p.Wait(onForm)
	p.WaitText(why)
	if got := browser.Eval[string](p, "document.body.innerText"); strings.Contains(got, "Firefox") || strings.Contains(got, "Ada") {
		t.Errorf("got %q, want nothing of the user before", got)
	}
}

// revoke clicks on "Sign out" of a device.
func revoke(p *browser.Page, label string) {
	p.Wait("!document.querySelector('[aria-busy]')") // the page does one thing at a time, and a dialog tells late that it was closed
	p.Click(`.card button[aria-label="Sign out ` + label + `"]`)
}

func TestTwoBrowsers(t *testing.T) {
	r := newRig(t, 0)
	laptop, phone := r.signedIn(firefox), r.signedIn(iphone)
	laptop.Go(r.origin)
	laptop.Wait(onDevices)
	t.Run("R5 each sees both, and which is which", func(t *testing.T) {
		wantCards(t, laptop, "Firefox on Linux*, Safari on iPhone")
		wantCards(t, phone, "Safari on iPhone*, Firefox on Linux")
	})
	t.Run("R5 one signs the other out, whose page notices", func(t *testing.T) {
		revoke(laptop, "Safari on iPhone")
		laptop.WaitText("Safari on iPhone is signed out.")
		wantCards(t, laptop, "Firefox on Linux*")
		wantForm(t, phone, elsewhere)
	})
	t.Run("R3 all others", func(t *testing.T) {
		phone.Type("#name", "ada")
		phone.Type("#password", "engine")
		phone.Click("#sign-in .primary")
		phone.Wait(onDevices)
		tablet := r.signedIn(ipad)
		tablet.Click("#others")
		tablet.WaitText("2 other devices are signed out.")
		wantCards(t, tablet, "Safari on iPad*")
		wantForm(t, laptop, elsewhere)
		wantForm(t, phone, elsewhere)
	})
}

func TestEverywhere(t *testing.T) {
	r := newRig(t, 0)
	laptop, phone := r.signedIn(firefox), r.signedIn(iphone)
	t.Run("R2 both pages land on the form", func(t *testing.T) {
		laptop.Click("#everywhere")
		wantForm(t, laptop, "You are signed out everywhere.")
		wantForm(t, phone, elsewhere)
	})
	t.Run("R1 going back shows nothing of it", func(t *testing.T) {
		laptop.Go(r.origin + "/icon.svg")
		browser.Eval[bool](laptop, "(history.back(), true)")
		laptop.Wait(onForm)
		wantForm(t, laptop, "")
	})
}

func TestSignOut(t *testing.T) {
	r := newRig(t, 0)
	laptop, phone := r.signedIn(firefox), r.signedIn(iphone)
	t.Run("R1 here, and only here", func(t *testing.T) {
		laptop.Click("#sign-out")
		wantForm(t, laptop, "You are signed out.")
		phone.Go(r.origin)
		phone.Wait(onDevices)
		wantCards(t, phone, "Safari on iPhone*")
	})
}

// TestLive shows that the server notifies a page, which does not poll.
func TestLive(t *testing.T) {
	r := newRig(t, 0)
	phone := r.signedIn(iphone)
	for i := 0; r.asked("GET /api/session/events") == 0; i++ {
		if i == 6000 {
			t.Fatal("got no stream within a minute")
		}
		time.Sleep(10 * time.Millisecond) // of the browser's
	}
	before := r.asked("GET /api/session")
	t.Run("R1 one stream, one event, one look", func(t *testing.T) {
		c := r.device(firefox, false)
		if w := c.Do("POST", "/api/sessions/revoke-others", nil); w.Code != 200 {
			t.Fatalf("revoke others: got %d %s, want 200", w.Code, w.Body)
		}
		wantForm(t, phone, elsewhere)
		if streams, looks := r.asked("GET /api/session/events"), r.asked("GET /api/session")-before; streams != 1 || looks != 1 {
			t.Errorf("got %d streams and %d looks, want one of each", streams, looks)
		}
	})
}

func TestExpiry(t *testing.T) {
	r := newRig(t, 0)
	page := r.signedIn(firefox)
	t.Run("L1 a page that is looked at again after too long lands on the form", func(t *testing.T) {
		r.clock.set(34 * time.Minute) // the idle timeout, a tenth of it, and a minute
		browser.Eval[bool](page, "document.dispatchEvent(new Event('visibilitychange'))")
		wantForm(t, page, elsewhere)
	})
}

func TestWrongPassword(t *testing.T) {
	r := newRig(t, 0)
	page := r.open(firefox)
	page.Type("#name", "ada")
	page.Type("#password", "wrong")
	page.Click("#sign-in .primary")
	page.WaitText("Name or password is wrong.")
	if got := browser.Eval[string](page, "document.activeElement.id + ' ' + document.activeElement.getAttribute('aria-invalid')"); got != "password true" {
		t.Errorf("got focus on %q, want on the password, which is wrong", got)
	}
	page.Press("engine\r") // the old text is selected
	page.Wait(onDevices)
}

func TestStepUp(t *testing.T) {
	r := newRig(t, 0)
	laptop, phone := r.signedIn(firefox), r.signedIn(iphone)
	laptop.Go(r.origin)
	laptop.Wait(onDevices)
	r.clock.set(6 * time.Minute)
	const asked, closed = "document.querySelector('#confirm').open", "!document.querySelector('#confirm').open"
	t.Run("A1 the password is asked for again", func(t *testing.T) {
		revoke(laptop, "Safari on iPhone")
		laptop.Wait(asked)
		laptop.WaitText("Enter your password to sign out Safari on iPhone.")
	})
	t.Run("A1 cancelling changes nothing, and returns to the page", func(t *testing.T) {
		laptop.Press("\u001b")
		laptop.Wait(closed)
		wantCards(t, laptop, "Firefox on Linux*, Safari on iPhone")
		laptop.Wait(`document.activeElement.getAttribute("aria-label") === "Sign out Safari on iPhone"`)
	})
	t.Run("A1 a wrong one is refused", func(t *testing.T) {
		revoke(laptop, "Safari on iPhone")
		laptop.Wait(asked)
		laptop.Type("#confirm-password", "wrong\r")
		laptop.WaitText("That is not your password.")
		phone.Go(r.origin)
		phone.Wait(onDevices)
	})
	t.Run("A1 with the right one it goes on, and does not ask again", func(t *testing.T) {
		laptop.Press("engine\r") // the old text is selected
		laptop.Wait(closed)
		laptop.WaitText("Safari on iPhone is signed out.")
		wantForm(t, phone, elsewhere)
		laptop.Click("#everywhere")
		wantForm(t, laptop, "You are signed out everywhere.")
	})
	t.Run("A1 signing oneself out never asks", func(t *testing.T) {
		tablet := r.signedIn(ipad)
		r.clock.set(13 * time.Minute)
		tablet.Click("#sign-out")
		wantForm(t, tablet, "You are signed out.")
	})
}

func TestLimit(t *testing.T) {
	r := newRig(t, 2)
	first, second := r.signedIn(firefox), r.signedIn(iphone)
	third := r.signedIn(ipad)
	t.Run("R6 the oldest gives way, and its page notices", func(t *testing.T) {
		wantForm(t, first, elsewhere)
		wantCards(t, third, "Safari on iPad*, Safari on iPhone")
		second.Go(r.origin)
		second.Wait(onDevices)
	})
}

func TestRemember(t *testing.T) {
	r := newRig(t, 0)
	for _, tt := range []struct {
		remember bool
		want     time.Duration
	}{{false, 0}, {true, 29 * 24 * time.Hour}} {
		t.Run(fmt.Sprintf("C12 %v", tt.remember), func(t *testing.T) {
			b := browser.New(t)
			page := b.Open(r.origin)
			page.Type("#name", "ada")
			page.Type("#password", "engine")
			if tt.remember {
				page.Click("#remember")
			}
			page.Click("#sign-in .primary")
			page.Wait(onDevices)
			cookies := b.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("got %d cookies, want 1", len(cookies))
			}
			c := cookies[0]
			if c.Name != "__Host-devices" || !c.HTTPOnly || !c.Secure {
				t.Errorf("got %+v, want __Host-devices, and nothing for scripts", c)
			}
			if left := time.Until(time.Unix(int64(c.Expires), 0)); c.Session != !tt.remember || left < tt.want && tt.remember {
				t.Errorf("got a cookie of the browser's session: %v, for %v", c.Session, left)
			}
		})
	}
}

func TestPageKeepsToItself(t *testing.T) {
	r := newRig(t, 0)
	page := r.signedIn(firefox)
	if got := browser.Eval[string](page, "location.href"); got != r.origin+"/" {
		t.Errorf("got address %q, want nothing in it", got)
	}
	for _, address := range browser.Eval[[]string](page, "performance.getEntriesByType('resource').map(e => e.name)") {
		if !strings.HasPrefix(address, r.origin+"/") {
			t.Errorf("got %s loaded, want nothing from elsewhere", address)
		}
	}
	if got := browser.Eval[string](page, "document.cookie + JSON.stringify([{...localStorage}, {...sessionStorage}])"); got != "[{},{}]" {
		t.Errorf("got %s kept in the page, want nothing", got)
	}
	t.Run("its policy lets no script in", func(t *testing.T) {
		got := browser.Eval[string](page, `new Promise(done => {
			document.addEventListener("securitypolicyviolation", e => done(e.effectiveDirective), {once: true});
			const script = document.createElement("script");
			try { script.textContent = "document.title = 'evil'"; } catch { return done("require-trusted-types-for"); }
			document.body.append(script);
			setTimeout(() => done("none"), 2000);
		})`)
		if !strings.HasPrefix(got, "script-src") && got != "require-trusted-types-for" {
			t.Errorf("got violation %q, want one of the script", got)
		}
	})
}
