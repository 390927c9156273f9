package postgres_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/storetest"
	"github.com/jackc/pgx/v5/pgxpool"
)

func openRevocations(t *testing.T, pool *pgxpool.Pool) *postgres.Revocations {
	t.Helper()
	_, schema := open(t, pool)
	r := postgres.NewRevocations(pool, &postgres.Options{Schema: schema})
	for range 2 {
		if err := r.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestRevocationTrips counts what goes over the wire.
func TestRevocationTrips(t *testing.T) {
	t.Parallel()
	pool, schema, proxy := countedPool(t)
	r := postgres.NewRevocations(pool, &postgres.Options{Schema: schema})
	if err := r.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func(n byte) error{
		"Check": func(n byte) error { _, err := r.Check(t.Context(), stores.ID{n}, "ada"); return err },
		"CheckMany of three": func(n byte) error {
			_, err := r.CheckMany(t.Context(), []stores.Subject{{ID: stores.ID{n}, Identity: "ada"}, {ID: stores.ID{2}}, {Identity: "eve"}})
			return err
		},
		"End":            func(n byte) error { return r.End(t.Context(), stores.ID{n, 1}, time.Hour) },
		"RevokeIdentity": func(byte) error { _, err := r.RevokeIdentity(t.Context(), "ada"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(1); err != nil { // prepares the statement
				t.Fatal(err)
			}
			proxy.Trips()
			if err := run(2); err != nil {
				t.Fatal(err)
			}
			if got := proxy.Trips(); got != 1 {
				t.Errorf("got %d round trips, want 1", got)
			}
		})
	}
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	open := func(t *testing.T) *postgres.Revocations { return openRevocations(t, pool) }
	storetest.RunRevocations(t, func(t *testing.T) stores.Revocations { return open(t) })
	t.Run("marks that are due go", func(t *testing.T) {
		r := open(t)
		due, other := stores.ID{1}, stores.ID{2}
		if err := r.End(t.Context(), due, -time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := r.End(t.Context(), other, time.Hour); err != nil {
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
