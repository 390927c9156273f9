// Requests makes one request of each kind to an API with sessions, after one
// that warms it up, and prints the calls as JSON. The program walk builds it with
// a rewritten core. Without that it prints no calls.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/archtest/walk/trace"
	"github.com/humasess/sessions/stores/memory"
)

type user struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
}

type (
	userInput  struct{ humasess.Required[user] }
	loginInput struct{ humasess.Login[user] }
	anyInput   struct{ humasess.Session[user] }
	output     struct{ Body user }
)

// walk is the output for one request.
type walk struct {
	Request string
	Entries []trace.Entry
}

func main() {
	walks, err := run()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(walks)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "requests:", err)
		os.Exit(1)
	}
}

func run() ([]walk, error) {
	mux, err := serve()
	if err != nil {
		return nil, err
	}
	first, second := &client{mux: mux}, &client{mux: mux}
	for _, request := range []func(){first.login, first.read, first.update, first.logout} {
		request()
	}
	login := trace.Record(second.login)
	second.read() // the first request of a session may do more than others
	walks := []walk{
		{"read", trace.Record(second.read)},
		{"update", trace.Record(second.update)},
		{"login", login},
		{"logout", trace.Record(second.logout)},
	}
	return walks, errors.Join(first.err, second.err)
}

// serve returns an API with sessions, with the options' defaults.
func serve() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Walk", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[user]{Identity: func(u user) string { return u.ID }})
	if err != nil {
		return nil, err
	}
	if err := sessions.Attach(api); err != nil {
		return nil, err
	}
	huma.Get(api, "/read", func(_ context.Context, in *userInput) (*output, error) {
		u, _ := in.Session.Get()
		return &output{u}, nil
	})
	huma.Post(api, "/update", func(_ context.Context, in *userInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *user) error {
			u.Count++
			return nil
		})
	})
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		return nil, in.Session.Start(user{ID: "ada"})
	})
	huma.Post(api, "/logout", func(_ context.Context, in *anyInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return mux, nil
}

// client is a browser that keeps one cookie.
type client struct {
	mux    *http.ServeMux
	cookie string
	err    error
}

func (c *client) read()   { c.do(http.MethodGet, "/read") }
func (c *client) update() { c.do(http.MethodPost, "/update") }
func (c *client) login()  { c.do(http.MethodPost, "/login") }
func (c *client) logout() { c.do(http.MethodPost, "/logout") }

func (c *client) do(method, path string) {
	req := httptest.NewRequestWithContext(context.Background(), method, "https://example.com"+path, http.NoBody)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if c.cookie != "" {
		req.Header.Set("Cookie", c.cookie)
	}
	w := httptest.NewRecorder()
	c.mux.ServeHTTP(w, req)
	if w.Code >= http.StatusBadRequest {
		c.err = errors.Join(c.err, fmt.Errorf("%s %s: got status %d: %s", method, path, w.Code, w.Body))
	}
	if set := w.Header().Get("Set-Cookie"); set != "" {
		c.cookie, _, _ = strings.Cut(set, ";")
	}
}
