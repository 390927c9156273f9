package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// started creates a session of an identity and returns the answer of the store.
func started(ctx context.Context, t *testing.T, store stores.Store, identity string) stores.Created {
	t.Helper()
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	created, err := store.Create(ctx, stores.Create{ID: id, Identity: identity, Idle: time.Hour, Absolute: time.Hour})
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return created
}

func mustMark(ctx context.Context, t *testing.T, store stores.Marker, identity string) stores.Changed {
	t.Helper()
	changed, err := store.MarkChanged(ctx, identity)
	if err != nil || changed.Mark == 0 {
		t.Fatalf("MarkChanged: got %+v and error %v", changed, err)
	}
	return changed
}

// shift moves all marks of a store in time, as if the clock had been set.
func shift(t *testing.T, pool *pgxpool.Pool, schema string, by time.Duration) {
	t.Helper()
	_, err := pool.Exec(t.Context(), "UPDATE "+pgx.Identifier{schema, "humasess_marks"}.Sanitize()+
		" SET at = at + $1::bigint * interval '1 microsecond'", by.Microseconds())
	if err != nil {
		t.Fatal(err)
	}
}

func TestMarksOfChanges(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	ctx := t.Context()
	if got := started(ctx, t, store, "ada"); got.ChangeMark != 0 {
		t.Errorf("before: got mark %d, want none", got.ChangeMark)
	}
	if _, err := store.MarkChanged(ctx, ""); !errors.Is(err, stores.ErrNoIdentity) {
		t.Errorf("identity \"\": got %v, want ErrNoIdentity", err)
	}
	if _, err := store.MarkChanged(ctx, strings.Repeat("a", 1025)); !errors.Is(err, stores.ErrTooLarge) {
		t.Errorf("a long identity: got %v, want ErrTooLarge", err)
	}
	first := mustMark(ctx, t, store, "ada")
	if first.Ago != stores.NotRevoked {
		t.Errorf("the first: got %v ago, want NotRevoked", first.Ago)
	}
	got := started(ctx, t, store, "ada")
	if got.ChangeMark != first.Mark || got.ChangedAgo < 0 || got.ChangedAgo > patience || got.Mark != 0 || got.RevokedAgo != stores.NotRevoked {
		t.Errorf("got %+v, want change %d and no revocation", got, first.Mark)
	}
	if got := started(ctx, t, store, "bob"); got.ChangeMark != 0 {
		t.Errorf("another identity: got mark %d, want none", got.ChangeMark)
	}
	revoked, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
	if err != nil || revoked.Count != 2 || revoked.Ago != stores.NotRevoked {
		t.Errorf("RevokeIdentity: got %+v and error %v, want the sessions that a mark has not ended", revoked, err)
	}
	second := mustMark(ctx, t, store, "ada")
	if second.Mark == first.Mark || second.Mark == revoked.Mark || second.Ago < 0 {
		t.Errorf("got %+v after %+v, want another mark", second, first)
	}
	if got := started(ctx, t, store, "ada"); got.ChangeMark != second.Mark || got.Mark != revoked.Mark {
		t.Errorf("got %+v, want change %d and revocation %d", got, second.Mark, revoked.Mark)
	}
	shift(t, pool, name, -stores.RevocationRetention-time.Second)
	if got := started(ctx, t, store, "ada"); got.ChangeMark != 0 || got.Mark != 0 || got.RevokedAgo != stores.NotRevoked {
		t.Errorf("an hour later: got %+v, want no marks", got)
	}
}

// TestAge shows that a create is refused if its request began before a mark.
func TestAge(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	ctx := t.Context()
	old := mustAdd(t, store)
	start := func(age time.Duration) error {
		id, err := stores.RandomID()
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Create(ctx, stores.Create{
			ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Age: age, Replaces: []stores.Replaced{{ID: old, Version: 1}},
		})
		if err != nil {
			if records, failed := store.List(ctx, "ada"); failed != nil || len(records) != 1 || records[0].ID != old {
				t.Errorf("after %v: got %d sessions and error %v, want the old one", err, len(records), failed)
			}
		}
		return err
	}
	mustMark(ctx, t, store, "ada")
	if err := start(time.Minute); !errors.Is(err, stores.ErrChanged) {
		t.Errorf("since a change: got %v, want ErrChanged", err)
	}
	if _, err := store.RevokeIdentity(ctx, "ada", old); err != nil {
		t.Fatal(err)
	}
	if err := start(time.Minute); !errors.Is(err, stores.ErrRevoked) {
		t.Errorf("since a revocation: got %v, want ErrRevoked", err)
	}
	shift(t, pool, name, -2*time.Minute)
	if err := start(time.Minute); err != nil {
		t.Errorf("begun afterwards: got %v, want a session", err)
	}
}

// TestMarkFromTheFuture sets the clock back. Then a mark counts as left now,
// and not until the clock reaches it again.
func TestMarkFromTheFuture(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	ctx := t.Context()
	const ahead = 30 * time.Minute
	for _, tt := range []struct {
		name string
		call func(*testing.T, *postgres.Store) time.Duration // the age that it returns
	}{
		{"Create", func(t *testing.T, store *postgres.Store) time.Duration {
			got := started(ctx, t, store, "ada")
			return max(got.RevokedAgo, got.ChangedAgo)
		}},
		{"RevokeIdentity", func(t *testing.T, store *postgres.Store) time.Duration {
			revoked, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
			if err != nil {
				t.Fatal(err)
			}
			return revoked.Ago
		}},
		{"MarkChanged", func(t *testing.T, store *postgres.Store) time.Duration { return mustMark(ctx, t, store, "ada").Ago }},
		{"Sweep", func(t *testing.T, store *postgres.Store) time.Duration {
			if _, err := store.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			return 0
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store, name := open(t, pool)
			late := func() int {
				return number(t, pool, "SELECT count(*) FROM "+pgx.Identifier{name, "humasess_marks"}.Sanitize()+" WHERE at > clock_timestamp()")
			}
			if _, err := store.Clear(ctx, nil); err != nil {
				t.Fatal(err)
			}
			revoked, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
			if err != nil {
				t.Fatal(err)
			}
			changed := mustMark(ctx, t, store, "ada")
			shift(t, pool, name, ahead)
			if got := late(); got != 3 {
				t.Fatalf("got %d marks from the future, want 3", got)
			}
			if got := tt.call(t, store); got != 0 {
				t.Errorf("got %v ago, want now", got)
			}
			if got := late(); got != 0 {
				t.Errorf("got %d marks that are still from the future, want none", got)
			}
			switch got := started(ctx, t, store, "ada"); {
			case tt.name == "RevokeIdentity" && (got.Mark == revoked.Mark || got.ChangeMark != changed.Mark),
				tt.name == "MarkChanged" && got.ChangeMark == changed.Mark,
				tt.name == "Create" && got.ChangeMark != changed.Mark:
				t.Errorf("got %+v after %+v and %+v, want rewritten marks to keep their names and new ones to differ", got, revoked, changed)
			}
		})
	}
	t.Run("a change alone", func(t *testing.T) {
		store, name := open(t, pool)
		changed := mustMark(ctx, t, store, "ada")
		shift(t, pool, name, ahead)
		if got := started(ctx, t, store, "ada"); got.ChangeMark != changed.Mark || got.ChangedAgo != 0 {
			t.Errorf("got %+v, want change %d of now", got, changed.Mark)
		}
		if got := number(t, pool, "SELECT count(*) FROM "+pgx.Identifier{name, "humasess_marks"}.Sanitize()+" WHERE at > clock_timestamp()"); got != 0 {
			t.Error("the mark is still from the future")
		}
	})
	t.Run("held by another call", func(t *testing.T) {
		store, name := open(t, pool)
		if _, err := store.Clear(ctx, nil); err != nil {
			t.Fatal(err)
		}
		shift(t, pool, name, ahead)
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		started(postgres.WithTx(ctx, tx), t, store, "ada")
		short, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if got := started(short, t, store, "bob"); got.RevokedAgo != 0 {
			t.Errorf("got %v ago, want now", got.RevokedAgo)
		}
	})
}

// TestMarkInTransaction shows that a mark counts from the end of the caller's
// transaction, under a new name, because other requests read the old roles
// until then.
func TestMarkInTransaction(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	ctx := t.Context()
	for _, end := range []string{"commit", "rollback"} {
		t.Run(end, func(t *testing.T) {
			identity := "ada " + end
			before := mustMark(ctx, t, store, identity)
			tx, err := pool.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.Background()) }()
			inside := postgres.WithTx(ctx, tx)
			changed := mustMark(inside, t, store, identity)
			if got := started(inside, t, store, identity); got.ChangeMark != changed.Mark {
				t.Errorf("inside: got mark %d, want %d", got.ChangeMark, changed.Mark)
			}
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			_, err = store.Create(short, stores.Create{ID: stores.ID{1}, Identity: identity, Idle: time.Hour, Absolute: time.Hour})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("outside meanwhile: got %v, want that it waits", err)
			}
			begun := time.Now() // the start of a request that reads the old roles
			if end == "commit" {
				err = tx.Commit(ctx)
			} else {
				err = tx.Rollback(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := started(ctx, t, store, identity)
			if end == "rollback" {
				if got.ChangeMark != before.Mark {
					t.Errorf("got mark %d, want %d as before", got.ChangeMark, before.Mark)
				}
				return
			}
			if got.ChangeMark == changed.Mark || got.ChangeMark == before.Mark || got.ChangedAgo > time.Since(begun) {
				t.Errorf("got %+v, want another name than %d and a mark since %v", got, changed.Mark, time.Since(begun))
			}
			// The name that a call outside a transaction returns does not
			// change.
			after := mustMark(ctx, t, store, identity)
			if got := started(ctx, t, store, identity); got.ChangeMark != after.Mark {
				t.Errorf("a mark afterwards: got %d, want %d", got.ChangeMark, after.Mark)
			}
		})
	}
	t.Run("a revocation afterwards keeps its name", func(t *testing.T) {
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.RevokeIdentity(postgres.WithTx(ctx, tx), "eve", stores.ID{}); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		revoked, err := store.RevokeIdentity(ctx, "eve", stores.ID{})
		if err != nil {
			t.Fatal(err)
		}
		if got := started(ctx, t, store, "eve"); got.Mark != revoked.Mark {
			t.Errorf("got mark %d, want %d", got.Mark, revoked.Mark)
		}
	})
}
