package memory_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// A program passes the store to humasess.New. The calls here are those that the sessions
// make.
func Example() {
	ctx := context.Background()
	store := memory.New(&memory.Options{MaxSessions: 100_000})
	defer func() { _ = store.Close(ctx) }()

	id, err := stores.RandomID()
	if err != nil {
		panic(err)
	}
	created, err := store.Create(ctx, stores.Create{
		ID:       id,
		Identity: "alice",
		Payload:  []byte("cart: 1 apple"),
		Idle:     time.Hour,
		Absolute: 24 * time.Hour,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("version", created.Version, "lives", created.Expires.Sub(created.Now))

	update := stores.Update{ID: id, Version: created.Version, Payload: []byte("cart: 2 apples")}
	updated, err := store.Update(ctx, update)
	fmt.Println("version", updated.Version, err)
	_, err = store.Update(ctx, update)
	fmt.Println(err)

	revoked, err := store.RevokeIdentity(ctx, "alice", stores.ID{})
	fmt.Println("revoked", revoked.Count, err)
	_, err = store.Load(ctx, id)
	fmt.Println(errors.Is(err, stores.ErrNotFound))
	// Output:
	// version 1 lives 1h0m0s
	// version 2 <nil>
	// stores: session has another version
	// revoked 1 <nil>
	// true
}

// A test moves the clock instead of waiting.
func ExampleOptions() {
	ctx := context.Background()
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	store := memory.New(&memory.Options{Now: func() time.Time { return now }})

	id, err := stores.RandomID()
	if err != nil {
		panic(err)
	}
	if _, err := store.Create(ctx, stores.Create{ID: id, Idle: time.Hour, Absolute: 24 * time.Hour}); err != nil {
		panic(err)
	}
	now = now.Add(59 * time.Minute)
	expires, err := store.Touch(ctx, id, time.Hour)
	fmt.Println(expires.Format(time.TimeOnly), err)

	now = now.Add(2 * time.Hour)
	_, err = store.Load(ctx, id)
	fmt.Println(err)
	// Output:
	// 13:59:00 <nil>
	// stores: session not found
}

// Revocations remember that a session of a cookie store has ended.
func ExampleNewRevocations() {
	ctx, ended := context.Background(), memory.NewRevocations()
	id, err := stores.RandomID()
	if err != nil {
		panic(err)
	}
	fmt.Println(ended.End(ctx, id, time.Hour, 1)) // 1 is the name of this call
	standing, err := ended.Check(ctx, id, "ada")
	fmt.Println(standing.Ended, err)
	// Output:
	// <nil>
	// true <nil>
}
