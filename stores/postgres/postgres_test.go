package postgres_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	storetest.Run(t, func(t *testing.T) stores.Store {
		store, _ := open(t, pool)
		return store
	}, &storetest.Options{Unit: 100 * time.Millisecond, Rounds: 25})
}

func TestConformanceWithHints(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	storetest.Run(t, func(t *testing.T) stores.Store {
		return hinted(t, pool, &postgres.Options{Schema: schema(t, pool)})
	}, &storetest.Options{Unit: 100 * time.Millisecond, Rounds: 5})
}
