package devices_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/examples/devices/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

// These are the User-Agents of devices.
const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"
	ipad    = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
	edge    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)

// clock is the server's clock. It runs with the browser's clock, which the page
// uses to show ages, and can differ from it.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// set makes the clock that much earlier or later than the browser's.
func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

// rig is the application on https.
type rig struct {
	t      *testing.T
	clock  *clock
	app    *site.Site
	origin string

	mu   sync.Mutex
	asks map[string]int // requests, by method and path
}

func newRig(t *testing.T, maxDevices int) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{}, asks: map[string]int{}}
	var err error
	r.app, err = site.New(memory.New(nil), &site.Options{Now: r.clock.now, MaxDevices: maxDevices})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.origin = browser.Serve(t, "devices.example.test", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asks[req.Method+" "+req.URL.Path]++
		r.mu.Unlock()
		r.app.ServeHTTP(w, req)
	}))
	return r
}

// asked returns how often browsers have made a request.
func (r *rig) asked(label string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asks[label]
}

// device signs in without a browser.
func (r *rig) device(agent string, remember bool) *humasesstest.Client {
	r.t.Helper()
	c := humasesstest.NewClient(r.app)
	w := c.Do(http.MethodPost, "/api/login", map[string]any{"name": "ada", "password": "engine", "remember": remember},
		func(req *http.Request) { req.Header.Set("User-Agent", agent) })
	if w.Code != http.StatusNoContent {
		r.t.Fatalf("login: got %d %s, want 204", w.Code, w.Body)
	}
	return c
}

// open shows the form in a new browser with this User-Agent.
func (r *rig) open(agent string) *browser.Page {
	r.t.Helper()
	page := browser.New(r.t).Tab()
	page.CallItself(agent)
	page.Go(r.origin)
	page.Wait(onForm)
	return page
}

// signedIn opens a browser and fills in the form.
func (r *rig) signedIn(agent string) *browser.Page {
	r.t.Helper()
	page := r.open(agent)
	page.Type("#name", "ada")
	page.Type("#password", "engine")
	page.Click("#sign-in .primary")
	page.Wait(onDevices)
	return page
}

// These JavaScript expressions tell which part of the application a page shows.
const (
	onForm    = "document.querySelector('#sign-in')?.checkVisibility()"
	onDevices = "document.querySelector('#devices')?.checkVisibility() && document.querySelector('.card')"
)
