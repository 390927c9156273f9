// Package databases_test tests stores with modules that their own tests must
// not import. It runs SQLite with a driver. It runs every store with a checker
// of histories, on a router, and from several processes.
package databases_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"
)

// kind is a store that all tests of this package run on.
type kind struct {
	name string
	open func(tb testing.TB) place
}

// place is where one test keeps sessions. Each call of store returns a store as
// another process would open it.
type place struct {
	kind  string
	where string // a file, or a connection string and a schema after a blank
	store func(tb testing.TB) stores.Store
}

var kinds = append([]kind{
	{"memory", func(tb testing.TB) place {
		tb.Helper()
		s := memory.New(nil)
		tb.Cleanup(func() { _ = s.Close(context.Background()) })
		return place{store: func(testing.TB) stores.Store { return s }}
	}},
	{"sqlite", func(tb testing.TB) place {
		tb.Helper()
		return placeAt("sqlite", filepath.Join(tb.TempDir(), "sessions.db?_pragma=synchronous(off)")) // no test cuts the power
	}},
	{"postgres", func(tb testing.TB) place {
		tb.Helper()
		dsn, schema := servertest.PostgresShared(tb).DSN, newSchema(tb)
		return placeAt("postgres", dsn+" "+schema)
	}},
}, redisKinds...)

// shared are the kinds that processes share.
var shared = kinds[1:]

func placeAt(kind, where string) place {
	p := place{kind: kind, where: where}
	p.store = func(tb testing.TB) stores.Store {
		tb.Helper()
		return openAt(tb, kind, where)
	}
	return p
}

// openAt opens a store and creates its tables.
func openAt(tb testing.TB, kind, where string) stores.Store {
	tb.Helper()
	if strings.HasPrefix(kind, "redis") {
		return openRedis(tb, where)
	}
	var s interface {
		stores.Closer
		Migrate(ctx context.Context) error
	}
	if kind == "sqlite" {
		s = sqlite.New(openFile(tb, where), nil)
	} else {
		dsn, schema, _ := strings.Cut(where, " ")
		s = postgres.New(openPool(tb, dsn), &postgres.Options{Schema: schema})
	}
	if err := s.Migrate(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func openFile(tb testing.TB, path string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func openPool(tb testing.TB, dsn string) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	config.MaxConns = 12
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// newSchema returns a name that no other test uses, of a schema that is
// dropped with the test.
func newSchema(tb testing.TB) string {
	tb.Helper()
	dsn, name := servertest.PostgresShared(tb).DSN, newName(tb)
	tb.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			tb.Errorf("Connect: %v", err)
			return
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE"); err != nil {
			tb.Errorf("drop schema: %v", err)
		}
	})
	return name
}

// newName returns a name that no other test uses.
func newName(tb testing.TB) string {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	return "test_" + hex.EncodeToString(id[:])
}
