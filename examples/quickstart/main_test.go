package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestWalkthrough runs the steps that the program prints, and those of a thief
// with the old cookie.
func TestWalkthrough(t *testing.T) {
	t.Parallel()
	router := chi.NewMux()
	if err := register(humachi.New(router, huma.DefaultConfig("Quickstart", "1.0.0"))); err != nil {
		t.Fatal(err)
	}
	type login struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	ada := humasesstest.NewClient(router)
	grace := ada.Clone()
	var thief *humasesstest.Client
	steps := []struct {
		name   string
		client **humasesstest.Client
		method string
		path   string
		body   any
		want   int
		shows  string // a part of the body
		sets   string // a part of the cookie
	}{
		{name: "me before login", client: &ada, method: "GET", path: "/me", want: 401, shows: "a valid session is required"},
		{name: "wrong password", client: &ada, method: "POST", path: "/login", body: login{"ada", "x"}, want: 401, shows: "wrong name or password"},
		{name: "login", client: &ada, method: "POST", path: "/login", body: login{"ada", "engine"}, want: 204, sets: "HttpOnly; SameSite=Lax"},
		{name: "me", client: &ada, method: "GET", path: "/me", want: 200, shows: `"ada"`},
		{name: "sessions", client: &ada, method: "GET", path: "/sessions", want: 200, shows: `"current":true`},
		{name: "admin", client: &ada, method: "GET", path: "/admin", want: 200, shows: `"ada"`},
		{name: "login of grace", client: &grace, method: "POST", path: "/login", body: login{"grace", "compiler"}, want: 204, sets: "quickstart="},
		{name: "me of grace", client: &grace, method: "GET", path: "/me", want: 200, shows: `"grace"`},
		{name: "admin without the role", client: &grace, method: "GET", path: "/admin", want: 403, shows: "not allowed"},
		{name: "logout", client: &ada, method: "POST", path: "/logout", want: 204, sets: "Max-Age=0"},
		{name: "logout again", client: &ada, method: "POST", path: "/logout", want: 204},
		{name: "me after logout", client: &ada, method: "GET", path: "/me", want: 401},
		{name: "the old cookie", client: &thief, method: "GET", path: "/me", want: 401, shows: "a valid session is required"},
		{name: "grace is still there", client: &grace, method: "GET", path: "/me", want: 200},
		{name: "docs page", client: &ada, method: "GET", path: "/docs", want: 200, shows: "openapi"},
	}
	for _, s := range steps {
		if s.name == "logout" {
			thief = ada.Clone()
		}
		w := (*s.client).Do(s.method, s.path, s.body)
		if w.Code != s.want {
			t.Fatalf("%s: got %d, want %d: %s", s.name, w.Code, s.want, w.Body)
		}
		if !strings.Contains(w.Body.String(), s.shows) {
			t.Errorf("%s: got body %s, want %q in it", s.name, w.Body, s.shows)
		}
		cookie := w.Header().Get("Set-Cookie")
		if !strings.Contains(cookie, s.sets) || s.sets == "" && cookie != "" {
			t.Errorf("%s: got Set-Cookie %q, want %q in it", s.name, cookie, s.sets)
		}
	}
}

// TestDocument compares the program with its own document.
func TestDocument(t *testing.T) {
	t.Parallel()
	api := humachi.New(chi.NewMux(), huma.DefaultConfig("Quickstart", "1.0.0"))
	if err := register(api); err != nil {
		t.Fatal(err)
	}
	client := humasesstest.NewClient(api.Adapter())
	client.Do(http.MethodPost, "/login", map[string]string{"name": "grace", "password": "compiler"})
	humasesstest.CheckDocument(t, api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{{
			Name: "grace", Cookies: []*http.Cookie{{Name: "quickstart", Value: client.Cookie("quickstart")}},
		}},
	})
}
