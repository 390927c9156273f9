package telemetry_test

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/humasess/sessions/stores/storetest"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	_ "modernc.org/sqlite" // the driver
)

// name returns a prefix or a schema that no other test uses.
func name(tb testing.TB) string {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	return "test_" + strings.ToLower(id.String())
}

func dialRedis(tb testing.TB, server *servertest.Redis) rueidis.Client {
	tb.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	return client
}

func openRedis(tb testing.TB, server *servertest.Redis, client rueidis.Client) *redis.Store {
	tb.Helper()
	prefix := name(tb) + ":"
	server.Forget(tb, prefix)
	return redis.New(client, &redis.Options{Prefix: prefix})
}

func dialPostgres(tb testing.TB, dsn string, tracer pgx.QueryTracer) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	config.MaxConns, config.ConnConfig.Tracer = 12, tracer
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

func openPostgres(tb testing.TB, pool *pgxpool.Pool) *postgres.Store {
	tb.Helper()
	schema := name(tb)
	store := postgres.New(pool, &postgres.Options{Schema: schema})
	if err := store.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = store.Close(context.Background())
		_, _ = pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
	})
	return store
}

// Stores that are observed keep all promises.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisSingle(t)
		client := dialRedis(t, server)
		storetest.Run(t, func(t *testing.T) stores.Store {
			return newRig(t).Store(openRedis(t, server, client))
		}, &storetest.Options{Rounds: 5})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pool := dialPostgres(t, servertest.PostgresShared(t).DSN, nil)
		storetest.Run(t, func(t *testing.T) stores.Store {
			return newRig(t).Store(openPostgres(t, pool))
		}, &storetest.Options{Rounds: 5})
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) stores.Store {
			db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "sessions.db"))
			if err != nil {
				t.Fatal(err)
			}
			store := sqlite.New(db, nil)
			t.Cleanup(func() { _, _ = store.Close(context.Background()), db.Close() })
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return newRig(t).Store(store)
		}, &storetest.Options{Rounds: 5})
	})
}

// The core keeps its promises in the program's transactions and with client-side
// sessions, too.
func TestCore(t *testing.T) {
	t.Parallel()
	server := servertest.RedisSingle(t)
	client := dialRedis(t, server)
	pool := dialPostgres(t, servertest.PostgresShared(t).DSN, nil)
	for _, b := range coretest.Behaviours {
		store := openRedis(t, server, client)
		b.Run(t, coretest.Shared{One: newRig(t).Store(store), Other: newRig(t).Store(store), Writers: 16})
	}
	for _, b := range coretest.Behaviours {
		store := openPostgres(t, pool)
		b.Run(t, coretest.Shared{One: newRig(t).Store(store), Other: newRig(t).Store(store), Writers: 16})
	}
}

// queries makes a span for each statement, as libraries for pgx do.
type queries struct{ tracer trace.Tracer }

func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	ctx, _ = q.tracer.Start(ctx, "statement") //nolint:spancheck // TraceQueryEnd ends it
	return ctx
}

func (q *queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if s, ok := trace.SpanFromContext(ctx).(sdktrace.ReadOnlySpan); ok && s.Name() == "statement" {
		trace.SpanFromContext(ctx).End()
	}
}

func TestTraces(t *testing.T) {
	t.Parallel()
	life := func(t *testing.T, r *rig, store stores.Store) [][]string {
		t.Helper()
		c := humasesstest.NewClient(r.serve(t, store, nil))
		r.names()
		var all [][]string
		for _, path := range []string{"/login", "/visit", "/logout"} {
			post(t, c, path, http.StatusNoContent)
			for _, s := range r.spans.Ended() {
				if strings.HasSuffix(s.Name(), " session") && s.SpanKind() != trace.SpanKindClient {
					t.Errorf("%s: got kind %v, want client", s.Name(), s.SpanKind())
				}
			}
			all = append(all, r.names())
		}
		return all
	}
	compare := func(t *testing.T, got, want [][]string) {
		t.Helper()
		for i := range want {
			equal(t, "request", got[i], want[i])
		}
	}
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisSingle(t)
		r := newRig(t)
		compare(t, life(t, r, r.Store(openRedis(t, server, dialRedis(t, server)))), [][]string{
			{"POST /login > create session", "POST /login"},
			{"POST /visit > load session", "POST /visit > update session", "POST /visit"},
			{"POST /logout > load session", "POST /logout > delete session", "POST /logout"},
		})
	})
	t.Run("redis with client-side sessions", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisSingle(t)
		r := newRig(t)
		prefix := name(t) + ":"
		server.Forget(t, prefix)
		revoked := r.Revocations(redis.NewRevocations(dialRedis(t, server), &redis.Options{Prefix: prefix}))
		compare(t, life(t, r, cookie.New(sealer(t), &cookie.Options{Revoked: revoked})), [][]string{
			{"POST /login > check revocation", "POST /login"},
			{"POST /visit > check revocation", "POST /visit > check revocation", "POST /visit"},
			{"POST /logout > check revocation", "POST /logout > check revocation", "POST /logout > end revocation", "POST /logout"},
		})
	})
	t.Run("postgres with spans of its statements", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		pool := dialPostgres(t, servertest.PostgresShared(t).DSN, &queries{r.tracer})
		store := openPostgres(t, pool)
		if _, err := store.Load(t.Context(), stores.ID{1}); err == nil {
			t.Fatal("got a session")
		}
		got := life(t, r, r.Store(store))
		statements := 0
		for i, path := range []string{"POST /login", "POST /visit", "POST /logout"} {
			var own []string
			for _, line := range got[i] {
				if strings.HasSuffix(line, "> statement") {
					statements++
					if !strings.Contains(line, " session > ") {
						t.Errorf("%s: got %q, want the store's span as its parent", path, line)
					}
					continue
				}
				own = append(own, strings.TrimPrefix(line, path+" > "))
			}
			equal(t, path, own, [][]string{
				{"create session", path}, {"load session", "update session", path}, {"load session", "delete session", path},
			}[i])
		}
		if statements < 5 {
			t.Errorf("got %d statements, want one for each call at least", statements)
		}
	})
}

// An outage shows as error.type, with few values, and no address or user in them.
func TestOutage(t *testing.T) {
	t.Parallel()
	kind := regexp.MustCompile(`^([a-z_]+|[A-Z]+|[0-9A-Z]{5}|_OTHER)$`)
	outage := func(t *testing.T, store stores.Store, r *rig, stop, restart func()) {
		t.Helper()
		c := humasesstest.NewClient(r.serve(t, r.Store(store), &humasess.Options[user]{
			StoreTimeout: time.Second, Logger: slog.New(slog.DiscardHandler),
		}))
		post(t, c, "/login", http.StatusNoContent)
		post(t, c, "/visit", http.StatusNoContent)
		r.spans.Reset()
		stop()
		for range 8 {
			post(t, c, "/visit", http.StatusServiceUnavailable)
		}
		for _, s := range r.spans.Ended() {
			if s.Name() != "load session" {
				continue
			}
			got := attributeOf(s, "error.type")
			if s.Status().Code != codes.Error || s.Status().Description != got || !kind.MatchString(got) || got == "_OTHER" {
				t.Errorf("got status %v and error.type %q, want a known one", s.Status(), got)
			}
		}
		kinds := map[string]bool{}
		failures, failed := 0.0, 0.0
		for _, s := range r.scrape(t) {
			switch at := s.labels["error_type"]; {
			case s.name == "humasess_store_failures_total":
				failures += s.value
			case s.name == "humasess_store_duration_seconds_count" && at != "":
				kinds[at] = true
				failed += s.value
			}
		}
		if len(kinds) == 0 || len(kinds) > 3 || failures != 8 || failed < 8 {
			t.Errorf("got error types %v, %v failures and %v failed calls, want 1 to 3 types, 8 failures and as many calls", kinds, failures, failed)
		}
		t.Logf("error types %v", kinds)
		if restart == nil {
			return
		}
		restart()
		for deadline := time.Now().Add(time.Minute); ; {
			w := c.Do(http.MethodPost, "/visit", nil)
			if w.Code == http.StatusNoContent {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %d after the restart", w.Code)
			}
		}
	}
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartRedis(t)
		store := redis.New(dialRedis(t, server), nil)
		outage(t, store, newRig(t), func() { server.Kill(t, server.Addrs[0]) }, nil)
	})
	t.Run("redis without memory", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartRedis(t)
		r := newRig(t)
		c := humasesstest.NewClient(r.serve(t, r.Store(redis.New(dialRedis(t, server), nil)), &humasess.Options[user]{
			StoreTimeout: time.Second, Logger: slog.New(slog.DiscardHandler),
		}))
		post(t, c, "/login", http.StatusNoContent)
		server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
		post(t, c, "/visit", http.StatusServiceUnavailable)
		for _, s := range r.spans.Ended() {
			got := attributeOf(s, "error.type")
			code := attributeOf(s, "db.response.status_code")
			if s.Name() == "update session" && (got != "OOM" || code != "OOM") {
				t.Errorf("got error.type %q and status code %q, want OOM", got, code)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartPostgres(t)
		pool := dialPostgres(t, server.DSN, nil)
		store := postgres.New(pool, nil)
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close(context.Background()) })
		outage(t, store, newRig(t), func() { server.Stop(t) }, func() { server.Restart(t) })
	})
}

func attributeOf(s sdktrace.ReadOnlySpan, key attribute.Key) string {
	for _, kv := range s.Attributes() {
		if kv.Key == key {
			return kv.Value.AsString()
		}
	}
	return ""
}
