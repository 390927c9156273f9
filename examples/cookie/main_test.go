package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
)

// TestWalkthrough runs the steps that the program prints.
func TestWalkthrough(t *testing.T) {
	key, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(keysVariable, key.Reveal())
	mux := http.NewServeMux()
	if err := register(humago.New(mux, huma.DefaultConfig("Cookie", "1.0.0"))); err != nil {
		t.Fatal(err)
	}
	ada := humasesstest.NewClient(mux)
	var thief *humasesstest.Client
	for _, s := range []struct {
		client       **humasesstest.Client
		method, path string
		want         int
		shows        string
	}{
		{&ada, "GET", "/me", 401, ""},
		{&ada, "POST", "/login?name=ada", 204, ""},
		{&ada, "GET", "/me", 200, `"light"`},
		{&ada, "POST", "/theme?theme=dark", 204, ""},
		{&ada, "GET", "/me", 200, `"dark"`},
		{&thief, "GET", "/me", 200, `"dark"`},
		{&ada, "POST", "/logout-everywhere", 204, ""},
		{&ada, "GET", "/me", 401, ""},
		{&thief, "GET", "/me", 401, ""},
		{&ada, "POST", "/login?name=ada", 204, ""},
		{&ada, "POST", "/logout", 204, ""},
		{&ada, "GET", "/me", 401, ""},
	} {
		if s.client == &thief && thief == nil {
			thief = ada.Clone()
		}
		w := (*s.client).Do(s.method, s.path, nil)
		if w.Code != s.want || !strings.Contains(w.Body.String(), s.shows) {
			t.Errorf("%s %s: got %d %s, want %d with %q", s.method, s.path, w.Code, w.Body, s.want, s.shows)
		}
	}
}

func TestKeysAreNeeded(t *testing.T) {
	t.Setenv(keysVariable, "")
	err := register(humago.New(http.NewServeMux(), huma.DefaultConfig("Cookie", "1.0.0")))
	if err == nil || !strings.Contains(err.Error(), keysVariable) {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}
