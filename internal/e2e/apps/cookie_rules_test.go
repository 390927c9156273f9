package apps_test

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/apps/frontend/site"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/front-ends.md")

// A cookieRule is a row of the table in docs/front-ends.md. The browser decides its last
// columns.
type cookieRule struct {
	page, api string // hosts, with "http://" for plain http; api is "" for the page's own origin
	framed    bool   // the page is in a frame of another site
	blocked   bool   // the user blocks cookies of other sites
	silent    bool   // fetch without credentials: "include"
	cookie    humasess.CookieOptions
	attribute string // the cookie for readers
}

var (
	lax         = humasess.CookieOptions{}
	strict      = humasess.CookieOptions{SameSite: http.SameSiteStrictMode}
	none        = humasess.CookieOptions{SameSite: http.SameSiteNoneMode}
	partitioned = humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}
	plain       = humasess.CookieOptions{InsecureAllowHTTP: true}
)

const (
	laxText         = "`Lax`, the default"
	strictText      = "`Strict`"
	noneText        = "`None`"
	partitionedText = "`None`, `Partitioned`"
	plainText       = "`Lax`, `InsecureAllowHTTP`"
)

var cookieRules = []cookieRule{
	{page: pageHost, cookie: lax, attribute: laxText},
	{page: pageHost, cookie: strict, attribute: strictText},
	{page: pageHost, api: apiHost, cookie: lax, attribute: laxText},
	{page: pageHost, api: apiHost, cookie: strict, attribute: strictText},
	{page: pageHost, api: apiHost, cookie: lax, attribute: laxText, silent: true},
	{page: pageHost, api: apiHost, cookie: lax, attribute: laxText, blocked: true},
	{page: "http://" + pageHost, api: apiHost, cookie: lax, attribute: laxText},
	{page: otherHost, api: apiHost, cookie: lax, attribute: laxText},
	{page: otherHost, api: apiHost, cookie: strict, attribute: strictText},
	{page: otherHost, api: apiHost, cookie: none, attribute: noneText},
	{page: otherHost, api: apiHost, cookie: none, attribute: noneText, blocked: true},
	{page: otherHost, api: apiHost, cookie: partitioned, attribute: partitionedText},
	{page: otherHost, api: apiHost, cookie: partitioned, attribute: partitionedText, blocked: true},
	{page: pageHost, framed: true, cookie: lax, attribute: laxText},
	{page: pageHost, framed: true, cookie: none, attribute: noneText},
	{page: pageHost, framed: true, cookie: partitioned, attribute: partitionedText},
	{page: "http://" + pageHost, cookie: lax, attribute: laxText},
	{page: "http://" + pageHost, cookie: plain, attribute: plainText},
	{page: "http://localhost", api: "http://localhost", cookie: lax, attribute: laxText},
	{page: "http://localhost", api: "http://localhost", cookie: plain, attribute: plainText},
	{page: "http://127.0.0.1", api: "http://localhost", cookie: plain, attribute: plainText},
	{page: "http://127.0.0.1", api: "http://localhost", cookie: none, attribute: noneText},
}

// probing signs in and reads. In a frame it does so at once, and tells the page around it.
const probing = `<!doctype html><script>
async function probe(api, credentials) {
	const body = JSON.stringify({name: "ada", password: "engine"})
	const login = await fetch(api + "/login", {method: "POST", credentials, headers: {"Content-Type": "application/json"}, body})
	const draft = await fetch(api + "/draft", {credentials})
	return login.status + " " + draft.status
}
if (parent !== window) probe("", "include").then(result => parent.postMessage(result, "*"))
</script>`

const framing = `<!doctype html><script>addEventListener("message", e => { window.result = e.data })</script><iframe src="PAGE"></iframe>`

func html(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, text)
	})
}

// measure reports whether the user is signed in afterwards, and whether the log warns.
func (c cookieRule) measure(t *testing.T) (signedIn, warned bool) {
	t.Helper()
	pageOrigin, page := serve(t, c.page)
	apiOrigin, api := pageOrigin, page
	if c.api != "" {
		apiOrigin, api = serve(t, c.api)
		page.set(html(probing))
	}
	var log buffer
	handler, err := site.NewAPI(memory.New(nil), site.Options{
		FrontEnds: []string{pageOrigin}, Cookie: c.cookie, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.api == "" {
		mux := http.NewServeMux()
		mux.Handle("/", handler)
		mux.Handle("GET /{$}", html(probing))
		api.set(mux)
	} else {
		api.set(handler)
	}
	tab := browser.New(t).Tab()
	if c.blocked {
		tab.BlockCookiesOfOtherSites()
	}
	var result string
	if c.framed {
		outer, around := serve(t, otherHost)
		around.set(html(strings.ReplaceAll(framing, "PAGE", pageOrigin)))
		tab.Go(outer)
		tab.Wait("window.result")
		result = browser.Eval[string](tab, "window.result")
	} else {
		tab.Go(pageOrigin)
		credentials := "include"
		if c.silent {
			credentials = "same-origin"
		}
		result = browser.Eval[string](tab, fmt.Sprintf("probe(%q, %q)", apiOrigin, credentials))
	}
	if result != "204 200" && result != "204 401" {
		t.Fatalf("%+v: got %s, want a sign-in that succeeds", c, result)
	}
	return result == "204 200", strings.Contains(log.String(), "browsers drop the session cookie")
}

// row returns the row of the table, as measured.
func (c cookieRule) row(signedIn, warned bool) string {
	public := strings.NewReplacer(".example.test", ".example.com", ".other.test", ".example.net")
	address := func(host string) string {
		if host == "" {
			return "the same origin"
		}
		if !strings.HasPrefix(host, "http://") {
			host = "https://" + host
		}
		return "`" + public.Replace(host) + "`"
	}
	page := address(c.page)
	var special []string
	if c.framed {
		special = append(special, "in a frame of `https://"+public.Replace(otherHost)+"`")
	}
	if c.silent {
		special = append(special, "`fetch` without `credentials`")
	}
	if c.blocked {
		special = append(special, "the user blocks cookies of other sites")
	}
	api := address(c.api)
	if page == api {
		api += ", another port"
	}
	words := map[bool]string{true: "yes", false: "no"}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", page, api, strings.Join(special, ", "), c.attribute, words[signedIn], words[warned])
}

// TestCookieRules measures the table in docs/front-ends.md.
func TestCookieRules(t *testing.T) {
	var rows []string
	for _, c := range cookieRules {
		t.Run(c.row(false, false), func(t *testing.T) {
			rows = append(rows, c.row(c.measure(t)))
		})
	}
	wantTable(t, "cookies", append([]string{
		"| page | API | special | cookie | signed in | warning in the log |", "|---|---|---|---|---|---|",
	}, rows...))
}

// wantTable compares the lines after a comment in docs/front-ends.md, or rewrites them.
func wantTable(t *testing.T, name string, rows []string) {
	t.Helper()
	file := filepath.Join("..", "..", "..", "docs", "front-ends.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), "<!-- measured: "+name+" -->\n\n")
	if !found {
		t.Fatalf("docs/front-ends.md has no table %q", name)
	}
	table, after, _ := strings.Cut(rest, "\n\n")
	want := strings.Join(rows, "\n")
	switch {
	case table == want:
	case *update:
		text := before + "<!-- measured: " + name + " -->\n\n" + want + "\n\n" + after
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/front-ends.md has\n%s\nmeasured\n%s\nrun go test ./apps -update", table, want)
	}
}
