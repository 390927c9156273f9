package coretest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
)

// CookieName is the name of the session cookie with the zero Options.
const CookieName = "__Host-id"

// Do sends a request, and fails the test unless the response has the status. It
// returns the body.
func Do(tb testing.TB, c *humasesstest.Client, method, path string, want int) string {
	tb.Helper()
	w := c.Do(method, path, nil)
	if w.Code != want {
		tb.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return strings.TrimSpace(w.Body.String())
}

// SignIn returns a client that is signed in.
func SignIn(tb testing.TB, handler http.Handler, name string) *humasesstest.Client {
	tb.Helper()
	c := humasesstest.NewClient(handler)
	Do(tb, c, http.MethodPost, "/login?name="+name, http.StatusNoContent)
	return c
}

// Move returns a client of another server with the same session.
func Move(c *humasesstest.Client, to http.Handler) *humasesstest.Client {
	moved := humasesstest.NewClient(to)
	moved.SetCookie(&http.Cookie{Name: CookieName, Value: c.Cookie(CookieName)})
	return moved
}

// Together runs f in n goroutines that start at the same time.
func Together(n int, f func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() { <-start; f(i) })
	}
	close(start)
	done.Wait()
}

func decode[V any](t *testing.T, body string) V {
	t.Helper()
	var v V
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("body %s: %v", body, err)
	}
	return v
}
