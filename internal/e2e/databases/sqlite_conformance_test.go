package databases_test

import (
	"path/filepath"
	"testing"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/humasess/sessions/stores/storetest"
)

// TestSQLiteConformance runs the suite on a file and in memory.
func TestSQLiteConformance(t *testing.T) {
	t.Parallel()
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) stores.Store {
			return openAt(t, "sqlite", filepath.Join(t.TempDir(), "sessions.db"))
		}, &storetest.Options{Rounds: rounds})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) stores.Store {
			db := openFile(t, ":memory:")
			db.SetMaxOpenConns(1)
			store := sqlite.New(db, nil)
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close(t.Context()) })
			return store
		}, &storetest.Options{Rounds: rounds})
	})
}
