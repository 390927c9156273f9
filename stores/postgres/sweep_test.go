package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// number runs a query that returns one number.
func number(t *testing.T, db *pgxpool.Pool, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// fill puts expired sessions into the table in one statement, as many creates would.
func fill(t *testing.T, db *pgxpool.Pool, schema string, n int, deadline time.Duration) {
	t.Helper()
	_, err := db.Exec(t.Context(), `INSERT INTO `+pgx.Identifier{schema, "humasess_sessions"}.Sanitize()+`
		(version, last_seen, expires, deadline, id, identity, payload)
		SELECT 1, now(), now() - interval '1 second', now() + $2 * interval '1 microsecond',
			decode(md5(i::text || random()::text), 'hex'), CASE WHEN i % 3 > 0 THEN decode(md5((i / 3)::text), 'hex') END,
			decode(repeat(md5(i::text), 6), 'hex')
		FROM generate_series(1, $1) AS i`, n, deadline.Microseconds())
	if err != nil {
		t.Fatal(err)
	}
}

// TestSpace looks at the rows and the pages that the server keeps. The server is
// private, because it keeps old rows for the open transactions of other tests.
func TestSpace(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t, "fsync=off", "full_page_writes=off")
	t.Run("touches are HOT", func(t *testing.T) { touchesAreHot(t, server) })
	t.Run("expiry gives space back", func(t *testing.T) { expiryGivesSpaceBack(t, server) })
}

// touchesAreHot shows that a touch writes to no index.
func touchesAreHot(t *testing.T, server *servertest.Postgres) {
	pool := dial(t, server.DSN)
	_, name := open(t, pool)
	table := pgx.Identifier{name, "humasess_sessions"}.Sanitize()
	inner := dial(t, server.DSN)
	store := postgres.New(inner, &postgres.Options{Schema: name, SweepEvery: -1})
	ids := make([]stores.ID, 20)
	for i := range ids {
		ids[i] = mustAdd(t, store)
	}
	const rounds = 50
	for range rounds {
		// The last use must be long ago, otherwise the touch would not be
		// written.
		if _, err := inner.Exec(t.Context(), "UPDATE "+table+" SET last_seen = last_seen - interval '1 hour'"); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			// The expiry must be before the deadline, otherwise it would not
			// change.
			if _, err := store.Touch(t.Context(), id, 10*time.Minute); err != nil {
				t.Fatalf("Touch: %v", err)
			}
		}
	}
	inner.Close() // a connection reports its statistics when it ends
	want := 2 * rounds * len(ids)
	var all, hot int
	for begin := time.Now(); all < want && time.Since(begin) < patience; rest() {
		err := pool.QueryRow(t.Context(), "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = $1::text::regclass", table).Scan(&all, &hot)
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d updates were HOT", hot, all)
	// If a page is full for the moment, the row has to move to another. If an
	// index had to be written, only our own updates would be HOT, which are half
	// of them.
	if all != want || hot < want*13/20 {
		t.Errorf("got %d of %d updates HOT, want most of %d", hot, all, want)
	}
}

// expiryGivesSpaceBack fills the table twice with sessions that end, half of them
// by the deadline and half by the idle timeout.
func expiryGivesSpaceBack(t *testing.T, server *servertest.Postgres) {
	const sessions = 20_000
	pool := dial(t, server.DSN)
	store, name := open(t, pool)
	table := pgx.Identifier{name, "humasess_sessions"}.Sanitize()
	size := func(function string) int { return number(t, pool, "SELECT "+function+"($1::text::regclass)", table) }
	vacuum := func() { // like autovacuum, which is off in tests
		// INDEX_CLEANUP is needed, because few rows have died since the last
		// vacuum.
		if _, err := pool.Exec(t.Context(), "VACUUM (INDEX_CLEANUP ON) "+table); err != nil {
			t.Fatal(err)
		}
	}
	var first, last int
	for round := range 2 {
		fill(t, pool, name, sessions/2, -time.Second)
		fill(t, pool, name, sessions/2, time.Hour)
		live := mustAdd(t, store) // at the end, so that the table must stay
		last = size("pg_total_relation_size")
		if round == 0 {
			first = last
		}
		// Any number of processes sweep in parallel, and none waits.
		var swept atomic.Int64
		together(4, func(int) {
			n, err := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1}).Sweep(t.Context())
			if err != nil {
				t.Errorf("Sweep: %v", err)
			}
			swept.Add(int64(n))
		})
		if swept.Load() != sessions {
			t.Errorf("got %d swept by four, want each of %d once", swept.Load(), sessions)
		}
		if n := number(t, pool, "SELECT count(*) FROM "+table); n != 1 {
			t.Errorf("got %d rows, want the live one", n)
		}
		vacuum()
		if err := store.Delete(t.Context(), live, stores.Condition{}); err != nil {
			t.Errorf("Delete of the live one: %v", err)
		}
	}
	vacuum()
	left := size("pg_relation_size")
	t.Logf("%d bytes per session; %d bytes when full for the first time, %d for the second; %d of the table are left", first/sessions, first, last, left)
	// If space were not used again, the table would be twice as large. Indexes
	// recycle a page some transactions after it became empty.
	if last > first*8/5 {
		t.Errorf("full for the second time: got %d bytes, want about the %d of the first", last, first)
	}
	if left > 0 {
		t.Errorf("table without sessions: got %d bytes, want none", left)
	}
}

// TestSweepPassesOverHeldRows sweeps while another transaction holds expired
// rows.
func TestSweepPassesOverHeldRows(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	fill(t, pool, name, 10, -time.Second)
	fill(t, pool, name, 10, time.Hour)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM "+pgx.Identifier{name, "humasess_sessions"}.Sanitize()+" WHERE seq % 10 = 0 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Sweep(t.Context()); n != 18 || err != nil {
		t.Errorf("got %d and error %v, want the 18 that are not held", n, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("got %d and error %v, want the two that were held", n, err)
	}
}

// TestSweeperRuns lets the goroutine sweep.
func TestSweeperRuns(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	store := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: 10 * time.Millisecond})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, pool, name, 1000, time.Hour)
	fill(t, pool, name, 1000, -time.Second)
	mustAdd(t, store) // starts the sweeper
	table := pgx.Identifier{name, "humasess_sessions"}.Sanitize()
	for begin := time.Now(); number(t, pool, "SELECT count(*) FROM "+table) > 1; rest() {
		if time.Since(begin) > patience {
			t.Fatal("expired sessions stay")
		}
	}
	for range 2 {
		if err := store.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	fill(t, pool, name, 1, -time.Second)
	mustAdd(t, store) // starts no sweeper
	if n := number(t, pool, "SELECT count(*) FROM "+table); n != 3 {
		t.Errorf("after Close: got %d rows, want 3", n)
	}
}

// TestCloseWhileTheTableIsLocked closes a store whose sweeper gets no answer.
func TestCloseWhileTheTableIsLocked(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	store := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: 10 * time.Millisecond})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, store) // starts the sweeper
	table := pgx.Identifier{name, "humasess_sessions"}.Sanitize()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // the lock ends with the test
	if _, err := tx.Exec(t.Context(), "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	waiting := "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '" + table + "'::regclass"
	for begin := time.Now(); number(t, pool, waiting) == 0; rest() {
		if time.Since(begin) > patience {
			t.Fatal("the sweeper does not run")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- store.Close(ctx) }()
	select {
	case err := <-closed:
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want none or that of the context", err)
		}
	case <-time.After(patience):
		t.Error("Close does not end with its context")
	}
}
