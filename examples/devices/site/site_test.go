package site_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/devices/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

func newSite(t *testing.T) *site.Site {
	t.Helper()
	app, err := site.New(memory.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return app
}

func login(t *testing.T, app http.Handler, agent string) *humasesstest.Client {
	t.Helper()
	c := humasesstest.NewClient(app)
	w := c.Do(http.MethodPost, "/api/login", map[string]any{"name": "ada", "password": "engine", "remember": false},
		func(r *http.Request) { r.Header.Set("User-Agent", agent) })
	if w.Code != http.StatusNoContent {
		t.Fatalf("login: got %d %s, want 204", w.Code, w.Body)
	}
	return c
}

// TestDocument compares the application with its own document.
func TestDocument(t *testing.T) {
	app := newSite(t)
	cookie := &http.Cookie{Name: "__Host-devices", Value: login(t, app, "").Cookie("__Host-devices")}
	humasesstest.CheckDocument(t, app.API(), &humasesstest.CheckOptions{
		Handler: app, Sessions: []humasesstest.CheckSession{{Name: "ada", Cookies: []*http.Cookie{cookie}}},
	})
	if app.API().OpenAPI().Paths["/api/reauthenticate"].Post.Responses["204"].Headers["Set-Cookie"] == nil {
		t.Error("the document has no header Set-Cookie for the answer of /api/reauthenticate")
	}
}

// TestPolicy compares the policy of the application with the file that reviewers read.
func TestPolicy(t *testing.T) {
	humasesstest.CheckPolicy(t, newSite(t).API(), "testdata/policy.json")
}

func TestLabel(t *testing.T) {
	app := newSite(t)
	const mozilla = "Mozilla/5.0 "
	for agent, want := range map[string]string{
		mozilla + "(X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                              "Firefox on Linux",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":     "Chrome on Windows",
		mozilla + "(Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":   "Edge on Windows",
		mozilla + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605":    "Safari on macOS",
		mozilla + "(iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142 Safari/60": "Chrome on iPhone",
		mozilla + "(Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36":        "Chrome on Android",
		"curl/8.17.0": "curl",
		"<script>":    "",
	} {
		w := login(t, app, agent).Do(http.MethodGet, "/api/sessions", nil)
		current, _, _ := strings.Cut(w.Body.String(), `"created_at"`)
		if has := strings.Contains(current, `"label":"`+want+`"`); has != (want != "") || strings.Contains(w.Body.String(), "script") {
			t.Errorf("%s: got %s, want %q", agent, current, want)
		}
	}
}

func TestPage(t *testing.T) {
	app := newSite(t)
	c := humasesstest.NewClient(app)
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/app.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml",
	} {
		w := c.Do(http.MethodGet, path, nil)
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: got %d %v, want %s under a strict policy", path, w.Code, w.Header(), kind)
		}
		if got := w.Header().Get("Set-Cookie"); got != "" {
			t.Errorf("%s: got cookie %q, want none", path, got)
		}
		again := c.Do(http.MethodGet, path, nil, func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) })
		if again.Code != http.StatusNotModified {
			t.Errorf("%s again: got %d, want 304", path, again.Code)
		}
	}
	for _, path := range []string{"/nope", "/static/app.js", "/../site.go"} {
		if w := c.Do(http.MethodGet, path, nil); w.Code == http.StatusOK {
			t.Errorf("%s: got %d %s, want nothing", path, w.Code, w.Body)
		}
	}
}
