package postgres_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/storetest"
)

func TestRevocations(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	open := func(t *testing.T) *postgres.Revocations {
		_, schema := open(t, pool)
		r := postgres.NewRevocations(pool, &postgres.Options{Schema: schema})
		for range 2 {
			if err := r.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
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
