package main

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestRestart signs in, starts the program anew on the same file, and is still
// signed in until it signs out.
func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	var cookie *http.Cookie
	login := map[string]string{"name": "ada", "password": "engine"}
	runs := []struct {
		name  string
		steps []step
	}{
		{"first run", []step{
			{"POST", "/visit", nil, 401, ""},
			{"POST", "/login", map[string]string{"name": "ada", "password": "x"}, 401, ""},
			{"POST", "/login", login, 204, ""},
			{"POST", "/visit", nil, 200, `"visits":1`},
		}},
		{"after a restart", []step{{"POST", "/visit", nil, 200, `"visits":2`}, {"POST", "/logout", nil, 204, ""}}},
		{"after logout and a restart", []step{{"POST", "/visit", nil, 401, ""}}},
	}
	for _, run := range runs {
		s, err := open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		c := humasesstest.NewClient(s)
		if cookie != nil {
			c.SetCookie(cookie)
		}
		for _, step := range run.steps {
			w := c.Do(step.method, step.path, step.body)
			if w.Code != step.want || !strings.Contains(w.Body.String(), step.text) {
				t.Fatalf("%s: %s: got %d %s, want %d with %q", run.name, step.path, w.Code, w.Body, step.want, step.text)
			}
			for _, set := range w.Result().Cookies() {
				if set.Value != "" { // logout leaves the old one with us, as a thief would
					cookie = set
				}
			}
		}
		if err := s.close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// TestShutdown serves a request, and then ends as a signal makes the program end.
func TestShutdown(t *testing.T) {
	s, err := open(t.Context(), filepath.Join(t.TempDir(), "sessions.db"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- s.serve(ctx, listener) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String()+"/docs", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("got %d, want 200", response.StatusCode)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if err := s.db.PingContext(t.Context()); err == nil {
		t.Error("the file is still open")
	}
}

type step struct {
	method, path string
	body         any
	want         int
	text         string // in the answer
}
