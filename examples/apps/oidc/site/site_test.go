package site_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/apps/oidc/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

func TestNewRefuses(t *testing.T) {
	good := site.Provider{Key: "a", Issuer: "https://id.example.com"}
	for name, providers := range map[string][]site.Provider{
		"none":              nil,
		"plain http":        {{Key: "a", Issuer: "http://id.example.com"}},
		"one key for two":   {good, {Key: "a", Issuer: "https://id.example.net"}},
		"no issuer":         {{Key: "a"}},
		"no URL as issuer":  {{Key: "a", Issuer: ":"}},
		"second plain http": {good, {Key: "b", Issuer: "http://id.example.com"}},
	} {
		if _, err := site.New(memory.New(nil), "https://app.example.com", providers, nil); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// TestFlowCookie reads the cookie of a sign-in that is under way. Pages of other sites
// need it only for an answer as a form.
func TestFlowCookie(t *testing.T) {
	for _, tt := range []struct {
		form bool
		want http.SameSite
	}{{false, http.SameSiteLaxMode}, {true, http.SameSiteNoneMode}} {
		r := newRig(t)
		app, err := site.New(memory.New(nil), "https://app.example.com", []site.Provider{
			{Key: "other", Issuer: r.other.issuer, ClientID: "app2", FormPost: tt.form},
		}, &site.Options{HTTPClient: r.client})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = app.Close(context.Background()) })
		cookies := humasesstest.NewClient(app).Do(http.MethodGet, "/sign-in", nil).Result().Cookies()
		if len(cookies) != 1 || cookies[0].SameSite != tt.want || !cookies[0].HttpOnly || !cookies[0].Secure {
			t.Errorf("form %t: got %v, want one cookie with SameSite %v", tt.form, cookies, tt.want)
		}
	}
}

// TestStatic asks for a file that is beside the folder of the static ones.
func TestStatic(t *testing.T) {
	b := newRig(t).browser()
	if p := b.get("/static/app.js"); p.status != http.StatusOK {
		t.Errorf("app.js: got %d, want 200", p.status)
	}
	for _, path := range []string{"/static/../pages/home.html", "/static/%2e%2e/pages/home.html"} {
		if p := b.get(path); strings.Contains(p.body, "{{") {
			t.Errorf("%s: got %d %s, want no template", path, p.status, p.body)
		}
	}
}
