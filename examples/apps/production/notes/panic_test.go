package notes_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestPanics has handlers that panic before and after they have begun their answer. An
// answer that has begun must not look complete.
func TestPanics(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := r.start()
	stream := func(begin bool, cause any) func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return func(context.Context, *struct{}) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: func(c huma.Context) {
				if begin {
					_, _ = c.BodyWriter().Write([]byte("half"))
					c.BodyWriter().(http.Flusher).Flush()
				}
				panic(cause)
			}}, nil
		}
	}
	huma.Get(app.API(), "/early", stream(false, "bad"))
	huma.Get(app.API(), "/late", stream(true, "bad"))
	huma.Get(app.API(), "/aborted", stream(true, http.ErrAbortHandler))
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	get := func(path string) (status int, body string, err error) {
		res, err := server.Client().Get(server.URL + path)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		all, err := io.ReadAll(res.Body)
		return res.StatusCode, string(all), err
	}
	if status, body, err := get("/early"); status != http.StatusInternalServerError || err != nil || strings.Contains(body, "bad") {
		t.Errorf("/early: got %d %s, %v, want 500 without the cause", status, body, err)
	}
	for _, path := range []string{"/late", "/aborted"} {
		if status, body, err := get(path); err == nil {
			t.Errorf("%s: got a complete answer %d %q, want one that breaks off", path, status, body)
		}
	}
}
