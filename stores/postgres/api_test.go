package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
)

// These short names are for types that every test uses.
type (
	user  = coretest.User
	hooks = coretest.Hooks
)

var (
	serve    = coretest.Serve
	do       = coretest.Do
	together = coretest.Together
	watch    = coretest.Listen[*postgres.Store]
	hears    = coretest.Hears
	says     = coretest.Says
	next     = coretest.NextHint
)

// patience bounds how long tests wait for servers.
const patience = 30 * time.Second

// rest is for loops that poll a server. It leaves the processor to the server.
func rest() { <-time.After(10 * time.Millisecond) }

// add creates a session of ada that lives for an hour.
func add(ctx context.Context, store stores.Store, limit int) (stores.ID, error) {
	id, err := stores.RandomID()
	if err != nil {
		return id, err
	}
	_, err = store.Create(ctx, stores.Create{
		ID: id, Identity: "ada", Payload: []byte("payload"), Idle: time.Hour, Absolute: time.Hour, Limit: limit,
	})
	return id, err
}

func mustAdd(t *testing.T, store stores.Store) stores.ID {
	t.Helper()
	id, err := add(t.Context(), store, 0)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return id
}
