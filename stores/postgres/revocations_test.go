package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/storetest"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func openRevocations(t *testing.T, pool *pgxpool.Pool) *postgres.Revocations {
	t.Helper()
	r, _ := revocationsIn(t, pool)
	return r
}

// revocationsIn also returns the schema.
func revocationsIn(t *testing.T, pool *pgxpool.Pool) (*postgres.Revocations, string) {
	t.Helper()
	_, schema := open(t, pool)
	r := postgres.NewRevocations(pool, &postgres.Options{Schema: schema})
	for range 2 {
		if err := r.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return r, schema
}

// TestRevocationTrips counts the round trips of each call.
func TestRevocationTrips(t *testing.T) {
	t.Parallel()
	pool, schema, proxy := countedPool(t)
	r := postgres.NewRevocations(pool, &postgres.Options{Schema: schema})
	if err := r.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	coretest.RevocationTrips(t, r, proxy.Trips)
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	open := func(t *testing.T) *postgres.Revocations { return openRevocations(t, pool) }
	storetest.RunRevocations(t, func(t *testing.T) stores.Revocations { return open(t) })
	t.Run("a mark from the future counts as now, and is rewritten", func(t *testing.T) {
		r, name := revocationsIn(t, pool)
		table := pgx.Identifier{name, "humasess_revoked"}.Sanitize()
		for _, by := range []string{"Check", "CheckMany", "RevokeIdentity"} {
			revoked, err := r.RevokeIdentity(t.Context(), "ada", 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(t.Context(), "UPDATE "+table+" SET at = at + interval '1 hour' WHERE key <> ''"); err != nil {
				t.Fatal(err)
			}
			var st stores.Standing
			switch by {
			case "Check":
				st, err = r.Check(t.Context(), stores.ID{1}, "ada")
			case "CheckMany":
				var all []stores.Standing
				all, err = r.CheckMany(t.Context(), []stores.Subject{{ID: stores.ID{1}}, {ID: stores.ID{2}, Identity: "ada"}})
				st = all[len(all)-1]
			default:
				var again stores.Revoked
				again, err = r.RevokeIdentity(t.Context(), "ada", 0)
				if again.Before != revoked.Mark || again.Mark == revoked.Mark {
					t.Errorf("%s: got %+v after %+v, want another mark", by, again, revoked)
				}
				st = stores.Standing{Mark: revoked.Mark, RevokedAgo: again.Ago}
			}
			if err != nil || st.Mark != revoked.Mark || st.RevokedAgo != 0 {
				t.Errorf("%s: got %+v and error %v, want mark %d of now", by, st, err, revoked.Mark)
			}
			if n := number(t, pool, "SELECT count(*) FROM "+table+" WHERE at > clock_timestamp()"); n != 0 {
				t.Errorf("%s: the mark is still from the future", by)
			}
		}
	})
	t.Run("a later end lasts as long as it says", func(t *testing.T) {
		r := open(t)
		if err := r.End(t.Context(), stores.ID{1}, -time.Hour, 0); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := r.End(t.Context(), stores.ID{1}, time.Hour, 0); !errors.Is(err, stores.ErrNotFound) {
				t.Errorf("again: got %v, want ErrNotFound", err)
			}
		}
		if err := r.End(t.Context(), stores.ID{2}, time.Hour, 0); err != nil { // sweeps
			t.Fatal(err)
		}
		if st, err := r.Check(t.Context(), stores.ID{1}, ""); err != nil || !st.Ended {
			t.Errorf("got %+v, %v, want it kept", st, err)
		}
	})
	t.Run("a steady state does not grow", func(t *testing.T) {
		r, name := revocationsIn(t, pool)
		for n := range 100 {
			if err := r.End(t.Context(), stores.ID{byte(n), 1}, -time.Second, 0); err != nil {
				t.Fatal(err)
			}
		}
		if n := number(t, pool, "SELECT count(*) FROM "+pgx.Identifier{name, "humasess_revoked"}.Sanitize()); n > 3 {
			t.Errorf("got %d rows, want the last and the era", n)
		}
	})
	t.Run("marks that are due go", func(t *testing.T) {
		r := open(t)
		due, other := stores.ID{1}, stores.ID{2}
		if err := r.End(t.Context(), due, -time.Hour, 0); err != nil {
			t.Fatal(err)
		}
		if err := r.End(t.Context(), other, time.Hour, 0); err != nil {
			t.Fatal(err)
		}
		if st, err := r.Check(t.Context(), due, ""); err != nil || st.Ended {
			t.Errorf("due: got %+v, %v, want it gone", st, err)
		}
		if st, err := r.Check(t.Context(), other, ""); err != nil || !st.Ended {
			t.Errorf("not due: got %+v, %v, want it kept", st, err)
		}
	})
}
