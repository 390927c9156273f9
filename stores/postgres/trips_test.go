package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
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

// trips returns the same for the tests that all stores share.
func trips(t *testing.T, o postgres.Options) coretest.Counted {
	t.Helper()
	store, proxy := counted(t, o)
	return coretest.Counted{Store: store, Trips: proxy.Trips}
}

// TestRoundTrips counts the round trips for each operation of an API.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	pool, name, proxy := countedPool(t)
	c := coretest.Counted{Store: postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1}), Trips: proxy.Trips}
	db := shared(t)
	c.Age = func(t *testing.T, id stores.ID, unused time.Duration) {
		t.Helper()
		_, err := db.Exec(t.Context(), "UPDATE "+pgx.Identifier{name, "humasess_sessions"}.Sanitize()+
			" SET last_seen = last_seen - $1::bigint * interval '1 microsecond' WHERE id = $2::bytea", unused.Microseconds(), id[:])
		if err != nil {
			t.Fatal(err)
		}
	}
	c.RoundTrips(t, 2)
}

func TestStoreRoundTrips(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) { trips(t, postgres.Options{}).StoreRoundTrips(t) })
	t.Run("with hints", func(t *testing.T) { trips(t, postgres.Options{Hints: direct(t)}).StoreRoundTrips(t) })
}
