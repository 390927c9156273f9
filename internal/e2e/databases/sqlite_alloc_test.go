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
	handler, _ := coretest.Serve(t, store, nil, coretest.Hooks{})
	c := coretest.SignIn(t, handler, "ada")
	for _, tt := range []struct {
		name, method, path string
		most               float64
	}{
		{"read", "GET", "/me", 72},
		{"modify", "POST", "/count", 168},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := coretest.AllocationsOverBare(t, handler, c, tt.method, tt.path)
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("got %v allocations over bare huma, want %v at most", got, tt.most)
			}
		})
	}
}
