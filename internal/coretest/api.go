package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
)

// User is the data of the sessions.
type User struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// Owner returns the identity of a user in the form that the store receives.
func Owner(name string) string { return "sessionCookie/" + name }

type (
	loginInput struct {
		humasess.Login[User]
		Name string `query:"name"`
	}
	namedInput struct {
		humasess.Required[User]
		Name string `query:"name"`
	}
	output struct{ Body User }
	count  struct{ Body int }
)

// Hooks run code of a test inside the handlers, and choose the router. The zero
// Hooks do nothing.
type Hooks struct {
	Login func() // after credentials were checked
	Bump  func() // after the session was loaded

	// Router makes the API and its handler. The default is the mux of net/http.
	Router func(huma.Config) (huma.API, http.Handler)
}

func plainRouter(config huma.Config) (huma.API, http.Handler) {
	mux := http.NewServeMux()
	return humago.New(mux, config), mux
}

// Serve returns an API with one operation for each method of a session.
// The identity of a session is the user's name. The options may be nil.
func Serve(tb testing.TB, store stores.Store, opts *humasess.Options[User], at Hooks) (http.Handler, *humasess.Manager[User]) {
	tb.Helper()
	var o humasess.Options[User]
	if opts != nil {
		o = *opts
	}
	o.Identity = func(u User) string { return u.Name }
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	sessions, err := humasess.New(store, &o)
	if err != nil {
		tb.Fatal(err)
	}
	if at.Router == nil {
		at.Router = plainRouter
	}
	api, handler := at.Router(huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		tb.Fatal(err)
	}
	register(api, at)
	registerSecure(api, sessions)
	registerBearer(api, at)
	registerAccount(tb, api, sessions)
	return handler, sessions
}

func register(api huma.API, at Hooks) {
	call := func(f func()) {
		if f != nil {
			f()
		}
	}
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		call(at.Login)
		return nil, in.Session.Start(User{Name: in.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *namedInput) (*output, error) {
		return &output{in.Value()}, nil
	})
	huma.Post(api, "/bump", func(_ context.Context, in *namedInput) (*output, error) {
		call(at.Bump)
		err := in.Session.Update(increment)
		return &output{in.Value()}, err
	})
	huma.Post(api, "/count", func(_ context.Context, in *namedInput) (*output, error) {
		return &output{User{Name: "ada"}}, in.Session.Update(increment)
	})
	huma.Post(api, "/rename", func(_ context.Context, in *namedInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *User) error { u.Name = in.Name; return nil })
	})
	act := func(path string, do func(context.Context, *humasess.Session[User]) (int, error)) {
		huma.Post(api, path, func(ctx context.Context, in *namedInput) (*count, error) {
			n, err := do(ctx, &in.Session)
			return &count{n}, err
		})
	}
	act("/renew", func(_ context.Context, s *humasess.Session[User]) (int, error) { return 0, s.Renew() })
	act("/take", func(ctx context.Context, s *humasess.Session[User]) (int, error) {
		u, err := s.Take(ctx)
		return u.N, err
	})
	act("/logout", func(_ context.Context, s *humasess.Session[User]) (int, error) { return 0, s.Destroy() })
	act("/revoke-all", func(ctx context.Context, s *humasess.Session[User]) (int, error) { return s.RevokeAll(ctx) })
	act("/revoke-others", func(ctx context.Context, s *humasess.Session[User]) (int, error) { return s.RevokeOthers(ctx) })
	act("/list", func(ctx context.Context, s *humasess.Session[User]) (int, error) {
		all, err := s.List(ctx)
		return len(all), err
	})
}

func increment(u *User) error { u.N++; return nil }

// N returns the counter of the user in a body.
func N(tb testing.TB, body string) int {
	tb.Helper()
	var u User
	if err := json.Unmarshal([]byte(body), &u); err != nil {
		tb.Fatalf("body %s: %v", body, err)
	}
	return u.N
}

// registerBearer adds the operations for clients without cookies.
func registerBearer(api huma.API, at Hooks) {
	huma.Post(api, "/login-bearer", func(_ context.Context, in *loginInput) (*tokenOutput, error) {
		if at.Login != nil {
			at.Login()
		}
		token, err := in.Session.StartBearer(User{Name: in.Name})
		return &tokenOutput{token}, err
	})
	twice := func(path string, answer error) {
		huma.Post(api, path, func(_ context.Context, in *loginInput) (*tokenOutput, error) {
			if _, err := in.Session.StartBearer(User{Name: in.Name + "-first"}); err != nil {
				return nil, err
			}
			token, err := in.Session.StartBearer(User{Name: in.Name})
			return &tokenOutput{token}, errors.Join(err, answer)
		})
	}
	twice("/login-twice", nil)
	twice("/login-twice-refused", huma.NewError(http.StatusTeapot, "refused after all"))
	huma.Get(api, "/carrier", func(_ context.Context, in *namedInput) (*carrierOutput, error) {
		return &carrierOutput{in.Session.Carrier()}, nil
	})
	huma.Post(api, "/renew-bearer", func(_ context.Context, in *namedInput) (*tokenOutput, error) {
		token, err := in.Session.RenewBearer()
		return &tokenOutput{token}, err
	})
}

type (
	tokenOutput   struct{ Body humasess.BearerToken }
	carrierOutput struct{ Body string }
)
