package apps_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	pages "github.com/humasess/sessions/examples/apps/pages/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

// pagesRig is the application on https.
type pagesRig struct {
	t      *testing.T
	store  *humasesstest.Store
	origin string

	mu     sync.Mutex
	change sync.Cond      // of asked
	asked  map[string]int // answered requests by method and path
	holds  map[string]func()
}

func newPagesRig(t *testing.T) *pagesRig {
	t.Helper()
	r := &pagesRig{t: t, store: humasesstest.Wrap(memory.New(nil)), asked: map[string]int{}, holds: map[string]func(){}}
	r.change.L = &r.mu
	app, err := pages.New(r.store, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.origin = browser.Serve(t, "pages.example.test", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		label := req.Method + " " + req.URL.Path
		r.mu.Lock()
		wait := r.holds[label]
		delete(r.holds, label)
		r.mu.Unlock()
		app.ServeHTTP(w, req)
		if wait != nil {
			wait()
		}
		r.mu.Lock()
		r.asked[label]++
		r.change.Broadcast()
		r.mu.Unlock()
	}))
	return r
}

// hold keeps the next answer to a request. done is closed when the application has acted
// on the request, and release lets the answer go.
func (r *pagesRig) hold(label string) (done <-chan struct{}, release func()) {
	waits, leave := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(leave) })
	r.t.Cleanup(release)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds[label] = func() { close(waits); <-leave }
	return waits, release
}

// wait waits until the application has answered a request that often.
func (r *pagesRig) wait(label string, times int) {
	r.t.Helper()
	end := time.Now().Add(time.Minute)
	overdue := time.AfterFunc(time.Minute, r.change.Broadcast)
	defer overdue.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.asked[label] < times; r.change.Wait() {
		if time.Now().After(end) {
			r.t.Fatalf("%s: got %d answers, want %d", label, r.asked[label], times)
		}
	}
}

// answered returns how often the application has answered a request.
func (r *pagesRig) answered(label string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[label]
}

// signIn fills in the form that the page shows, as ada.
func (r *pagesRig) signIn(page *browser.Page, password string) {
	r.t.Helper()
	page.Wait("document.readyState == 'complete' && document.querySelector('#password')")
	if browser.Eval[string](page, "document.querySelector('#name').value") == "" {
		page.Type("#name", "ada")
	}
	page.Type("#password", password+"\r")
}

// signedIn opens a browser in which ada sees the list.
func (r *pagesRig) signedIn() (*browser.Browser, *browser.Page) {
	r.t.Helper()
	b := browser.New(r.t)
	page := b.Open(r.origin + "/list")
	r.signIn(page, "engine")
	page.WaitText("Welcome, Ada Lovelace.")
	return b, page
}

// pagesItems is JavaScript for the items on the list page.
const pagesItems = `[...document.querySelectorAll(".items span")].map(e => e.innerText).join()`

// pagesViolations is JavaScript for how often the page has violated its policy.
const pagesViolations = `(o => (o.observe(), o.takeRecords().length))(
	new ReportingObserver(() => {}, {types: ["csp-violation"], buffered: true}))`
