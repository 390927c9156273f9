//go:build unix

package faults_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
	_ "modernc.org/sqlite"
)

// place tells a process where to serve, and where the sessions are. Of Redis, DSN and File
// one is set, or none for memory.
type place struct {
	Listen  string
	Redis   []string // addresses
	Primary string   // the name at the sentinels
	DSN     string
	Schema  string // of PostgreSQL, "" for the default
	File    string
	Key     string // of the cookies, as text, if sessions are in cookies
	Clock   string // a file with the seconds by which the clock of the process is wrong
	Break   string // a promise that the store breaks on purpose
}

// silent keeps the errors of background work, which are expected, out of the output.
var silent = slog.New(slog.DiscardHandler)

// sweepEvery is the interval of sweeps, and of the look-ups for open streams. It is so short
// that faults meet them.
const sweepEvery = 500 * time.Millisecond

// maxConns is the size of the pool of PostgreSQL.
const maxConns = 8

// opened is a store with its client.
type opened struct {
	store       stores.Store
	pool        *pgxpool.Pool
	connections func() int
	close       func()
}

func open(ctx context.Context, p place) (o opened, err error) {
	var revoked stores.Revocations
	switch {
	case p.DSN != "":
		o, revoked, err = openPostgres(ctx, p)
	case p.Redis != nil:
		o, revoked, err = openRedis(p)
	case p.File != "":
		o, err = openSQLite(ctx, p)
	default:
		store := memory.New(nil)
		o, revoked = opened{store: store, close: func() {}}, memory.NewRevocations()
	}
	if err != nil {
		return o, err
	}
	if p.Key != "" {
		key, err := security.ParseKey(p.Key)
		if err != nil {
			return o, err
		}
		sealer, err := security.NewAEAD(key)
		if err != nil {
			return o, err
		}
		o.store = cookie.New(sealer, &cookie.Options{Revoked: revoked})
	}
	o.store, err = broken(o.store, p.Break)
	return o, err
}

func openPostgres(ctx context.Context, p place) (opened, stores.Revocations, error) {
	config, err := pgxpool.ParseConfig(p.DSN)
	if err != nil {
		return opened{}, nil, err
	}
	config.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return opened{}, nil, err
	}
	o := opened{pool: pool, close: pool.Close, connections: func() int { return int(pool.Stat().TotalConns()) }}
	if p.Key != "" {
		revoked := postgres.NewRevocations(pool, &postgres.Options{Schema: p.Schema, Logger: silent})
		return o, revoked, revoked.Migrate(ctx)
	}
	store := postgres.New(pool, &postgres.Options{
		Schema: p.Schema, Logger: silent, SweepEvery: sweepEvery,
		Hints: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, p.DSN) },
	})
	o.store = store
	return o, nil, store.Migrate(ctx)
}

func openRedis(p place) (opened, stores.Revocations, error) {
	options := rueidis.ClientOption{InitAddress: p.Redis, ForceSingleClient: len(p.Redis) == 1}
	options.Sentinel.MasterSet = p.Primary
	client, err := rueidis.NewClient(options)
	if err != nil {
		return opened{}, nil, err
	}
	return opened{store: redis.New(client, &redis.Options{Logger: silent, Hints: true}), close: client.Close}, redis.NewRevocations(client, nil), nil
}

func openSQLite(ctx context.Context, p place) (opened, error) {
	db, err := sql.Open("sqlite", p.File)
	if err != nil {
		return opened{}, err
	}
	db.SetMaxOpenConns(maxConns)
	store := sqlite.New(db, &sqlite.Options{Now: movedClock(p), Logger: silent, SweepEvery: sweepEvery})
	return opened{
		store: store, close: func() { _ = db.Close() },
		connections: func() int { return db.Stats().OpenConnections },
	}, store.Migrate(ctx)
}

// movedClock returns a clock that is wrong by the seconds in a file. It reads the file ten
// times a second.
func movedClock(p place) func() time.Time {
	if p.Clock == "" {
		return nil
	}
	wrong := new(atomic.Int64)
	read := func() {
		text, _ := os.ReadFile(p.Clock)
		seconds, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		wrong.Store(seconds)
	}
	read()
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			read()
		}
	}()
	return func() time.Time { return time.Now().Add(time.Duration(wrong.Load()) * time.Second) }
}

// broken returns a store that breaks a promise, or the store itself.
func broken(s stores.Store, promise string) (stores.Store, error) {
	switch promise {
	case "":
		return s, nil
	case "update":
		return &upserting{Store: s}, nil
	case "missing":
		return forgetful{s}, nil
	case "bound":
		return patient{s}, nil
	}
	return nil, fmt.Errorf("no promise %q", promise)
}
