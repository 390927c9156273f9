package main

import (
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

type step struct {
	method, path string
	body         any
	want         int
	text         string // in the answer
}
