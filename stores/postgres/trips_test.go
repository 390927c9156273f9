package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// counted returns a store behind a proxy that counts round trips. Its pool has
// one connection and never tests it.
func counted(t *testing.T, o postgres.Options) (*postgres.Store, *servertest.Proxy) {
	t.Helper()
	pool, schema, proxy := countedPool(t)
	o.Schema, o.SweepEvery = schema, -1
	return postgres.New(pool, &o), proxy
}

func countedPool(t *testing.T) (*pgxpool.Pool, string, *servertest.Proxy) {
	t.Helper()
	server := servertest.PostgresShared(t)
	_, schema := open(t, shared(t))
	proxy := servertest.NewProxy(t, server.Addr)
	pool := dial(t, server.At(t, proxy.Addr), func(c *pgxpool.Config) {
		c.MaxConns = 1
		c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	})
	return pool, schema, proxy
}

// TestRoundTrips counts the round trips for each operation of an API.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	store, proxy := counted(t, postgres.Options{})
	handler, sessions := serve(t, store, &humasess.Options[user]{IdleTimeout: 2 * time.Second}, hooks{})
	ctx := t.Context()

	// The first use of a statement on a connection prepares it.
	warm := coretest.SignIn(t, handler, "warm")
	for _, path := range []string{"/bump", "/list", "/revoke-others", "/logout"} {
		do(t, warm, "POST", path, 200)
	}
	if _, err := store.Touch(ctx, stores.ID{1}, time.Hour); err != stores.ErrNotFound {
		t.Fatal(err)
	}

	c := humasesstest.NewClient(handler)
	request := func(method, path string, status int) func() {
		return func() { do(t, c, method, path, status) }
	}
	seen := func() (at, now time.Time) {
		all, err := store.List(ctx, coretest.Owner("ada"))
		if err != nil || len(all) != 1 {
			t.Fatalf("List: %d sessions and error %v", len(all), err)
		}
		return all[0].LastSeen, all[0].Now
	}
	tests := []struct {
		name   string
		before func()
		run    func()
		want   int
	}{
		{"no session", nil, request("GET", "/me", 401), 0},
		{"create", nil, request("POST", "/login?name=ada", 204), 1},
		{"L10 read", nil, request("GET", "/me", 200), 1},
		{"L10 read, and an extension that is due", func() {
			for at, now := seen(); now.Sub(at) < 250*time.Millisecond; at, now = seen() {
				rest()
			}
		}, request("GET", "/me", 200), 2},
		{"L10 read once it is extended", func() {
			if at, now := seen(); now.Sub(at) > time.Second {
				t.Errorf("LastSeen: got %v at %v, want the time that the read before has written", at, now)
			}
		}, request("GET", "/me", 200), 1},
		{"modify", nil, request("POST", "/bump", 200), 2},
		{"rotate after the load", nil, request("POST", "/renew", 200), 2},
		{"first use after a rotation, which is noted", nil, request("GET", "/me", 200), 2},
		{"read after that", nil, request("GET", "/me", 200), 1},
		{"list after the load", nil, request("POST", "/list", 200), 2},
		{"list by the manager", nil, func() { seen() }, 1},
		{"identity change after the load", nil, request("POST", "/rename?name=bob", 204), 2},
		{"login over a session", nil, request("POST", "/login?name=ada", 204), 2},
		{"destroy after the load", nil, request("POST", "/logout", 200), 2},
		{"revoke-all by the manager", nil, func() {
			if _, err := sessions.RevokeIdentity(ctx, "ada"); err != nil {
				t.Error(err)
			}
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.before != nil {
				tt.before()
			}
			proxy.Trips()
			tt.run()
			if got := proxy.Trips(); got != tt.want {
				t.Errorf("got %d round trips, want %d", got, tt.want)
			}
		})
	}
}

// TestStoreRoundTrips counts the same for the methods of the store.
func TestStoreRoundTrips(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) { storeRoundTrips(t, postgres.Options{}) })
	t.Run("with hints", func(t *testing.T) { storeRoundTrips(t, postgres.Options{Hints: direct(t)}) })
}

func storeRoundTrips(t *testing.T, o postgres.Options) {
	store, proxy := counted(t, o)
	ctx := t.Context()
	tests := []struct {
		name string
		run  func(id stores.ID) error
	}{
		{"Load", func(id stores.ID) error { _, err := store.Load(ctx, id); return err }},
		{"LoadMany of three", func(id stores.ID) error {
			records, err := store.LoadMany(ctx, []stores.ID{id, {1}, id})
			if len(records) != 1 && err == nil {
				t.Errorf("got %d records, want 1", len(records))
			}
			return err
		}},
		{"Create with a limit that is reached", func(stores.ID) error { _, err := add(ctx, store, 2); return err }},
		{"Update", func(id stores.ID) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("y"), Idle: time.Hour})
			return err
		}},
		{"Touch", func(id stores.ID) error { _, err := store.Touch(ctx, id, time.Nanosecond); return err }},
		{"List", func(stores.ID) error { _, err := store.List(ctx, "ada"); return err }},
		{"Delete", func(id stores.ID) error { return store.Delete(ctx, id, stores.Condition{Identity: "ada"}) }},
		{"RevokeIdentity", func(id stores.ID) error { _, err := store.RevokeIdentity(ctx, "ada", id); return err }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.run(mustAdd(t, store)); err != nil { // prepares the statement
				t.Fatal(err)
			}
			id := mustAdd(t, store)
			proxy.Trips()
			if err := tt.run(id); err != nil {
				t.Fatal(err)
			}
			if got := proxy.Trips(); got != 1 {
				t.Errorf("got %d round trips, want 1", got)
			}
		})
	}
}
