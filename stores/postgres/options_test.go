package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

// hostile are names that need careful quotes. The rest of the prefix keeps
// tests apart.
var hostile = []string{
	`"; DROP TABLE victim; --`, `'; DROP TABLE victim; --`, `\'; DROP TABLE victim`, `$body0$; DROP TABLE victim`,
	"{sessions}{create}", `a."b"`, "UPPER lower", "ünï", "line\nbreak", "select", "%s %d",
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	ctx := t.Context()
	home := schema(t, pool)
	quoted := pgx.Identifier{home}.Sanitize()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA "+quoted+"; CREATE TABLE "+quoted+".victim ()"); err != nil {
		t.Fatal(err)
	}
	use := func(t *testing.T, o postgres.Options) {
		o.SweepEvery = -1
		store := postgres.New(pool, &o)
		for range 2 {
			if err := store.Migrate(ctx); err != nil {
				t.Fatalf("Migrate: %v", err)
			}
		}
		id := mustAdd(t, store)
		if _, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("x")}); err != nil {
			t.Errorf("Update: %v", err)
		}
		if _, err := store.Touch(ctx, id, time.Hour); err != nil {
			t.Errorf("Touch: %v", err)
		}
		if records, err := store.List(ctx, "ada"); err != nil || len(records) != 1 || string(records[0].Payload) != "x" {
			t.Errorf("List: got %d records and error %v, want one", len(records), err)
		}
		if _, err := store.Sweep(ctx); err != nil {
			t.Errorf("Sweep: %v", err)
		}
		if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
			t.Errorf("RevokeIdentity: %v", err)
		}
		if err := store.Delete(ctx, id, stores.Condition{}); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Delete: got %v, want ErrNotFound", err)
		}
		if _, err := pool.Exec(ctx, "SELECT FROM "+quoted+".victim"); err != nil {
			t.Errorf("the victim: %v", err)
		}
	}
	for i, name := range hostile {
		t.Run(fmt.Sprintf("prefix %q", name), func(t *testing.T) { use(t, postgres.Options{Schema: home, Prefix: name}) })
		t.Run(fmt.Sprintf("schema %q", name), func(t *testing.T) {
			schema := fmt.Sprintf("%s %d %s", name, i, home[:20])
			t.Cleanup(func() {
				if _, err := pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
					t.Error(err)
				}
			})
			use(t, postgres.Options{Schema: schema})
		})
	}
	t.Run("the longest prefixes", func(t *testing.T) {
		use(t, postgres.Options{Schema: home, Prefix: strings.Repeat("p", 39) + "1"})
		use(t, postgres.Options{Schema: home, Prefix: strings.Repeat("p", 39) + "2"})
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		db   postgres.DB
		o    postgres.Options
		want string
	}{
		{"nil DB", nil, postgres.Options{}, "nil DB"},
		{"a prefix that PostgreSQL would cut", &pgx.Conn{}, postgres.Options{Prefix: strings.Repeat("p", 41)}, "Prefix"},
		{"NUL in a prefix", &pgx.Conn{}, postgres.Options{Prefix: "a\x00"}, "Prefix"},
		{"a schema that PostgreSQL would cut", &pgx.Conn{}, postgres.Options{Schema: strings.Repeat("s", 64)}, "Schema"},
		{"NUL in a schema", &pgx.Conn{}, postgres.Options{Schema: "\x00"}, "Schema"},
		{"negative bound", &pgx.Conn{}, postgres.Options{MaxPayload: -1}, "MaxPayload"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "postgres: New called with") || !strings.Contains(got, tt.want) {
					t.Errorf("got panic %q, want %q in it", got, tt.want)
				}
			}()
			postgres.New(tt.db, &tt.o)
		})
	}
}

// TestMigrateTogether migrates from ten processes in parallel.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	for round := range 3 {
		together(10, func(int) {
			store := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1})
			if err := store.Migrate(t.Context()); err != nil {
				t.Errorf("round %d: %v", round, err)
				return
			}
			if _, err := add(t.Context(), store, 0); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		})
	}
	records, err := postgres.New(pool, &postgres.Options{Schema: name}).List(t.Context(), "ada")
	if len(records) != 30 || err != nil {
		t.Errorf("got %d sessions and error %v, want 30", len(records), err)
	}
}

func TestSchemaByOtherMeans(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	if _, err := pool.Exec(t.Context(), postgres.Schema(&postgres.Options{Schema: name})); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1}))
}

func TestForeignShape(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	for _, tt := range []struct{ name, spoil string }{
		{"column missing", `ALTER TABLE %s."humasess_sessions" DROP COLUMN payload`},
		{"table missing", `DROP TABLE %s."humasess_sessions"`},
		{"function missing", `DROP FUNCTION %[1]s."humasess_create_v2"`},
		{"schema missing", `DROP SCHEMA %s CASCADE`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store, name := open(t, pool)
			if _, err := pool.Exec(t.Context(), fmt.Sprintf(tt.spoil, pgx.Identifier{name}.Sanitize())); err != nil {
				t.Fatal(err)
			}
			_, err := add(t.Context(), store, 0)
			says(t, "Create", err, "call Migrate")
			handler, _ := serve(t, store, nil, hooks{})
			signInFails(t, handler)
			err = store.Migrate(t.Context())
			switch {
			case tt.name == "column missing":
				says(t, "Migrate", err, "another shape", "payload")
			case err != nil:
				t.Errorf("Migrate: %v", err)
			default:
				mustAdd(t, store)
			}
		})
	}
}

func TestMaxPayload(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	store := postgres.New(pool, &postgres.Options{Schema: name, MaxPayload: 7, SweepEvery: -1})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := mustAdd(t, store)
	large := []byte("payload!")
	_, err := store.Update(t.Context(), stores.Update{ID: id, Version: 1, Payload: large})
	if !errors.Is(err, stores.ErrTooLarge) {
		t.Errorf("Update: got %v, want ErrTooLarge", err)
	}
	says(t, "Update", err, "8 bytes, 7 allowed")
	if r, err := store.Load(t.Context(), id); err != nil || r.Version != 1 || string(r.Payload) != "payload" {
		t.Errorf("got %q at version %d and error %v, want it as it was", r.Payload, r.Version, err)
	}
	_, err = store.Create(t.Context(), stores.Create{ID: stores.ID{1}, Payload: large, Idle: time.Hour, Absolute: time.Hour})
	if !errors.Is(err, stores.ErrTooLarge) {
		t.Errorf("Create: got %v, want ErrTooLarge", err)
	}
	if _, err := store.Load(t.Context(), stores.ID{1}); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("Load: got %v, want ErrNotFound", err)
	}
}

// TestMaxIdentity shows that an identity too long for an index is refused,
// without an abort of the caller's transaction.
func TestMaxIdentity(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	ctx := postgres.WithTx(t.Context(), tx)
	// The text must not compress, because the server judges the compressed
	// length.
	random := make([]byte, 3000)
	_, _ = rand.Read(random)
	for _, n := range []int{1025, 3000} {
		identity := string(random[:n])
		c := stores.Create{ID: stores.ID{1}, Identity: identity, Idle: time.Hour, Absolute: time.Hour}
		_, err = store.Create(ctx, c)
		if !errors.Is(err, stores.ErrTooLarge) {
			t.Errorf("Create: got %v, want ErrTooLarge", err)
		}
		says(t, "Create", err, fmt.Sprintf("%d bytes, 1024 allowed", n))
		if _, err := store.RevokeIdentity(ctx, identity, stores.ID{}); !errors.Is(err, stores.ErrTooLarge) {
			t.Errorf("RevokeIdentity: got %v, want ErrTooLarge", err)
		}
		if records, err := store.List(ctx, identity); len(records) != 0 || err != nil {
			t.Errorf("List: got %d records and error %v, want none", len(records), err)
		}
		if _, err := store.Load(ctx, stores.ID{1}); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load: got %v, want ErrNotFound", err)
		}
	}
	longest := string(random[:1024])
	if _, err := store.Create(ctx, stores.Create{ID: stores.ID{1}, Identity: longest, Idle: time.Hour, Absolute: time.Hour}); err != nil {
		t.Errorf("Create: %v", err)
	}
	if r, err := store.RevokeIdentity(ctx, longest, stores.ID{}); r.Count != 1 || err != nil {
		t.Errorf("RevokeIdentity: got %d and error %v, want 1", r.Count, err)
	}
}
