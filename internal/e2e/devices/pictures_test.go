package devices_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/e2e/browser"
)

var update = flag.Bool("update", false, "rewrite the pictures in docs/images")

// TestPictures shows the page on every screen, and keeps pictures of it if
// asked to. The pictures are for people. They are not compared, because
// browsers draw text differently in each version.
func TestPictures(t *testing.T) {
	r := newRig(t, 0)
	const day = 24 * time.Hour
	for _, d := range []struct {
		agent         string
		began, active time.Duration
	}{{ipad, 21 * day, 9 * day}, {edge, 12 * day, 2 * day}, {iphone, 5 * day, 3 * time.Hour}} {
		r.clock.set(-d.began)
		c := r.device(d.agent, true)
		for at := d.began; at >= d.active; at -= min(2*day, max(at-d.active, 1)) {
			r.clock.set(-at)
			c.Do(http.MethodGet, "/api/sessions", nil)
		}
	}
	r.clock.set(0)
	page := r.open(firefox)
	desktop, phone := browser.Screen{Width: 1120, Height: 800}, browser.Screen{Width: 390, Height: 844, Scale: 1.5, Mobile: true}
	keep := func(name string, s browser.Screen) {
		page.Show(s)
		if !*update {
			return
		}
		file := filepath.Join("..", "..", "..", "docs", "images", name+".png")
		if err := os.WriteFile(file, page.Screenshot(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dark := func(s browser.Screen) browser.Screen { s.Dark = true; return s }
	keep("sign-in-phone", phone)
	page.Type("#name", "ada")
	page.Type("#password", "engine")
	page.Click("#sign-in .primary")
	page.Wait(onDevices)
	keep("devices-desktop", desktop)
	keep("devices-desktop-dark", dark(desktop))
	keep("devices-phone", phone)
	keep("devices-phone-dark", dark(phone))
	r.clock.set(10 * time.Minute)
	page.Click("#others")
	page.Wait("document.querySelector('#confirm').open")
	keep("step-up-phone", phone)
}
