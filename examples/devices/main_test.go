package main

import (
	"context"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/devices/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
)

// TestStores signs in on each store that the flag can name, and out everywhere.
// If instances can share the store, it uses two.
func TestStores(t *testing.T) {
	for _, tt := range []struct {
		name      string
		dsn       func(t *testing.T) string
		instances int
	}{
		{"memory", func(*testing.T) string { return "memory" }, 1},
		{"redis", func(t *testing.T) string { return "redis://" + servertest.StartRedis(t).Addrs[0] }, 2},
		{"postgres", func(t *testing.T) string { return servertest.StartPostgres(t, "fsync=off").DSN }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dsn := tt.dsn(t)
			var clients []*humasesstest.Client
			for range tt.instances {
				store, closeClient, err := open(t.Context(), dsn)
				if err != nil {
					t.Fatal(err)
				}
				app, err := site.New(store, &site.Options{InsecureAllowHTTP: true})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := app.Close(context.Background()); err != nil {
						t.Error(err)
					}
					closeClient()
				})
				clients = append(clients, humasesstest.NewClient(app))
			}
			first, last := clients[0], clients[len(clients)-1].Clone()
			login := map[string]any{"name": "ada", "password": "engine", "remember": false}
			for _, s := range []struct {
				name   string
				client *humasesstest.Client
				method string
				path   string
				body   any
				want   int
			}{
				{"before login", first, "GET", "/api/session", nil, 401},
				{"wrong password", first, "POST", "/api/login", map[string]any{"name": "ada", "password": "x", "remember": false}, 401},
				{"an unknown user", first, "POST", "/api/login", map[string]any{"name": "eve", "password": "x", "remember": false}, 401},
				{"login", first, "POST", "/api/login", login, 204},
				{"login elsewhere", last, "POST", "/api/login", login, 204},
				{"wrong password again", first, "POST", "/api/reauthenticate", map[string]any{"password": "x"}, 422},
				{"password again", first, "POST", "/api/reauthenticate", map[string]any{"password": "engine"}, 204},
				{"sign out everywhere", first, "POST", "/api/sign-out-everywhere", nil, 200},
				{"after it", last, "GET", "/api/session", nil, 401},
				{"sign out", last, "POST", "/api/sign-out", nil, 204},
			} {
				if w := s.client.Do(s.method, s.path, s.body); w.Code != s.want {
					t.Fatalf("%s: got %d %s, want %d", s.name, w.Code, w.Body, s.want)
				}
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct{ dsn, want string }{
		{"", `-store "": want memory, redis://`},
		{"mysql://root:secret@localhost/x", `-store "mysql": want memory`},
		{"host=localhost password=secret", `-store "": want memory`},
		{"redis://bob:1/secret@localhost", "not a URL of Redis"},
		{"redis://bob:secret#x@localhost", "not a URL of Redis"},
		{"postgres://bob:secret/x@localhost/x", "not a URL of PostgreSQL"},
		{"redis://localhost:1", "docker run --rm -p 6379:6379 redis"},
		{"postgres://postgres:secret@localhost:1/postgres", "docker run --rm -e POSTGRES_PASSWORD=postgres"},
	} {
		_, _, err := open(t.Context(), tt.dsn)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want one with %q and without the password", tt.dsn, err, tt.want)
		}
	}
}
