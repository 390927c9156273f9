package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// Meanwhile ends a session through another process while a handler runs that has
// loaded the session. It combines every way to end a session with every change
// that a handler can make. Afterwards the client must not be signed in, unless the
// request has signed in with credentials that are still valid. unsupported names
// the ways and the changes that the store does not support.
func Meanwhile(t *testing.T, s Shared, unsupported ...string) {
	t.Helper()
	skip := map[string]bool{}
	for _, name := range unsupported {
		skip[name] = true
	}
	other, admin := Serve(t, s.Other, nil, s.Hooks)
	ends := map[string]func(c *humasesstest.Client, id string){
		"logout": func(c *humasesstest.Client, _ string) { Do(t, Move(c, other), "POST", "/logout", 200) },
		"Manager.Revoke": func(_ *humasesstest.Client, id string) {
			if err := admin.Revoke(t.Context(), id); err != nil {
				t.Errorf("Revoke: %v", err)
			}
		},
		"RevokeIdentity": func(*humasesstest.Client, string) {
			if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Errorf("RevokeIdentity: %v", err)
			}
		},
		"RevokeWhere": func(*humasesstest.Client, string) {
			if _, err := admin.RevokeWhere(t.Context(), "ada", func(humasess.Info[User]) bool { return true }); err != nil {
				t.Errorf("RevokeWhere: %v", err)
			}
		},
		"RevokeAll elsewhere":    func(*humasesstest.Client, string) { Do(t, SignIn(t, other, "ada"), "POST", "/revoke-all", 200) },
		"RevokeOthers elsewhere": func(*humasesstest.Client, string) { Do(t, SignIn(t, other, "ada"), "POST", "/revoke-others", 200) },
	}
	revokesIdentity := func(end string) bool { return end != "logout" && end != "Manager.Revoke" }
	bodies := meanwhileBodies()
	run := meanwhileAPI(t, s, bodies)
	for end, ended := range ends {
		for name := range bodies {
			if skip[end] || skip[name] {
				continue
			}
			t.Run(end+", "+name, func(t *testing.T) {
				c := SignIn(t, other, "ada")
				old, again := c.Clone(), Move(c, run.handler)
				w := run.during(again, name, func(id string) { ended(c, id) })
				want := ""
				switch {
				case name == "login as another user":
					want = "bob"
				case name == "login" && !revokesIdentity(end):
					want = "ada"
				}
				if got := whoIs(Move(again, other)); got != want {
					t.Errorf("after an answer of %d the client is signed in as %q, want %q", w, got, want)
				}
				if got := whoIs(Move(old, other)); got != "" {
					t.Errorf("the old cookie is signed in as %q", got)
				}
			})
		}
	}
}

// whoIs returns the user that a client is signed in as, or "".
func whoIs(c *humasesstest.Client) string {
	w := c.Do("GET", "/me", nil)
	if w.Code != http.StatusOK {
		return ""
	}
	var u User
	if err := json.Unmarshal(w.Body.Bytes(), &u); err != nil {
		return err.Error()
	}
	return u.Name
}

type body = func(ctx context.Context, s *humasess.Session[User]) error

// meanwhileBodies returns the bodies of the handlers. A name that begins with
// "login" stands for a Login operation.
func meanwhileBodies() map[string]body {
	start := func(name string) body {
		return func(_ context.Context, s *humasess.Session[User]) error { return s.Start(User{Name: name}) }
	}
	rename := func(_ context.Context, s *humasess.Session[User]) error {
		return s.Update(func(u *User) error { u.Name = "eve"; return nil })
	}
	revokeOthers := func(ctx context.Context, s *humasess.Session[User]) error {
		_, err := s.RevokeOthers(ctx)
		return err
	}
	return map[string]body{
		"nothing":         func(context.Context, *humasess.Session[User]) error { return nil },
		"Update":          func(_ context.Context, s *humasess.Session[User]) error { return s.Update(increment) },
		"Renew":           func(_ context.Context, s *humasess.Session[User]) error { return s.Renew() },
		"Remember":        func(_ context.Context, s *humasess.Session[User]) error { return s.Remember(true) },
		"SetTTL":          func(_ context.Context, s *humasess.Session[User]) error { return s.SetTTL(time.Hour) },
		"Reauthenticated": func(_ context.Context, s *humasess.Session[User]) error { return s.Reauthenticated("pwd") },
		"Destroy":         func(_ context.Context, s *humasess.Session[User]) error { return s.Destroy() },
		"Take":            func(ctx context.Context, s *humasess.Session[User]) error { _, err := s.Take(ctx); return err },
		"Take and Start": func(ctx context.Context, s *humasess.Session[User]) error {
			_, err := s.Take(ctx)
			return errors.Join(err, s.Start(User{Name: "ada"}))
		},
		"List":         func(ctx context.Context, s *humasess.Session[User]) error { _, err := s.List(ctx); return err },
		"RevokeOthers": revokeOthers,
		"RevokeAll":    func(ctx context.Context, s *humasess.Session[User]) error { _, err := s.RevokeAll(ctx); return err },
		"RevokeOthers and Reauthenticated": func(ctx context.Context, s *humasess.Session[User]) error {
			if err := revokeOthers(ctx, s); err != nil {
				return err
			}
			return s.Reauthenticated("pwd")
		},
		"another identity": rename,
		"another identity and RevokeOthers": func(ctx context.Context, s *humasess.Session[User]) error {
			if err := rename(ctx, s); err != nil {
				return err
			}
			return revokeOthers(ctx, s)
		},
		"Update and Commit": func(ctx context.Context, s *humasess.Session[User]) error {
			if err := s.Update(increment); err != nil {
				return err
			}
			return s.Commit(ctx)
		},
		"login":                       start("ada"),
		"login as another user":       start("bob"),
		"login by another identity":   rename,
		"login that updates":          func(_ context.Context, s *humasess.Session[User]) error { return s.Update(increment) },
		"login that re-authenticates": func(_ context.Context, s *humasess.Session[User]) error { return s.Reauthenticated("pwd") },
		"Start in no login":           start("ada"),
	}
}

// meanwhileRun is an API whose handlers wait for a session to end.
type meanwhileRun struct {
	handler http.Handler
	pause   func(id string)
}

type (
	pausedInput struct {
		humasess.Session[User]
		Do string `query:"do"`
	}
	pausedLogin struct {
		humasess.Login[User]
		Do string `query:"do"`
	}
)

func meanwhileAPI(t *testing.T, s Shared, bodies map[string]body) *meanwhileRun {
	t.Helper()
	r := &meanwhileRun{}
	var o humasess.Options[User]
	o.Identity = func(u User) string { return u.Name }
	o.Logger = slog.New(slog.DiscardHandler)
	sessions, err := humasess.New(s.One, &o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/run", func(ctx context.Context, in *pausedInput) (*struct{}, error) {
		r.pause(in.Session.ID())
		return nil, bodies[in.Do](ctx, &in.Session)
	})
	huma.Post(api, "/login-run", func(ctx context.Context, in *pausedLogin) (*struct{}, error) {
		r.pause(in.Session.ID())
		return nil, bodies[in.Do](ctx, &in.Session)
	})
	r.handler = mux
	return r
}

// during sends a request whose handler ends the session and then runs a body. It
// returns the status.
func (r *meanwhileRun) during(c *humasesstest.Client, name string, end func(id string)) int {
	r.pause = end
	path := "/run?do="
	if len(name) >= 5 && name[:5] == "login" {
		path = "/login-run?do="
	}
	return c.Do("POST", path+url.QueryEscape(name), nil).Code
}
