package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
	moderncsqlite "modernc.org/sqlite"
)

// counted is a driver's connector that counts statements.
type counted struct {
	path  string
	count *atomic.Int64
}

func (c counted) Connect(context.Context) (driver.Conn, error) {
	conn, err := (&moderncsqlite.Driver{}).Open(c.path)
	return countedConn{conn, c.count}, err
}

func (counted) Driver() driver.Driver { return &moderncsqlite.Driver{} }

type countedConn struct {
	driver.Conn
	count *atomic.Int64
}

func (c countedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.count.Add(1)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

func (c countedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.count.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}

// TestSQLiteStatements counts the statements of each method, BEGIN and COMMIT
// included.
func TestSQLiteStatements(t *testing.T) {
	var count atomic.Int64
	db := sql.OpenDB(counted{filepath.Join(t.TempDir(), "sessions.db"), &count})
	t.Cleanup(func() { _ = db.Close() })
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	add := func(identity string, limit int) (stores.ID, error) {
		id, err := stores.RandomID()
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Create(ctx, stores.Create{ID: id, Identity: identity, Idle: time.Hour, Absolute: time.Hour, Limit: limit})
		return id, err
	}
	id, err := add("ada", 0)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		run  func() error
		want int64
	}{
		{"Load", func() error { _, err := store.Load(ctx, id); return err }, 1},
		{"LoadMany", func() error { _, err := store.LoadMany(ctx, []stores.ID{id, {1}, {2}}); return err }, 1},
		{"List", func() error { _, err := store.List(ctx, "ada"); return err }, 1},
		{"Update", func() error { _, err := store.Update(ctx, stores.Update{ID: id, Version: 1}); return err }, 4},
		{"Touch that is throttled", func() error { _, err := store.Touch(ctx, id, time.Hour); return err }, 3},
		{"Create of an anonymous session", func() error { _, err := add("", 5); return err }, 5},
		{"Create", func() error { _, err := add("ada", 0); return err }, 5},
		{"Create with a limit", func() error { _, err := add("ada", 5); return err }, 7},
		{"Create that evicts", func() error { _, err := add("ada", 1); return err }, 8},
		{"Create that is refused", func() error {
			_, err := store.Create(ctx, stores.Create{ID: stores.ID{7}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Limit: 1, Refuse: true})
			if !errors.Is(err, stores.ErrLimit) {
				return fmt.Errorf("got error %w, want %w", err, stores.ErrLimit)
			}
			return nil
		}, 7},
		{"Create that replaces", func() error {
			_, err := store.Create(ctx, stores.Create{
				ID: stores.ID{8}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Replaces: []stores.Replaced{{ID: stores.ID{9}, MayBeGone: true}},
			})
			return err
		}, 6},
		{"MarkChanged", func() error { _, err := store.MarkChanged(ctx, "ada"); return err }, 4},
		{"a page of Scan", func() error { _, err := store.Scan(ctx, nil, "", 10); return err }, 2},
		{"Count", func() error { _, err := store.Count(ctx, nil); return err }, 1},
		{"Clear of one slice", func() error { _, err := store.Clear(ctx, []byte("x")); return err }, 9},
		{"RevokeIdentity", func() error { _, err := store.RevokeIdentity(ctx, "bob", stores.ID{}); return err }, 6},
		{"Delete", func() error {
			id, err := add("", 0)
			count.Store(0)
			if err != nil {
				return err
			}
			return store.Delete(ctx, id, stores.Condition{})
		}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			count.Store(0)
			if err := tt.run(); err != nil {
				t.Fatal(err)
			}
			if got := count.Load(); got != tt.want {
				t.Errorf("got %d statements, want %d", got, tt.want)
			}
		})
	}
}

// TestSQLiteRead shows that reading a session writes nothing to the file.
func TestSQLiteRead(t *testing.T) {
	var count atomic.Int64
	db := sql.OpenDB(counted{filepath.Join(t.TempDir(), "sessions.db"), &count})
	t.Cleanup(func() { _ = db.Close() })
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := serve(t, store, nil)
	c := coretest.SignIn(t, handler, "ada")
	count.Store(0)
	coretest.Do(t, c, "GET", "/me", 200)
	if got := count.Load(); got != 1 {
		t.Errorf("X2 read: got %d statements, want 1", got)
	}
}
