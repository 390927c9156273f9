package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// direct connects to the shared server for hints.
func direct(tb testing.TB) func(context.Context) (*pgx.Conn, error) {
	tb.Helper()
	dsn := servertest.PostgresShared(tb).DSN
	return func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) }
}

// hinted returns a store with hints, and creates its tables.
func hinted(tb testing.TB, db postgres.DB, o *postgres.Options) *postgres.Store {
	tb.Helper()
	o.SweepEvery, o.Logger = -1, slog.New(slog.DiscardHandler)
	if o.Hints == nil {
		o.Hints = direct(tb)
	}
	store := postgres.New(db, o)
	if err := store.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return store
}

func mustDelete(ctx context.Context, t *testing.T, store stores.Store, id stores.ID) {
	t.Helper()
	if err := store.Delete(ctx, id, stores.Condition{}); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

func mustRevoke(t *testing.T, store stores.Index, except stores.ID) {
	t.Helper()
	if _, err := store.RevokeIdentity(t.Context(), "ada", except); err != nil {
		t.Fatalf("RevokeIdentity: %v", err)
	}
}

// TestHints watches in one process and ends sessions in another.
func TestHints(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	heard := watch(t, hinted(t, shared(t), &postgres.Options{Schema: name}))
	store := hinted(t, pool, &postgres.Options{Schema: name})
	ctx := t.Context()

	t.Run("deleted", func(t *testing.T) {
		id := mustAdd(t, store)
		if err := store.Delete(ctx, id, stores.Condition{Version: 2}); !errors.Is(err, stores.ErrConflict) {
			t.Errorf("Delete: got %v, want ErrConflict, and no hint", err)
		}
		mustDelete(ctx, t, store, id)
		hears(t, heard, id)
	})
	t.Run("revoked", func(t *testing.T) {
		one, kept, other := mustAdd(t, store), mustAdd(t, store), mustAdd(t, store)
		mustRevoke(t, store, kept)
		got := []stores.ID{next(t, heard), next(t, heard)} // in no order
		if !slices.Contains(got, one) || !slices.Contains(got, other) {
			t.Errorf("got %v, want %v and %v", got, one, other)
		}
		mustRevoke(t, store, stores.ID{})
		hears(t, heard, kept)
		mustRevoke(t, store, stores.ID{}) // of nothing
	})
	t.Run("evicted", func(t *testing.T) {
		old := mustAdd(t, store)
		id, err := add(ctx, store, 1)
		if err != nil {
			t.Fatal(err)
		}
		hears(t, heard, old)
		mustDelete(ctx, t, store, id)
		hears(t, heard, id)
	})
	coretest.HintsOfMany(t, store, heard)
	t.Run("with the commit", func(t *testing.T) {
		for _, end := range []string{"rolled back", "committed"} {
			inside, outside, after := mustAdd(t, store), mustAdd(t, store), mustAdd(t, store)
			tx, err := pool.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			mustDelete(postgres.WithTx(ctx, tx), t, store, inside)
			mustDelete(ctx, t, store, outside)
			if end == "committed" {
				err = tx.Commit(ctx)
			} else {
				err = tx.Rollback(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			mustDelete(ctx, t, store, after)
			want := []stores.ID{outside, inside, after}
			if end == "rolled back" {
				want = []stores.ID{outside, after}
			}
			hears(t, heard, want...)
		}
	})
	t.Run("a payload that is not an ID", func(t *testing.T) {
		if _, err := pool.Exec(ctx, "SELECT pg_notify($1, 'nonsense')", channel(name)); err != nil {
			t.Fatal(err)
		}
		hears(t, heard, stores.ID{})
	})
}

// channel returns the channel of a schema with a short name.
func channel(schema string) string { return schema + ".humasess_ended" }

// TestHintsOff shows that a store without the option does not even need the
// function that notifies.
func TestHintsOff(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	heard := watch(t, hinted(t, pool, &postgres.Options{Schema: name}))
	end := func(t *testing.T, store *postgres.Store) error {
		t.Helper()
		mustAdd(t, store)
		id, err := add(t.Context(), store, 1)
		if err != nil {
			return err
		}
		mustDelete(t.Context(), t, store, id)
		mustAdd(t, store)
		mustRevoke(t, store, stores.ID{})
		return nil
	}
	if err := end(t, store); err != nil {
		t.Fatal(err)
	}
	on := hinted(t, pool, &postgres.Options{Schema: name})
	id := mustAdd(t, on)
	mustDelete(t.Context(), t, on, id)
	hears(t, heard, id)

	if _, err := pool.Exec(t.Context(), "DROP FUNCTION "+pgx.Identifier{name, "humasess_hint_v1"}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	if err := end(t, store); err != nil {
		t.Errorf("without the function that notifies: %v", err)
	}
	err := end(t, on)
	says(t, "Create with Hints, without the function", err, "call Migrate")

	if err := store.Watch(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Watch: got %v, want ErrUnsupported", err)
	}
}

// TestHintsAfterAnOutage kills the listener's connection, and makes some
// attempts to reconnect fail.
func TestHintsAfterAnOutage(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	var calls atomic.Int32
	conns := make(chan *pgx.Conn, 10)
	connect := direct(t)
	store := hinted(t, pool, &postgres.Options{Schema: schema(t, pool), Hints: func(ctx context.Context) (*pgx.Conn, error) {
		switch calls.Add(1) {
		case 1, 3:
			return nil, errors.New("refused")
		case 4:
			return nil, nil
		}
		conn, err := connect(ctx)
		if err == nil {
			conns <- conn
		}
		return conn, err
	}})
	heard := watch(t, store)
	var first *pgx.Conn
	for round := range 2 {
		id := mustAdd(t, store)
		mustDelete(t.Context(), t, store, id)
		hears(t, heard, id)
		conn := <-conns
		if round == 1 {
			break
		}
		first = conn
		if _, err := pool.Exec(t.Context(), "SELECT pg_terminate_backend($1)", conn.PgConn().PID()); err != nil {
			t.Fatal(err)
		}
		hears(t, heard, stores.ID{})
	}
	if !first.IsClosed() {
		t.Error("the connection that was lost is not closed")
	}
	if got := calls.Load(); got != 5 {
		t.Errorf("got %d calls of Hints, want 5", got)
	}
}

// TestWatchEnds shows that Watch leaves no connection behind.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	var conn *pgx.Conn
	connect := direct(t)
	store := hinted(t, pool, &postgres.Options{Schema: schema(t, pool), Hints: func(ctx context.Context) (c *pgx.Conn, err error) {
		conn, err = connect(ctx)
		return conn, err
	}})
	ctx, cancel := context.WithCancel(t.Context())
	if err := store.Watch(ctx, func(stores.ID) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if !conn.IsClosed() {
		t.Error("the connection is open")
	}
}

func TestHintsOfHostileNames(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	home := schema(t, pool)
	longest := strings.Repeat("p", 39)
	prefixes := append([]string{longest + "1", longest + "2"}, hostile...)
	for i, prefix := range prefixes {
		t.Run(fmt.Sprintf("%q", prefix), func(t *testing.T) {
			store := hinted(t, pool, &postgres.Options{Schema: home, Prefix: prefix})
			heard := watch(t, store)
			if i == 1 { // names that differ only in the part that the server would cut
				first := hinted(t, pool, &postgres.Options{Schema: home, Prefix: prefixes[0]})
				mustDelete(t.Context(), t, first, mustAdd(t, first))
			}
			id := mustAdd(t, store)
			mustDelete(t.Context(), t, store, id)
			hears(t, heard, id)
		})
	}
}

// TestHintsBesidePgBouncer writes through a pool in transaction mode and
// listens on a separate connection, which also works with the simple protocol.
func TestHintsBesidePgBouncer(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	name := schema(t, shared(t))
	pool := dial(t, server.StartPgBouncer(t).DSN, func(c *pgxpool.Config) {
		c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	})
	store := hinted(t, pool, &postgres.Options{Schema: name})
	heard := watch(t, store)
	old := mustAdd(t, store)
	if _, err := add(t.Context(), store, 1); err != nil {
		t.Fatal(err)
	}
	hears(t, heard, old)
}
