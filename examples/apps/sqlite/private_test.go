//go:build !windows

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestPrivateFile checks that only the owner may open the file and the files
// that SQLite puts beside it.
func TestPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close(context.WithoutCancel(t.Context())) }()
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		stat, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := stat.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: got %v, want %v", filepath.Base(name), got, os.FileMode(0o600))
		}
	}
}
