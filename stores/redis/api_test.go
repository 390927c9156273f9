package redis_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// user is what the sessions of the tests hold.
type user struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// owner is the identity of a user as the store gets it.
func owner(name string) string { return "sessionCookie/" + name }

type (
	loginInput struct {
		humasess.Login[user]
		Name string `query:"name"`
	}
	namedInput struct {
		humasess.Required[user]
		Name string `query:"name"`
	}
	output struct{ Body user }
	count  struct{ Body int }
)

// hooks let a test into the handlers.
type hooks struct {
	login func() // after credentials were checked
	bump  func() // after the session was loaded
}

// serve returns an API with one operation for each thing to do with a session.
func serve(tb testing.TB, store stores.Store, opts *humasess.Options[user], at hooks) (http.Handler, *humasess.Manager[user]) {
	tb.Helper()
	if opts == nil {
		opts = &humasess.Options[user]{}
	}
	opts.Identity = func(u user) string { return u.Name }
	opts.Logger = slog.New(slog.DiscardHandler)
	sessions, err := humasess.New(store, opts)
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		tb.Fatal(err)
	}
	call := func(f func()) {
		if f != nil {
			f()
		}
	}
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		call(at.login)
		return nil, in.Session.Start(user{Name: in.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *namedInput) (*output, error) {
		return &output{in.Value()}, nil
	})
	huma.Post(api, "/bump", func(_ context.Context, in *namedInput) (*output, error) {
		call(at.bump)
		err := in.Session.Update(increment)
		return &output{in.Value()}, err
	})
	huma.Post(api, "/count", func(_ context.Context, in *namedInput) (*output, error) {
		return &output{user{Name: "ada"}}, in.Session.Update(increment)
	})
	huma.Post(api, "/rename", func(_ context.Context, in *namedInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *user) error { u.Name = in.Name; return nil })
	})
	act := func(path string, do func(context.Context, *humasess.Session[user]) (int, error)) {
		huma.Post(api, path, func(ctx context.Context, in *namedInput) (*count, error) {
			n, err := do(ctx, &in.Session)
			return &count{n}, err
		})
	}
	act("/renew", func(_ context.Context, s *humasess.Session[user]) (int, error) { return 0, s.Renew() })
	act("/logout", func(_ context.Context, s *humasess.Session[user]) (int, error) { return 0, s.Destroy() })
	act("/revoke-all", func(ctx context.Context, s *humasess.Session[user]) (int, error) { return s.RevokeAll(ctx) })
	act("/revoke-others", func(ctx context.Context, s *humasess.Session[user]) (int, error) { return s.RevokeOthers(ctx) })
	act("/list", func(ctx context.Context, s *humasess.Session[user]) (int, error) {
		all, err := s.List(ctx)
		return len(all), err
	})
	return mux, sessions
}

func increment(u *user) error { u.N++; return nil }

// do fails the test unless the answer has the status. It returns the body.
func do(tb testing.TB, c *humasesstest.Client, method, path string, want int) string {
	tb.Helper()
	w := c.Do(method, path, nil)
	if w.Code != want {
		tb.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return strings.TrimSpace(w.Body.String())
}

// n is the counter of the user in a body.
func n(tb testing.TB, body string) int {
	tb.Helper()
	var u user
	if err := json.Unmarshal([]byte(body), &u); err != nil {
		tb.Fatalf("body %s: %v", body, err)
	}
	return u.N
}

// patience bounds what waits for servers.
const patience = 30 * time.Second

// rest is for loops that ask a server until it has got somewhere, and leaves
// the processor to it.
func rest() { <-time.After(10 * time.Millisecond) }
