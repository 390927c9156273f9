package apps_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
)

func TestPagesSignIn(t *testing.T) {
	r := newPagesRig(t)
	b := browser.New(t)
	page := b.Open(r.origin + "/list?from=bookmark")
	page.WaitText("the page that you asked for")
	r.signIn(page, "motor")
	page.WaitText("The name or the password is wrong.")
	page.Wait("document.activeElement.id == 'password'") // browsers apply autofocus with the first frame, after the text is there
	if got := browser.Eval[string](page, "document.querySelector('#name').value"); got != "ada" {
		t.Errorf("got %q, want the name kept", got)
	}
	r.signIn(page, "engine")
	page.WaitText("Welcome, Ada Lovelace.")
	if got := browser.Eval[string](page, "location.pathname + location.search"); !strings.HasPrefix(got, "/list?from=bookmark&notice=") {
		t.Errorf("got %q, want the page that was asked for", got)
	}
	for _, c := range b.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-pages") || !c.HTTPOnly || !c.Secure {
			t.Errorf("got the cookie %+v, want a name of the application, HttpOnly and Secure", c)
		}
	}
	t.Run("the notice is shown once", func(t *testing.T) {
		browser.Eval[any](page, "globalThis.before = true, location.reload()")
		page.Wait("!globalThis.before && document.readyState == 'complete'")
		if got := page.Text("body"); strings.Contains(got, "Welcome") || !strings.Contains(got, "Nothing to buy") {
			t.Errorf("got %q, want the list without the notice", got)
		}
	})
}

// TestPagesBack goes back to a private page after the sign-out.
func TestPagesBack(t *testing.T) {
	r := newPagesRig(t)
	_, page := r.signedIn()
	page.Type("#text", "Milk\r")
	page.Wait(pagesItems + " == 'Milk'")
	browser.Eval[any](page, "globalThis.kept = true")
	page.Click(".account button")
	page.WaitText("You are signed out.")
	before := r.answered("GET /login")
	browser.Eval[any](page, "history.back()")
	page.Wait("location.pathname == '/login' && document.readyState == 'complete'")
	if got := page.Text("body"); strings.Contains(got, "Milk") || strings.Contains(got, "Ada") || browser.Eval[bool](page, "globalThis.kept ?? false") {
		t.Errorf("got %q, want nothing private", got)
	}
	if got := r.answered("GET /login") - before; got != 1 {
		t.Errorf("sign-in pages: got %d, want 1", got)
	}
}

// TestPagesTwice sends a form again before the browser has the answer to the first request.
func TestPagesTwice(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			r := newPagesRig(t)
			page := browser.New(t).Tab()
			if !scripts {
				page.DisableScripts()
			}
			twice := func(label, field, text, shown string) {
				t.Helper()
				done, release := r.hold(label)
				page.Type(field, text)
				page.Press("\r")
				<-done
				page.Press("\r")
				if scripts && label == "POST /list" {
					release() // htmx waits for the first answer
				}
				page.WaitText(shown)
				release()
				r.wait(label, 2)
			}
			page.Go(r.origin + "/login?return_to=/list")
			page.Type("#name", "ada")
			twice("POST /login", "#password", "engine", "Welcome, Ada Lovelace.")
			twice("POST /list", "#text", "Milk", "“Milk” is on the list.")
			page.Go(r.origin + "/list")
			if got := browser.Eval[string](page, pagesItems); got != "Milk" {
				t.Errorf("got %q, want one item", got)
			}
		})
	}
}

// TestPagesForeignForm has a page of another site that posts in the user's name.
func TestPagesForeignForm(t *testing.T) {
	r := newPagesRig(t)
	_, page := r.signedIn()
	foreign := browser.Serve(t, "evil.other.test", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method=post action="%s%s"><input name=id value=1><input name=text value=Spam>
			<input name=name value=grace><input name=password value=compiler><button>win</button></form>`, r.origin, req.URL.Path)
	}))
	for _, path := range []string{"/list", "/login", "/logout"} {
		page.Go(foreign + path)
		page.Click("button")
		page.WaitText("Another site sent this form in your name.")
		page.Wait("document.title == 'Refused – Shopping'")
		if got := browser.Eval[string](page, "location.origin + location.pathname"); got != r.origin+path {
			t.Errorf("got %q, want a page of the application", got)
		}
	}
	page.Go(r.origin + "/list")
	if got := page.Text("body"); !strings.Contains(got, "Nothing to buy") || !strings.Contains(got, "Ada Lovelace") {
		t.Errorf("got %q, want ada's empty list", got)
	}
}

// TestPagesHTMX changes the list in place, until the session ends in another tab.
func TestPagesHTMX(t *testing.T) {
	r := newPagesRig(t)
	b, page := r.signedIn()
	browser.Eval[any](page, "globalThis.same = true")
	before := r.answered("GET /list")
	page.Type("#text", "Milk\r")
	page.WaitText("“Milk” is on the list.")
	page.Wait("document.activeElement.id == 'text'") // for the next item
	page.Press("Bread\r")
	page.Wait(pagesItems + " == 'Milk,Bread'")
	page.Click(`.items button[aria-label="Take off Milk"]`)
	page.WaitText("“Milk” is off the list.")
	page.Wait(pagesItems + " == 'Bread' && document.activeElement.id == 'count'")
	page.Type("#text", "    \r")
	page.WaitText("Write a name of 1 to 60 characters.")
	if !browser.Eval[bool](page, "globalThis.same ?? false") || r.answered("GET /list") != before {
		t.Error("got a new page, want the same one")
	}

	if got := browser.Eval[int](page, pagesViolations); got != 0 {
		t.Errorf("got %d violations of the content security policy, want none", got)
	}

	other := b.Open(r.origin)
	other.Click(".account button")
	other.WaitText("You are signed out.")
	page.Click(`.items button[aria-label="Take off Bread"]`)
	page.Wait("location.pathname == '/login'")
	r.signIn(page, "engine")
	page.Wait("location.pathname == '/list' && " + pagesItems + " == 'Bread'")
	page.WaitText("Welcome, Ada Lovelace.")
}

func TestPagesStoreDown(t *testing.T) {
	r := newPagesRig(t)
	_, page := r.signedIn()
	page.Type("#text", "Milk\r")
	page.Wait(pagesItems + " == 'Milk'")
	r.store.Before(humasesstest.OpLoad, func(context.Context) error { return errors.New("connection refused") })
	page.Type("#text", "Bread\r")
	page.WaitText("Back in a moment.")
	if got := browser.Eval[string](page, pagesItems); got != "Milk" {
		t.Errorf("got %q, want the page as it was", got)
	}
	if got := page.Go(r.origin + "/list"); got != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got)
	}
	page.WaitText("We cannot reach our data")
	r.store.Before(humasesstest.OpLoad, nil)
	page.Click("main .primary") // Try again
	page.Wait(pagesItems + " == 'Milk'")
	page.WaitText("Ada Lovelace")
}

// TestPagesWithoutScripts uses the application with JavaScript disabled.
func TestPagesWithoutScripts(t *testing.T) {
	r := newPagesRig(t)
	page := browser.New(t).Tab()
	page.DisableScripts()
	page.Go(r.origin + "/list")
	r.signIn(page, "engine")
	page.WaitText("Welcome, Ada Lovelace.")
	page.Type("#text", "Milk\r")
	page.WaitText("“Milk” is on the list.")
	page.Type("#text", "    \r")
	page.WaitText("Write a name of 1 to 60 characters.")
	page.Click(".items button")
	page.WaitText("“Milk” is off the list.")
	page.WaitText("Nothing to buy")
	if browser.Eval[bool](page, "'htmx' in globalThis") {
		t.Error("got htmx, want no scripts")
	}
	page.Click(".account button")
	page.WaitText("You are signed out.")
	if got := page.Go(r.origin + "/totals"); got != http.StatusOK || browser.Eval[string](page, "location.pathname") != "/login" {
		t.Errorf("got %d, want the sign-in page", got)
	}
}
