//go:build !race

package databases_test

import (
	"path/filepath"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
)

// TestSQLiteAllocations bounds the allocations that a session in a file adds to
// an operation. The driver and database/sql make most of them.
func TestSQLiteAllocations(t *testing.T) {
	store, exec := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), nil)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec("PRAGMA synchronous = OFF") // the disk allocates nothing
	coretest.APIAllocations(t, store, 70, 160)
}
