package postgres_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// crowd adds sessions, each of its own identity, in one statement.
func crowd(t *testing.T, db *pgxpool.Pool, schema string, from, to int) {
	t.Helper()
	table := pgx.Identifier{schema, "humasess_sessions"}.Sanitize()
	_, err := db.Exec(t.Context(), `INSERT INTO `+table+` (version, last_seen, expires, deadline, id, identity, payload)
		SELECT 1, now(), now() + interval '1 hour', now() + interval '1 day', decode(md5(i::text), 'hex'), ('user' || i)::bytea, 'crowd'
		FROM generate_series($1::int, $2::int) i`, from, to)
	if err == nil {
		_, err = db.Exec(t.Context(), "VACUUM ANALYZE "+table)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCostIsFlat counts the rows of the table that each call reads. It does so
// in a separate transaction, where the server reports them at once. Each call
// reads only rows of that user, found by an index, with any number of other
// users.
func TestCostIsFlat(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	const own = 50
	many := stores.Create{Identity: "ada", Payload: []byte("x"), Idle: time.Hour, Absolute: time.Hour}
	var ids []stores.ID
	create := func(ctx context.Context, identity string, limit int, refuse bool) error {
		c := many
		c.Identity, c.Limit, c.Refuse = identity, limit, refuse
		var err error
		if c.ID, err = stores.RandomID(); err != nil {
			return err
		}
		ids = append(ids, c.ID)
		_, err = store.Create(ctx, c)
		return err
	}
	for range own {
		if err := create(t.Context(), "ada", 0, false); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		run  func(ctx context.Context) error
		most int // rows
	}{
		{"Load", func(ctx context.Context) error { _, err := store.Load(ctx, ids[0]); return err }, 1},
		{"List", func(ctx context.Context) error {
			records, err := store.List(ctx, "ada")
			if len(records) != own {
				t.Errorf("List: got %d sessions, want %d", len(records), own)
			}
			return err
		}, own},
		{"Delete of an own one", func(ctx context.Context) error {
			return store.Delete(ctx, ids[0], stores.Condition{Identity: "ada"})
		}, 3},
		{"RevokeIdentity", func(ctx context.Context) error {
			_, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
			return err
		}, own},
		{"Create", func(ctx context.Context) error { return create(ctx, "ada", 0, false) }, 1},
		{"Create that evicts", func(ctx context.Context) error { return create(ctx, "ada", own, false) }, 6 * own},
		{"Create that is refused", func(ctx context.Context) error {
			if err := create(ctx, "ada", own, true); err != stores.ErrLimit {
				t.Errorf("Create: got %v, want %v", err, stores.ErrLimit)
			}
			return nil
		}, 4 * own},
		{"a page of Scan", func(ctx context.Context) error {
			page, err := store.Scan(ctx, nil, "", 20)
			if len(page.Records) != 20 || page.Next == "" {
				t.Errorf("Scan: got %d sessions, next %q, want 20 and more", len(page.Records), page.Next)
			}
			return err
		}, 21},
	}
	// While a transaction is open, no row counts as visible to all. So the planner, which
	// looks at the first key of the index, always reads its row, and not only when
	// another test has a transaction.
	open, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := open.Exec(t.Context(), "SELECT txid_current()"); err != nil {
		t.Fatal(err)
	}
	costs := map[int]map[string]int{}
	for _, others := range []int{1000, 20_000} {
		crowd(t, pool, name, len(costs)*1000+1, others)
		cost := map[string]int{}
		for _, tt := range tests {
			tx, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var scans, rows, before, past int
			stats := func(scans, rows *int) {
				err := tx.QueryRow(t.Context(), `SELECT seq_scan, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
					WHERE schemaname = $1 AND relname = 'humasess_sessions'`, name).Scan(scans, rows)
				if err != nil {
					t.Fatal(err)
				}
			}
			stats(&before, &past)
			if err := tt.run(postgres.WithTx(t.Context(), tx)); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			stats(&scans, &rows)
			scans, rows = scans-before, rows-past
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			cost[tt.name] = rows
			if scans != 0 || rows > tt.most {
				t.Errorf("%s beside %d sessions: got %d scans of the table and %d rows read, want none and %d at most", tt.name, others, scans, rows, tt.most)
			}
		}
		costs[others] = cost
		t.Logf("%d others: %v", others, cost)
	}
	if !maps.Equal(costs[1000], costs[20_000]) {
		t.Errorf("rows read: got %v beside 1000 sessions and %v beside 20000, want the same", costs[1000], costs[20_000])
	}
}

// TestClearAwaitsTransactions clears while an open transaction that began
// before has created a session.
func TestClearAwaitsTransactions(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	ctx := t.Context()
	for _, identity := range []string{"ada", ""} {
		t.Run(fmt.Sprintf("R4 identity %q", identity), func(t *testing.T) {
			tx, err := pool.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(ctx) }()
			id, err := stores.RandomID()
			if err != nil {
				t.Fatal(err)
			}
			c := stores.Create{ID: id, Identity: identity, Idle: time.Hour, Absolute: time.Hour}
			before, err := store.Create(postgres.WithTx(ctx, tx), c)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan stores.Cleared, 1)
			go func() {
				cleared, err := store.Clear(ctx, nil)
				if err != nil {
					t.Errorf("Clear: %v", err)
				}
				done <- cleared
			}()
			// Once the mark is there, Clear waits only for the transaction.
			for marked := before; marked.Mark == before.Mark; rest() {
				other := c
				other.Identity = "bob" // no other transaction holds the lock of bob
				if other.ID, err = stores.RandomID(); err != nil {
					t.Fatal(err)
				}
				if marked, err = store.Create(ctx, other); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-done:
				t.Error("Clear has returned before the transaction ended")
			case <-time.After(200 * time.Millisecond): // enough time for a broken Clear to return
			}
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			if cleared := <-done; cleared.Mark == before.Mark {
				t.Errorf("Clear: got mark %d, which the Create before has reported", cleared.Mark)
			}
			if _, err := store.Load(ctx, id); err != stores.ErrNotFound {
				t.Errorf("Load of the transaction's session: got %v, want %v", err, stores.ErrNotFound)
			}
		})
	}
	t.Run("in the caller's transaction it is refused", func(t *testing.T) {
		id := mustAdd(t, store)
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(ctx) }()
		if _, err := store.Clear(postgres.WithTx(ctx, tx), nil); err == nil {
			t.Error("Clear: got no error")
		}
		if _, err := store.Load(ctx, id); err != nil {
			t.Errorf("Load afterwards: %v", err)
		}
	})
}

// TestClearSlices clears sessions in several slices, and must leave other
// sessions.
func TestClearSlices(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, proxy := counted(t, postgres.Options{Hints: direct(t)})
	heard := watch(t, store)
	id := mustAdd(t, store)
	if _, err := store.Clear(t.Context(), []byte("nothing")); err != nil { // prepares the statements
		t.Fatal(err)
	}
	proxy.Trips()
	cleared, err := store.Clear(t.Context(), []byte("payload"))
	if err != nil || cleared.Count != 1 {
		t.Errorf("Clear: got %d and error %v, want 1", cleared.Count, err)
	}
	if got := proxy.Trips(); got != 3 { // the mark, the running creates, one slice
		t.Errorf("got %d round trips, want 3", got)
	}
	hears(t, heard, id)

	large, name := open(t, pool)
	crowd(t, pool, name, 1, 3500)
	left := mustAdd(t, large)
	if cleared, err := large.Clear(t.Context(), []byte("crowd")); err != nil || cleared.Count != 3500 {
		t.Errorf("Clear: got %d and error %v, want 3500", cleared.Count, err)
	}
	if n, err := large.Count(t.Context(), nil); err != nil || n != 1 {
		t.Errorf("Count afterwards: got %d and error %v, want 1", n, err)
	}
	if _, err := large.Load(t.Context(), left); err != nil {
		t.Errorf("Load of a session with another head: %v", err)
	}
}
