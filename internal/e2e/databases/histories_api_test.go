package databases_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// person is what the sessions of the tests hold.
type person struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

type (
	enterInput struct {
		humasess.Login[person]
		Name string `query:"name"`
	}
	actInput struct {
		humasess.Required[person]
		Name string `query:"name"`
	}
	personOutput struct{ Body person }
	countOutput  struct{ Body int }
)

// moments let a test into handlers.
type moments struct {
	checked func() // a login has checked credentials
	loaded  func() // a change has its session
}

func (m moments) at(f func()) {
	if f != nil {
		f()
	}
}

// api serves an operation for each thing to do with a session, on chi.
func api(tb testing.TB, store stores.Store, opts humasess.Options[person], m moments) (http.Handler, *humasess.Manager[person]) {
	tb.Helper()
	opts.Identity = func(p person) string { return p.Name }
	opts.Logger = slog.New(slog.DiscardHandler)
	sessions, err := humasess.New(store, &opts)
	if err != nil {
		tb.Fatal(err)
	}
	router := chi.NewMux()
	api := humachi.New(router, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		tb.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *enterInput) (*struct{}, error) {
		m.at(m.checked)
		return nil, in.Session.Start(person{Name: in.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *actInput) (*personOutput, error) {
		return &personOutput{in.Value()}, nil
	})
	act := func(path string, do func(context.Context, *actInput) (int, error)) {
		huma.Post(api, path, func(ctx context.Context, in *actInput) (*countOutput, error) {
			n, err := do(ctx, in)
			return &countOutput{n}, err
		})
	}
	act("/bump", func(_ context.Context, in *actInput) (int, error) {
		m.at(m.loaded)
		err := in.Session.Update(func(p *person) error { p.N++; return nil })
		return in.Value().N, err
	})
	act("/rename", func(_ context.Context, in *actInput) (int, error) {
		return 0, in.Session.Update(func(p *person) error { p.Name = in.Name; return nil })
	})
	act("/renew", func(_ context.Context, in *actInput) (int, error) { return 0, in.Session.Renew() })
	act("/logout", func(_ context.Context, in *actInput) (int, error) { return 0, in.Session.Destroy() })
	act("/revoke-all", func(ctx context.Context, in *actInput) (int, error) { return in.Session.RevokeAll(ctx) })
	act("/revoke-others", func(ctx context.Context, in *actInput) (int, error) { return in.Session.RevokeOthers(ctx) })
	act("/list", func(ctx context.Context, in *actInput) (int, error) {
		all, err := in.Session.List(ctx)
		return len(all), err
	})
	return router, sessions
}

// ask sends a request that must have this answer, and returns the number in
// the body, if there is one.
func ask(tb testing.TB, c *humasesstest.Client, method, path string, want int) int {
	tb.Helper()
	w := c.Do(method, path, nil)
	if w.Code != want {
		tb.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
		return 0
	}
	var n int
	var p person
	if json.Unmarshal(w.Body.Bytes(), &n) != nil && json.Unmarshal(w.Body.Bytes(), &p) == nil {
		n = p.N
	}
	return n
}

func login(tb testing.TB, handler http.Handler, name string) *humasesstest.Client {
	tb.Helper()
	c := humasesstest.NewClient(handler)
	ask(tb, c, "POST", "/login?name="+name, http.StatusNoContent)
	return c
}
