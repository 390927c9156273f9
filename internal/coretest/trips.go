package coretest

import (
	"errors"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// Counted is a store whose round trips to its server are counted.
type Counted struct {
	Store interface {
		stores.Index
		stores.Marker
		stores.MultiLoader
	}
	Trips func() int // since the last call

	// Age makes a session look as if it had not been used for so long.
	Age func(t *testing.T, id stores.ID, unused time.Duration)
}

// RoundTrips counts the round trips for each operation of an API. A sign-in or a
// change of identity over another session needs as many as overSession.
func (c Counted) RoundTrips(t *testing.T, overSession int) {
	t.Helper()
	const idle, due = 30 * time.Minute, 5 * time.Minute
	handler, sessions := Serve(t, c.Store, &humasess.Options[User]{IdleTimeout: idle}, Hooks{})
	ctx := t.Context()

	// The first use of a script sends its text, and the first use of a statement
	// prepares it.
	warm := SignIn(t, handler, "warm")
	for _, path := range []string{"/bump", "/list", "/revoke-others", "/logout"} {
		Do(t, warm, "POST", path, 200)
	}
	unknown, err := stores.NewID(t.Context(), c.Store, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Store.Touch(ctx, unknown, time.Hour); !errors.Is(err, stores.ErrNotFound) {
		t.Fatal(err)
	}

	client := humasesstest.NewClient(handler)
	request := func(method, path string, status int) func() {
		return func() { Do(t, client, method, path, status) }
	}
	only := func() stores.Record {
		all, err := c.Store.List(ctx, Owner("ada"))
		if err != nil || len(all) != 1 {
			t.Fatalf("List: got %d sessions and error %v, want 1", len(all), err)
		}
		return all[0]
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
			c.Age(t, only().ID, due)
			if r := only(); r.Now.Sub(r.LastSeen) < due {
				t.Errorf("LastSeen: got %v at %v, want %v before", r.LastSeen, r.Now, due)
			}
		}, request("GET", "/me", 200), 2},
		{"L10 read once it is extended", func() {
			if r := only(); r.Now.Sub(r.LastSeen) > due/2 {
				t.Errorf("LastSeen: got %v at %v, want the time that the read before has written", r.LastSeen, r.Now)
			}
		}, request("GET", "/me", 200), 1},
		{"modify", nil, request("POST", "/bump", 200), 2},
		{"rotate after the load", nil, request("POST", "/renew", 200), 2},
		{"first use after a rotation, which is noted", nil, request("GET", "/me", 200), 2},
		{"read after that", nil, request("GET", "/me", 200), 1},
		{"list after the load", nil, request("POST", "/list", 200), 2},
		{"list by the manager", nil, func() {
			if all, err := sessions.List(ctx, "ada"); err != nil || len(all) != 1 {
				t.Errorf("List: got %d sessions and error %v, want 1", len(all), err)
			}
		}, 1},
		{"identity change after the load", nil, request("POST", "/rename?name=bob", 204), overSession},
		{"login over a session", nil, request("POST", "/login?name=ada", 204), overSession},
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
			c.Trips()
			tt.run()
			if got := c.Trips(); got != tt.want {
				t.Errorf("got %d round trips, want %d", got, tt.want)
			}
		})
	}
}

// StoreRoundTrips requires one round trip for each method of the store.
func (c Counted) StoreRoundTrips(t *testing.T) {
	t.Helper()
	ctx, store := t.Context(), c.Store
	second := Add(t, store, "ada")
	unknown, err := stores.NewID(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	create := func(limit int, replaces ...stores.Replaced) error {
		id, err := stores.NewID(t.Context(), store, "ada")
		if err != nil {
			return err
		}
		_, err = store.Create(ctx, stores.Create{
			ID: id, Identity: "ada", Payload: []byte("x"), Idle: time.Hour, Absolute: time.Hour, Limit: limit, Replaces: replaces,
		})
		return err
	}
	tests := []struct {
		name string
		run  func(id stores.ID) error
	}{
		{"Load", func(id stores.ID) error { _, err := store.Load(ctx, id); return err }},
		{"LoadMany of three", func(id stores.ID) error {
			records, err := store.LoadMany(ctx, []stores.ID{id, unknown, second})
			if len(records) != 2 && err == nil {
				t.Errorf("got %d records, want 2", len(records))
			}
			return err
		}},
		{"Create with a limit that is reached", func(stores.ID) error { return create(2) }},
		{"Create that replaces one of the identity", func(id stores.ID) error { return create(0, stores.Replaced{ID: id, Version: 1}) }},
		{"Update", func(id stores.ID) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("y"), Idle: time.Hour})
			return err
		}},
		{"Touch that writes", func(id stores.ID) error { _, err := store.Touch(ctx, id, time.Nanosecond); return err }},
		{"Touch", func(id stores.ID) error { _, err := store.Touch(ctx, id, time.Hour); return err }},
		{"List", func(stores.ID) error { _, err := store.List(ctx, "ada"); return err }},
		{"Delete", func(id stores.ID) error { return store.Delete(ctx, id, stores.Condition{Identity: "ada"}) }},
		{"MarkChanged", func(stores.ID) error { _, err := store.MarkChanged(ctx, "ada"); return err }},
		{"RevokeIdentity", func(id stores.ID) error { _, err := store.RevokeIdentity(ctx, "ada", id); return err }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.run(Add(t, store, "ada")); err != nil { // sends the script's text, or prepares the statement
				t.Fatal(err)
			}
			id := Add(t, store, "ada")
			oneTrip(t, c.Trips, func() error { return tt.run(id) })
		})
	}
}

// RevocationTrips requires one round trip for each call.
func RevocationTrips(t *testing.T, r stores.MultiRevocations, trips func() int) {
	t.Helper()
	ctx := t.Context()
	for name, run := range map[string]func(n byte) error{
		"Check": func(n byte) error { _, err := r.Check(ctx, stores.ID{n}, "ada"); return err },
		"CheckMany of three": func(n byte) error {
			_, err := r.CheckMany(ctx, []stores.Subject{{ID: stores.ID{n}, Identity: "ada"}, {ID: stores.ID{2}}, {Identity: "eve"}})
			return err
		},
		"End":            func(n byte) error { return r.End(ctx, stores.ID{n, 1}, time.Hour, 0) },
		"RevokeIdentity": func(byte) error { _, err := r.RevokeIdentity(ctx, "ada", 0); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(1); err != nil { // sends the script's text, or prepares the statement
				t.Fatal(err)
			}
			oneTrip(t, trips, func() error { return run(2) })
		})
	}
}

func oneTrip(t *testing.T, trips func() int, run func() error) {
	t.Helper()
	trips()
	if err := run(); err != nil {
		t.Fatal(err)
	}
	if got := trips(); got != 1 {
		t.Errorf("got %d round trips, want 1", got)
	}
}
