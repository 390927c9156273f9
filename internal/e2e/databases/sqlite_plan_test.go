package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
	moderncsqlite "modernc.org/sqlite"
)

// noted is a driver's connector that records the statements.
type noted struct {
	path string
	mu   *sync.Mutex
	all  *[]statement
}

type statement struct {
	text string
	args []driver.NamedValue
}

func (c noted) Connect(context.Context) (driver.Conn, error) {
	conn, err := (&moderncsqlite.Driver{}).Open(c.path)
	return notedConn{conn, c}, err
}

func (noted) Driver() driver.Driver { return &moderncsqlite.Driver{} }

func (c noted) note(text string, args []driver.NamedValue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.all = append(*c.all, statement{text, args})
}

type notedConn struct {
	driver.Conn
	noted
}

func (c notedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.note(text, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

func (c notedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(text, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}

// TestSQLitePlans asks the database for its plan of each statement. It covers
// the methods that requests call, and the slices of administration. They must
// use an index and never read a whole table.
func TestSQLitePlans(t *testing.T) {
	var mu sync.Mutex
	var all []statement
	db := sql.OpenDB(noted{filepath.Join(t.TempDir(), "sessions.db"), &mu, &all})
	t.Cleanup(func() { _ = db.Close() })
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	c := stores.Create{ID: stores.ID{1}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Limit: 1}
	all = nil
	for _, call := range []struct {
		name string
		run  func() error
	}{
		{"Create", func() error { _, err := store.Create(ctx, c); return err }},
		{"Create that evicts", func() error { c.ID = stores.ID{2}; _, err := store.Create(ctx, c); return err }},
		{"Create that replaces", func() error {
			c.ID, c.Replaces = stores.ID{3}, []stores.Replaced{{ID: stores.ID{2}}}
			_, err := store.Create(ctx, c)
			return err
		}},
		{"MarkChanged", func() error { _, err := store.MarkChanged(ctx, "ada"); return err }},
		{"Load", func() error { _, err := store.Load(ctx, c.ID); return err }},
		{"LoadMany", func() error { _, err := store.LoadMany(ctx, []stores.ID{c.ID, {7}}); return err }},
		{"List", func() error { _, err := store.List(ctx, "ada"); return err }},
		{"Scan", func() error { _, err := store.Scan(ctx, []byte("x"), "", 5); return err }},
		{"Clear", func() error { _, err := store.Clear(ctx, []byte("x")); return err }},
		{"Sweep", func() error { _, err := store.Sweep(ctx); return err }},
		{"Delete", func() error { return store.Delete(ctx, c.ID, stores.Condition{Identity: "ada"}) }},
		{"RevokeIdentity", func() error { _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); return err }},
	} {
		if err := call.run(); err != nil {
			t.Fatalf("%s: %v", call.name, err)
		}
	}
	seen := 0
	for _, s := range all {
		word, _, _ := strings.Cut(s.text, " ")
		if word != "SELECT" && word != "DELETE" && word != "UPDATE" {
			continue
		}
		seen++
		explain(t, db, s)
	}
	if seen < 15 {
		t.Errorf("got %d statements, want 15 at least", seen)
	}
}

// explain requires every step of a statement to find its rows by an index.
func explain(t *testing.T, db *sql.DB, s statement) {
	t.Helper()
	args := make([]any, len(s.args))
	for i := range args {
		args[i] = s.args[i].Value
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+s.text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "CONSTANT ROW") {
			t.Errorf("%s\nis executed by %q, want an index", s.text, detail)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
