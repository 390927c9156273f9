package site_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/humasess/sessions/examples/apps/pages/site"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const itemID = `name="id" value="([^"]+)"`

func TestSignIn(t *testing.T) {
	_, v := newSite(t)
	to := v.next(v.get("/list?sort=a%26b"))
	if want := "/login?return_to=%2Flist%3Fsort%3Da%2526b"; to != want {
		t.Fatalf("got %q, want %q", to, want)
	}
	form := v.get(to)
	form.want(t, 200, "the page that you asked for")
	action := strings.ReplaceAll(form.field(t, `class="card" method="post" action="([^"]+)"`), "&amp;", "&")
	wrong := v.post(action, "name", "Ada", "password", "<wrong>")
	wrong.want(t, 422, "The name or the password is wrong.", `value="ada"`, "!&lt;wrong")
	action = strings.ReplaceAll(wrong.field(t, `class="card" method="post" action="([^"]+)"`), "&amp;", "&")
	to = v.next(v.post(action, "name", "ada", "password", "engine"))
	if !strings.HasPrefix(to, "/list?notice=") || !strings.HasSuffix(to, "&sort=a%26b") {
		t.Fatalf("got %q, want the page that was asked for", to)
	}
	v.get(to).want(t, 200, "Welcome, Ada Lovelace.", "Nothing to buy")
	v.get(to).want(t, 200, "!Welcome")
	if to := v.next(v.get("/login?return_to=/list")); to != "/list" {
		t.Errorf("signed in already: got %q, want the page", to)
	}
}

func TestSignOut(t *testing.T) {
	_, v := newSite(t)
	v.get(v.login("ada", "engine")).want(t, 200, "Sign out", "Open your list")
	for range 2 { // the second is a double click
		to := v.next(v.post("/logout"))
		v.get(to).want(t, 200, "You are signed out.", "!Ada")
		v.get(to).want(t, 200, "!You are signed out.")
	}
	v.next(v.get("/list"))
}

// TestNoticeOfTab has two tabs that answer in the other order.
func TestNoticeOfTab(t *testing.T) {
	_, v := newSite(t)
	v.get(v.login("ada", "engine"))
	milk := v.next(v.post("/list", "id", "1", "text", "Milk"))
	bread := v.next(v.post("/list", "id", "2", "text", "Bread"))
	v.get("/list").want(t, 200, "!on the list.")
	v.get(bread).want(t, 200, "“Bread” is on the list.", "!“Milk”")
	v.get(milk).want(t, 200, "“Milk” is on the list.", "!“Bread”")
}

// TestNoticeOnce loads one page twice at once: neither request writes before both have
// read the notice.
func TestNoticeOnce(t *testing.T) {
	store, v := newSite(t)
	to := v.login("ada", "engine")
	var readers sync.WaitGroup
	readers.Add(2)
	var writes atomic.Int32
	store.Before(humasesstest.OpUpdate, func(context.Context) error {
		if writes.Add(1) <= 2 {
			readers.Done()
		}
		readers.Wait()
		return nil
	})
	var both sync.WaitGroup
	answers := make([]answer, 2)
	for i := range answers {
		both.Go(func() { answers[i] = v.get(to) })
	}
	both.Wait()
	shown := 0
	for _, a := range answers {
		a.want(t, 200)
		shown += strings.Count(a.body, "Welcome")
	}
	if shown != 1 {
		t.Errorf("got the notice %d times, want 1", shown)
	}
}

func TestList(t *testing.T) {
	_, v := newSite(t)
	v.login("ada", "engine")
	id := v.get("/list").field(t, itemID)
	for range 2 { // the second is a double click
		v.next(v.post("/list", "id", id, "text", " <b>Milk</b>  and  more "))
	}
	page := v.get("/list")
	page.want(t, 200, "1 item to buy", "<span>&lt;b&gt;Milk&lt;/b&gt; and more</span>")
	v.next(v.post("/list", "id", page.field(t, itemID), "text", "Bread"))
	v.get("/list").want(t, 200, "2 items to buy")
	v.post("/list", "id", "3", "text", strings.Repeat("a", 61)).want(t, 422, "1 to 60 characters", "2 items")
	v.post("/list", "text", "Tea").want(t, 400, "<h1>That did not work</h1>")
	v.next(v.post("/list/" + id))
	v.get("/list").want(t, 200, "1 item to buy", "!Milk")
	v.get(v.next(v.post("/list/"+id))).want(t, 200, "off the list already")

	v.next(v.post("/logout"))
	v.login("grace", "compiler")
	v.get("/list").want(t, 200, "Nothing to buy", "!Bread")
}

func TestHTMX(t *testing.T) {
	_, v := newSite(t)
	v.login("ada", "engine")
	htmx := func(method, path string, pairs ...string) answer {
		form := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			form[pairs[i]] = pairs[i+1 : i+2]
		}
		return v.ask(method, path, form, "HX-Request", "true", "Sec-Fetch-Mode", "same-origin", "HX-Current-URL", v.origin+"/list?x=1")
	}
	htmx("POST", "/list", "id", "7", "text", "Milk").want(t, 200, `<section id="list"`, "“Milk” is on the list.", "!<html")
	htmx("POST", "/list", "id", "8", "text", "").want(t, 422, `aria-invalid="true"`, "1 item to buy", "!<html")
	htmx("DELETE", "/list/7").want(t, 200, "Nothing to buy", "“Milk” is off the list.", "!<html")
	v.next(v.post("/logout"))
	ended := htmx("POST", "/list", "id", "9", "text", "Tea")
	ended.want(t, 401, "!<html")
	if got, want := ended.header.Get("Hx-Redirect"), "/login?return_to=%2Flist%3Fx%3D1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestErrorPages(t *testing.T) {
	_, v := newSite(t)
	const foreign = "cross-site"
	v.post("/list", "id", "1", "text", "Milk").want(t, 401, "<h1>You are signed out</h1>", `href="/login?return_to=%2Flist"`, "!>Sign out<")
	v.get("/nope").want(t, 404, "<h1>Not found</h1>", `href="/login"`)
	v.login("ada", "engine")
	v.get("/nope").want(t, 404, "<h1>Not found</h1>", "Ada Lovelace")
	v.ask("PUT", "/list", nil).want(t, 405, "<h1>That did not work</h1>")
	v.get("/totals").want(t, 403, "<h1>Not for you</h1>", "!Items", `!href="/login"`)
	v.ask("POST", "/list", map[string][]string{"id": {"1"}, "text": {"Milk"}}, "Sec-Fetch-Site", foreign).
		want(t, 403, "<h1>Refused</h1>", "Another site")
	v.get("/list").want(t, 200, "Nothing to buy")
	v.login("grace", "compiler")
	v.get("/totals").want(t, 200, `<th scope="row">Ada Lovelace</th><td>0</td>`)
}

func TestStoreDown(t *testing.T) {
	store, v := newSite(t)
	v.login("ada", "engine")
	down := func(context.Context) error { return errors.New("connection refused") }
	want := func(a answer) {
		t.Helper()
		a.want(t, 503, "Back in a moment", "We cannot reach our data", "!connection refused")
		if a.header.Get("Retry-After") == "" || a.header.Values("Set-Cookie") != nil {
			t.Errorf("got %v, want Retry-After and no cookie", a.header)
		}
	}
	store.Before(humasesstest.OpLoad, down)
	want(v.get("/list"))
	want(v.post("/logout"))
	v.get("/list").want(t, 503, `href="/list">Try again`)
	v.get("/static/app.css").want(t, 200)
	store.Before(humasesstest.OpLoad, nil)
	v.get("/list").want(t, 200, "Ada Lovelace")
	store.Before(humasesstest.OpCreate, down)
	a := v.post("/login", "name", "grace", "password", "compiler")
	want(a)
	store.Before(humasesstest.OpCreate, nil)
	v.get("/list").want(t, 200, "Ada Lovelace")
}

// TestNoticeNotKept has a store that fails when the first session of the request has been
// written, so that the second one fails.
func TestNoticeNotKept(t *testing.T) {
	for successes := range 2 {
		store, v := newSite(t)
		created := 0
		store.Before(humasesstest.OpCreate, func(context.Context) error {
			if created++; created > successes {
				return errors.New("connection refused")
			}
			return nil
		})
		v.post("/login", "name", "ada", "password", "engine").want(t, 503, "Back in a moment")
		users, err := humasess.New(store, &humasess.Options[site.User]{Identity: func(u site.User) string { return u.ID }})
		if err != nil {
			t.Fatal(err)
		}
		if all, err := users.List(t.Context(), "ada"); err != nil || len(all) != 0 {
			t.Errorf("%d written: got the sessions %v, %v, want none", successes, all, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	_, v := newSite(t)
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/login": "text/html; charset=utf-8", "/nope": "text/html; charset=utf-8",
		"/static/htmx.min.js": "text/javascript; charset=utf-8", "/static/app.css": "text/css; charset=utf-8", "/static/icon.svg": "image/svg+xml",
	} {
		a := v.get(path)
		policy := a.header.Get("Content-Security-Policy")
		if a.header.Get("Content-Type") != kind || !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: got %v, want %s under a strict policy", path, a.header, kind)
		}
		if a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: got a cookie for a visitor, want none", path)
		}
		if cache := a.header.Get("Cache-Control"); strings.HasPrefix(kind, "text/html") && cache != "no-store" {
			t.Errorf("%s: got Cache-Control %q, want no-store", path, cache)
		}
		if tag := a.header.Get("ETag"); tag != "" {
			v.ask("GET", path, nil, "If-None-Match", tag).want(t, http.StatusNotModified)
		}
	}
	v.get("/static/none").want(t, 404)
}
