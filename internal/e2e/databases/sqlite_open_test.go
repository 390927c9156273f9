package databases_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
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

// TestSQLiteOptions requires a panic for invalid options.
func TestSQLiteOptions(t *testing.T) {
	db := openFile(t, ":memory:")
	tests := []struct {
		name string
		db   *sql.DB
		opts *sqlite.Options
		want string // in the panic
	}{
		{"nil DB", nil, nil, "nil DB"},
		{"NUL in the prefix", db, &sqlite.Options{Prefix: "a\x00b"}, "NUL"},
		{"negative payload", db, &sqlite.Options{MaxPayload: -1}, "MaxPayload -1"},
		{"negative wait", db, &sqlite.Options{BusyTimeout: -1}, "BusyTimeout -1ns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, tt.want) {
					t.Errorf("got panic %q, want %q in it", text, tt.want)
				}
			}()
			sqlite.New(tt.db, tt.opts)
		})
	}
}

// TestSQLiteMemory requires an error if every connection would have its own
// sessions, and none if they share them.
func TestSQLiteMemory(t *testing.T) {
	migrate := func(name string, conns int) error {
		db := openFile(t, name)
		db.SetMaxOpenConns(conns)
		return sqlite.New(db, nil).Migrate(t.Context())
	}
	if err := migrate(":memory:", 0); err == nil || !strings.Contains(err.Error(), "SetMaxOpenConns(1)") {
		t.Errorf("a pool: got %v, want advice", err)
	}
	if err := migrate(":memory:", 1); err != nil {
		t.Errorf("one connection: %v", err)
	}
	if err := migrate("file:shared?mode=memory&cache=shared", 0); err != nil {
		t.Errorf("a shared cache: %v", err)
	}
}

// TestSQLiteMigrate migrates a new file from many programs in parallel, with
// connections that do not wait, and again later.
func TestSQLiteMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	const programs = 10
	errs := make([]error, programs)
	var all []*sqlite.Store
	for range programs {
		all = append(all, sqlite.New(openFile(t, path+"?_pragma=journal_mode(wal)"), nil))
	}
	coretest.Together(programs, func(i int) { errs[i] = all[i].Migrate(t.Context()) })
	if err := errors.Join(errs...); err != nil {
		t.Errorf("Migrate: %v", err)
	}
	id, err := create(t, all[0], []byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	if err := all[1].Migrate(t.Context()); err != nil {
		t.Errorf("Migrate again: %v", err)
	}
	if r, err := all[2].Load(t.Context(), id); err != nil || string(r.Payload) != "kept" {
		t.Errorf("Load: got %q and error %v", r.Payload, err)
	}
	var mode string
	if err := openFile(t, path).QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("got mode %q and error %v, want wal", mode, err)
	}
}

// TestSQLiteSchema migrates with the statements of Schema.
func TestSQLiteSchema(t *testing.T) {
	opts := &sqlite.Options{Prefix: `my "app" `}
	store, exec := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), opts)
	for range 2 {
		exec(sqlite.Schema(opts))
	}
	if _, err := create(t, store, nil); err != nil {
		t.Errorf("Create: %v", err)
	}
}

// TestSQLiteRollbackJournal shows that a file in the old journal mode is only
// slower.
func TestSQLiteRollbackJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	first, exec := openOne(t, path, nil)
	if err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec("PRAGMA journal_mode = DELETE")
	second, _ := openOne(t, path, nil)
	coretest.Behaviours[len(coretest.Behaviours)-1].Run(t, coretest.Shared{One: first, Other: second, Hooks: onChi, Writers: writers})
}

// TestSQLiteDamaged overwrites a file while a program uses it.
func TestSQLiteDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	store, exec := openOne(t, path, nil)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := coretest.SignIn(t, serve(t, store, nil), "ada")
	exec("PRAGMA wal_checkpoint(TRUNCATE)")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[4096:], bytes.Repeat([]byte{0xa5}, len(b)-4096))
	if err := os.WriteFile(path, b, fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	again, _ := openOne(t, path, nil)
	if _, err := create(t, again, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("Create: got %v, want the reason", err)
	}
	coretest.Do(t, coretest.Move(c, serve(t, again, nil)), "GET", "/me", 503)
}

// TestSQLiteClock shows that deadlines are judged on the clock of the options.
// The age of a revocation is measured on the machine's clock, while the other
// one stands still.
func TestSQLiteClock(t *testing.T) {
	clock := humasesstest.NewClock()
	store, _ := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), &sqlite.Options{Now: clock.Now})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := create(t, store, nil) // for an hour
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour - 1)
	if _, err := store.Load(t.Context(), id); err != nil {
		t.Errorf("Load before the end: %v", err)
	}
	clock.Advance(1)
	if _, err := store.Load(t.Context(), id); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("L1 Load at the end: got %v, want ErrNotFound", err)
	}
	clock.Advance(-2 * time.Hour)
	if _, err := store.RevokeIdentity(context.Background(), "ada", stores.ID{}); err != nil {
		t.Fatal(err)
	}
	revoked, err := store.RevokeIdentity(context.Background(), "ada", stores.ID{})
	if err != nil || revoked.Ago <= 0 || revoked.Ago > time.Minute {
		t.Errorf("RevokeIdentity: got an age of %v and error %v, want a moment", revoked.Ago, err)
	}
}
