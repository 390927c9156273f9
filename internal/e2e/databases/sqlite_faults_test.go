package databases_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
)

func create(t *testing.T, store stores.Store, payload []byte) (stores.ID, error) {
	t.Helper()
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Create(t.Context(), stores.Create{ID: id, Identity: "ada", Payload: payload, Idle: time.Hour, Absolute: time.Hour})
	return id, err
}

// openOne opens a store with one connection, whose settings the test may
// change.
func openOne(t *testing.T, path string, opts *sqlite.Options) (*sqlite.Store, func(string)) {
	t.Helper()
	db := openFile(t, path)
	db.SetMaxOpenConns(1)
	store := sqlite.New(db, opts)
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	return store, func(text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// TestSQLiteFull fills the disk, as far as SQLite can tell.
func TestSQLiteFull(t *testing.T) {
	store, exec := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), nil)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := serve(t, store, nil)
	c := coretest.SignIn(t, handler, "ada")
	exec("PRAGMA max_page_count = 40")
	payload := make([]byte, 4000)
	var err error
	for range 100 {
		if _, err = create(t, store, payload); err != nil {
			break
		}
	}
	if !errors.Is(err, stores.ErrFull) {
		t.Fatalf("Create: got %v, want ErrFull", err)
	}
	for range 100 { // the rest of the last page
		if humasesstest.NewClient(handler).Do("POST", "/login?name=bob", nil).Code == 503 {
			break
		}
	}
	coretest.Do(t, humasesstest.NewClient(handler), "POST", "/login?name=bob", 503)
	coretest.Do(t, c, "GET", "/me", 200)
	exec("PRAGMA max_page_count = 1000000")
	coretest.SignIn(t, handler, "bob")
	coretest.Do(t, c, "POST", "/bump", 200)
}

// TestSQLiteLocked calls the store while another connection locks the file.
func TestSQLiteLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	store, _ := openOne(t, path, &sqlite.Options{BusyTimeout: 50 * time.Millisecond})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := serve(t, store, nil)
	c := coretest.SignIn(t, handler, "ada")
	_, other := openOne(t, path, nil)
	other("BEGIN IMMEDIATE")
	coretest.Do(t, c, "POST", "/bump", 503)
	coretest.Do(t, c, "GET", "/me", 200) // readers do not wait for writers

	patient, _ := openOne(t, path, &sqlite.Options{BusyTimeout: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := patient.RevokeIdentity(ctx, "ada", stores.ID{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("RevokeIdentity: got %v, want the end of the context", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// A write without an effect waits for its turn too, because it must see the
	// writes before it.
	if err := patient.Delete(ctx, stores.ID{1}, stores.Condition{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Delete: got %v, want the end of the context", err)
	}
	other("ROLLBACK")
	coretest.Do(t, c, "POST", "/bump", 200)
}

// TestSQLiteBadFiles requires errors that tell the reason.
func TestSQLiteBadFiles(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string, exec func(string))
		want  string
	}{
		{"not migrated", func(_ *testing.T, _ string, exec func(string)) { exec(`DROP TABLE humasess_sessions`) }, "call Migrate"},
		{"column missing", func(_ *testing.T, _ string, exec func(string)) {
			exec(`ALTER TABLE humasess_sessions RENAME COLUMN payload TO other`)
		}, "call Migrate"},
		{"read-only", func(_ *testing.T, _ string, exec func(string)) { exec(`PRAGMA query_only = ON`) }, "writable file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sessions.db")
			store, exec := openOne(t, path, nil)
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, path, exec)
			if _, err := create(t, store, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Create: got %v, want %q in it", err, tt.want)
			}
		})
	}
	t.Run("no database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sessions.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		store, _ := openOne(t, path, nil)
		if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "not a database") {
			t.Errorf("Migrate: got %v, want the reason", err)
		}
	})
}

// TestSQLiteHostileNames requires that any prefix is only used as a name.
func TestSQLiteHostileNames(t *testing.T) {
	for _, prefix := range []string{`"; DROP TABLE humasess_sessions; --`, `{sessions}`, `a b'`, "ä\n"} {
		store, _ := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), &sqlite.Options{Prefix: prefix, MaxPayload: 10})
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatalf("prefix %q: Migrate: %v", prefix, err)
		}
		id, err := create(t, store, []byte("payload"))
		if err != nil {
			t.Errorf("prefix %q: Create: %v", prefix, err)
		}
		if r, err := store.Load(t.Context(), id); err != nil || string(r.Payload) != "payload" {
			t.Errorf("prefix %q: Load: got %q and error %v", prefix, r.Payload, err)
		}
		if id, err = create(t, store, make([]byte, 11)); !errors.Is(err, stores.ErrTooLarge) {
			t.Errorf("Create of 11 bytes: got %v, want ErrTooLarge", err)
		}
		if _, err := store.Load(t.Context(), id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load after it: got %v, want ErrNotFound", err)
		}
	}
}
