package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// dial connects a pool as a program would. The test closes it.
func dial(tb testing.TB, dsn string, change ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatalf("ParseConfig: %v", err)
	}
	config.MaxConns = 12
	for _, f := range change {
		f(config)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// schema returns the name of a schema that no other test uses. The test drops
// it at its end.
func schema(tb testing.TB, db *pgxpool.Pool) string {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	name := "test_" + strings.ToLower(id.String())
	tb.Cleanup(func() {
		if _, err := db.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE"); err != nil {
			tb.Errorf("drop schema: %v", err)
		}
	})
	return name
}

// open returns a store in a schema of its own.
func open(tb testing.TB, db *pgxpool.Pool) (*postgres.Store, string) {
	tb.Helper()
	name := schema(tb, db)
	return openIn(tb, db, name), name
}

// openIn returns a store in the schema given, and creates its tables.
func openIn(tb testing.TB, db postgres.DB, schema string) *postgres.Store {
	tb.Helper()
	store := postgres.New(db, &postgres.Options{Schema: schema})
	if err := store.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close(context.Background()) })
	return store
}

func shared(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return dial(tb, servertest.PostgresShared(tb).DSN)
}
