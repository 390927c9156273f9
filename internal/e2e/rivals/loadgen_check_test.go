package rivals_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores/memory"
)

// TestLoad checks that the load generator signs in, and changes the session of
// each connection.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := ours(t, flat, memory.New(nil))
	counts := make(chan string, 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counts <- r.URL.Path
		s.handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	addr := strings.TrimPrefix(server.URL, "http://")
	perSecond, err := generate(load{Addr: addr, Path: "/modify", Connections: 3, For: 50 * time.Millisecond})
	if err != nil || perSecond <= 0 {
		t.Fatalf("got %v requests per second and error %v", perSecond, err)
	}
	close(counts)
	all := map[string]int{}
	for path := range counts {
		all[path]++
	}
	if all["/login"] != 3 || all["/read"] != 3 || all["/modify"] < 3 {
		t.Errorf("got requests %v, want one login and one read for each of 3 connections, and changes", all)
	}
}

// TestLoadErrors checks that the load generator counts no answers without a
// session, and no errors.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"status":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, sample.UID, http.StatusServiceUnavailable) },
		"stranger":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"uid": ""}`)) },
		"too large": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 9<<10)) },
	} {
		server := httptest.NewServer(handler)
		_, err := generate(load{Addr: strings.TrimPrefix(server.URL, "http://"), Path: "/read", Connections: 1, For: 10 * time.Millisecond})
		server.Close()
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
