package redis_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// oneConnection makes a client use one connection, so that parallel trips
// follow each other. It also keeps the client from opening a connection during
// the count.
func oneConnection(o *rueidis.ClientOption) { o.PipelineMultiplex = -1 }

// TestRoundTrips counts the round trips for each operation of an API.
func TestRoundTrips(t *testing.T) {
	proxy := servertest.NewProxy(t, servertest.RedisSingle(t).Addrs[0])
	client := dial(t, &servertest.Redis{Addrs: []string{proxy.Addr}}, oneConnection)
	store := open(t, client)
	handler, sessions := serve(t, store, &humasess.Options[user]{IdleTimeout: 2 * time.Second}, hooks{})
	ctx := t.Context()

	// The first use of a script sends its text.
	warm := humasesstest.NewClient(handler)
	do(t, warm, "POST", "/login?name=warm", 204)
	for _, path := range []string{"/bump", "/list", "/revoke-others", "/logout"} {
		do(t, warm, "POST", path, 200)
	}
	id, _ := store.NewID("")
	if _, err := store.Touch(ctx, id, time.Hour); err != stores.ErrNotFound {
		t.Fatal(err)
	}

	c := humasesstest.NewClient(handler)
	request := func(method, path string, status int) func() {
		return func() { do(t, c, method, path, status) }
	}
	seen := func() time.Time {
		all, err := sessions.List(ctx, "ada")
		if err != nil || len(all) != 1 {
			t.Fatalf("List: %d sessions and error %v", len(all), err)
		}
		return all[0].LastSeenAt
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
		{"L10 read that extends", func() {
			begin := seen()
			for now := begin; now.Sub(begin) < 250*time.Millisecond; {
				r, err := client.Do(ctx, client.B().Time().Build()).AsIntSlice()
				if err != nil {
					t.Fatal(err)
				}
				now = time.Unix(r[0], r[1]*1000)
			}
		}, func() {
			before := seen()
			proxy.Trips()
			do(t, c, "GET", "/me", 200)
			trips := proxy.Trips()
			if after := seen(); !after.After(before) {
				t.Errorf("LastSeen: got %v, want later than %v", after, before)
			}
			proxy.Trips()
			if trips != 2 {
				t.Errorf("got %d round trips, want 2", trips)
			}
		}, 0},
		{"modify", nil, request("POST", "/bump", 200), 2},
		{"rotate after the load", nil, request("POST", "/renew", 200), 2},
		{"first use after a rotation, which is noted", nil, request("GET", "/me", 200), 2},
		{"read after that", nil, request("GET", "/me", 200), 1},
		{"list after the load", nil, request("POST", "/list", 200), 2},
		{"list by the manager", nil, func() { seen() }, 1},
		{"identity change after the load", nil, request("POST", "/rename?name=bob", 204), 3},
		{"login over a session", nil, request("POST", "/login?name=ada", 204), 3},
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
	proxy := servertest.NewProxy(t, servertest.RedisSingle(t).Addrs[0])
	store := open(t, dial(t, &servertest.Redis{Addrs: []string{proxy.Addr}}, oneConnection))
	ctx := t.Context()
	add := func() stores.ID {
		id, err := store.NewID("ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Create(ctx, stores.Create{ID: id, Identity: "ada", Payload: []byte("x"), Idle: time.Hour, Absolute: time.Hour, Limit: 9}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	tests := []struct {
		name string
		run  func(id stores.ID) error
	}{
		{"Load", func(id stores.ID) error { _, err := store.Load(ctx, id); return err }},
		{"LoadMany of three", func(id stores.ID) error {
			other, _ := store.NewID("")
			records, err := store.LoadMany(ctx, []stores.ID{id, other, id})
			if len(records) != 2 && err == nil {
				t.Errorf("got %d records, want 2", len(records))
			}
			return err
		}},
		{"Create with a limit", func(stores.ID) error { add(); return nil }},
		{"Update", func(id stores.ID) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("y"), Idle: time.Hour})
			return err
		}},
		{"Touch", func(id stores.ID) error { _, err := store.Touch(ctx, id, time.Hour); return err }},
		{"List", func(stores.ID) error { _, err := store.List(ctx, "ada"); return err }},
		{"Delete", func(id stores.ID) error { return store.Delete(ctx, id, stores.Condition{Identity: "ada"}) }},
		{"MarkChanged", func(stores.ID) error { _, err := store.MarkChanged(ctx, "ada"); return err }},
		{"Create that replaces one of the identity", func(id stores.ID) error {
			fresh, err := store.NewID("ada")
			if err != nil {
				return err
			}
			_, err = store.Create(ctx, stores.Create{
				ID: fresh, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Replaces: []stores.Replaced{{ID: id, Version: 1}},
			})
			return err
		}},
		{"RevokeIdentity", func(id stores.ID) error { _, err := store.RevokeIdentity(ctx, "ada", id); return err }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.run(add()); err != nil { // sends the script's text
				t.Fatal(err)
			}
			id := add()
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
