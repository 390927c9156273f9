package scale_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
)

// subject is an empty store, with the means to look at it from outside.
type subject struct {
	store   stores.Store
	counted stores.Store // the same sessions over a proxy, nil if there is no server
	trips   func() int   // of counted, since the last call
	bytes   func() int64 // that the store takes
	version string       // of the server, "" if there is none

	// bulk adds sessions in the store's format, for a store whose own Create
	// would take too long. The default is nil.
	bulk func(sessions int, payload []byte)
}

var kinds = []struct {
	name    string
	open    func(testing.TB) *subject
	workers int // creates in flight
}{
	{"memory", openMemory, 1},
	{"Redis", openRedis, 64},
	{"PostgreSQL", openPostgres, 8},
}

// maxSessions is above all that a test creates.
const maxSessions = 2_000_000

func openMemory(testing.TB) *subject {
	return &subject{
		store: memory.New(&memory.Options{MaxSessions: maxSessions}),
		trips: func() int { return 0 },
		bytes: func() int64 {
			runtime.GC()
			runtime.GC() // frees the memory of finalizers and pools too
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		},
	}
}

func openRedis(tb testing.TB) *subject {
	tb.Helper()
	server := servertest.StartRedis(tb)
	proxy := servertest.NewProxy(tb, server.Addrs[0])
	dial := func(addr string, o rueidis.ClientOption) *redis.Store {
		o.InitAddress, o.DisableCache = []string{addr}, true
		client := must(rueidis.NewClient(o))
		tb.Cleanup(client.Close)
		return redis.New(client, nil)
	}
	info := func(section, name string) string {
		for line := range strings.Lines(server.Command(tb, server.Addrs[0], "INFO", section)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
				return value
			}
		}
		tb.Fatalf("INFO has no %s", name)
		return ""
	}
	return &subject{
		store:   dial(server.Addrs[0], rueidis.ClientOption{}),
		counted: dial(proxy.Addr, rueidis.ClientOption{PipelineMultiplex: -1}),
		trips:   proxy.Trips,
		bytes:   func() int64 { return must(strconv.ParseInt(info("memory", "used_memory"), 10, 64)) },
		version: "Redis " + info("server", "redis_version"),
	}
}

func openPostgres(tb testing.TB) *subject {
	tb.Helper()
	server := servertest.PostgresShared(tb)
	proxy := servertest.NewProxy(tb, server.Addr)
	schema := fmt.Sprintf("scale_%d", time.Now().UnixNano())
	dial := func(dsn string, connections int32) (*postgres.Store, *pgxpool.Pool) {
		config := must(pgxpool.ParseConfig(dsn))
		config.MaxConns = connections
		config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
		pool := must(pgxpool.NewWithConfig(tb.Context(), config))
		tb.Cleanup(pool.Close)
		return postgres.New(pool, &postgres.Options{Schema: schema, SweepEvery: -1}), pool
	}
	store, pool := dial(server.DSN, 8)
	counted, _ := dial(server.At(tb, proxy.Addr), 1)
	must(0, store.Migrate(tb.Context()))
	tb.Cleanup(func() { _, _ = pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE") })
	table := schema + ".humasess_sessions"
	var version string
	must(0, pool.QueryRow(tb.Context(), "SHOW server_version").Scan(&version))
	version, _, _ = strings.Cut(version, " ")
	return &subject{
		store:   store,
		counted: counted,
		trips:   proxy.Trips,
		bytes: func() (size int64) {
			must(0, pool.QueryRow(tb.Context(), "SELECT pg_total_relation_size($1::text::regclass)", table).Scan(&size))
			return size
		},
		version: "PostgreSQL " + version,
		bulk: func(sessions int, payload []byte) {
			must(pool.Exec(tb.Context(), `INSERT INTO `+table+` (version, last_seen, expires, deadline, id, identity, payload)
				SELECT 1, now(), now() + $1::text::interval, now() + $1::text::interval, uuid_send(gen_random_uuid()),
					convert_to('bulk-' || n, 'UTF8'), $2::bytea FROM generate_series(1, $3::bigint) n`, lifetime.String(), payload, sessions))
			must(pool.Exec(tb.Context(), "VACUUM ANALYZE "+table)) // as autovacuum does soon after
		},
	}
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}
