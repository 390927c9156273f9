package databases_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
)

var recordRows = flag.Bool("record", false, "write testdata/sqlite.v1.sql, which later versions have to read")

var rowsFile = filepath.Join("testdata", "sqlite.v1.sql")

// The IDs of the recorded sessions are out of order, so the order of a list
// comes from the file.
var adaFirst, adaSecond, visitor, expired, bobs = stores.ID{9}, stores.ID{3}, stores.ID{2}, stores.ID{4}, stores.ID{5}

const (
	dayOne = "2000-01-01T00:00:00Z" // the first moment of each synctest bubble
	// binary has each kind of byte that a text form of the row could lose.
	binary = "data\x00'of\";\n\xff"
)

// TestSQLiteRowsOfV1 requires two things of rows that version 0.1.0 wrote.
// This version still writes the same rows. And it reads, changes and ends the
// sessions in them, and obeys the marks. A new format gets another file, and
// this one stays.
func TestSQLiteRowsOfV1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := recordSQLite(t)
		if *recordRows {
			if err := os.WriteFile(rowsFile, []byte(written), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if golden := readRows(t); written != golden {
			t.Errorf("written: got\n%s\nwant\n%s", written, golden)
		}
	})
	synctest.Test(t, func(t *testing.T) { // its clock begins again
		db := openFile(t, filepath.Join(t.TempDir(), "sessions.db"))
		if _, err := db.ExecContext(t.Context(), readRows(t)); err != nil {
			t.Fatal(err)
		}
		store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
		time.Sleep(10 * time.Minute) // advances the bubble's clock
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		readsSessions(t, store)
		obeysMarks(t, store)
		changesSessions(t, store)
	})
}

// readsSessions requires each column of the rows.
func readsSessions(t *testing.T, store *sqlite.Store) {
	t.Helper()
	moment := func(after time.Duration) time.Time {
		start, err := time.Parse(time.RFC3339, dayOne)
		if err != nil {
			t.Fatal(err)
		}
		return start.Add(after)
	}
	now := moment(10 * time.Minute)
	first := stores.Record{
		ID: adaFirst, Identity: "ada", Version: 2, Payload: []byte(binary), Now: now,
		LastSeen: moment(time.Minute), Expires: moment(time.Minute + 2*time.Hour), Deadline: moment(24 * time.Hour),
	}
	second := stores.Record{
		ID: adaSecond, Identity: "ada", Version: 1, Payload: []byte("second"), Now: now,
		LastSeen: moment(time.Minute), Expires: moment(time.Minute + time.Hour), Deadline: moment(time.Minute + time.Hour),
	}
	anonymous := stores.Record{
		ID: visitor, Version: 1, Now: now,
		LastSeen: moment(time.Minute), Expires: moment(31 * time.Minute), Deadline: moment(time.Minute + 48*time.Hour),
	}
	for _, want := range []stores.Record{first, second, anonymous} {
		if got, err := store.Load(t.Context(), want.ID); err != nil || !same(got, want) {
			t.Errorf("Load of %v: got %+v, %v, want %+v", want.ID, got, err, want)
		}
	}
	for _, id := range []stores.ID{expired, bobs} {
		if got, err := store.Load(t.Context(), id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load of %v, which has ended: got %+v, %v, want ErrNotFound", id, got, err)
		}
	}
	if got, err := store.List(t.Context(), "ada"); err != nil || !slices.EqualFunc(got, []stores.Record{first, second}, same) {
		t.Errorf("List: got %+v, %v, want both sessions of ada, oldest first", got, err)
	}
}

// same compares two records. An empty payload may be nil.
func same(a, b stores.Record) bool {
	payload := bytes.Equal(a.Payload, b.Payload)
	a.Payload, b.Payload = nil, nil
	return payload && reflect.DeepEqual(a, b)
}

// obeysMarks requires the age and the name of each mark. The names are the
// nanoseconds of the calls.
func obeysMarks(t *testing.T, store *sqlite.Store) {
	t.Helper()
	for i, tt := range []struct {
		identity                string
		revokedAgo, changedAgo  time.Duration
		revokedMark, changeMark string
	}{
		{"bob", 7 * time.Minute, 6 * time.Minute, "2000-01-01T00:03:00Z", "2000-01-01T00:04:00Z"},
		{"carol", 8 * time.Minute, stores.NotRevoked, "2000-01-01T00:02:00Z", ""}, // Clear
	} {
		got, err := store.Create(t.Context(), stores.Create{ID: stores.ID{100, byte(i)}, Identity: tt.identity, Idle: time.Hour, Absolute: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if got.RevokedAgo != tt.revokedAgo || got.Mark != nameOf(t, tt.revokedMark) {
			t.Errorf("%s: got a revocation %v ago with mark %d, want %v and %s", tt.identity, got.RevokedAgo, got.Mark, tt.revokedAgo, tt.revokedMark)
		}
		if got.ChangedAgo != tt.changedAgo || got.ChangeMark != nameOf(t, tt.changeMark) {
			t.Errorf("%s: got a change %v ago with mark %d, want %v and %s", tt.identity, got.ChangedAgo, got.ChangeMark, tt.changedAgo, tt.changeMark)
		}
	}
}

func nameOf(t *testing.T, moment string) int64 {
	t.Helper()
	if moment == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixNano()
}

// changesSessions changes and ends the sessions.
func changesSessions(t *testing.T, store *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	if got, err := store.Update(ctx, stores.Update{ID: adaFirst, Version: 2, Payload: []byte("changed")}); err != nil || got.Version != 3 {
		t.Errorf("Update: got %+v, %v, want version 3", got, err)
	}
	if err := store.Delete(ctx, visitor, stores.Condition{Version: 1}); err != nil {
		t.Errorf("Delete: %v", err)
	}
	limited := stores.Create{ID: stores.ID{101}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Limit: 2}
	if got, err := store.Create(ctx, limited); err != nil || got.Evicted != 1 {
		t.Errorf("Create with a limit of 2: got %+v, %v, want one session less", got, err)
	}
	if got, err := store.Load(ctx, adaFirst); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("the oldest session: got %+v, %v, want ErrNotFound", got, err)
	}
	if got, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil || got.Count != 2 {
		t.Errorf("RevokeIdentity: got %+v, %v, want two sessions", got, err)
	}
	if got, err := store.Sweep(ctx); err != nil || got != 1 {
		t.Errorf("Sweep: got %d, %v, want the expired session", got, err)
	}
}

// recordSQLite makes sessions and marks, and returns the file as SQL.
func recordSQLite(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	db := openFile(t, filepath.Join(t.TempDir(), "sessions.db"))
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	create := func(id stores.ID, identity, payload string, idle, absolute time.Duration) {
		t.Helper()
		_, err := store.Create(ctx, stores.Create{ID: id, Identity: identity, Payload: []byte(payload), Idle: idle, Absolute: absolute})
		do(err)
	}
	do(store.Migrate(ctx))
	create(adaFirst, "ada", "first", time.Hour, 24*time.Hour)
	create(bobs, "bob", "of bob", time.Hour, time.Hour)
	create(expired, "", "expired", time.Minute, time.Hour)
	time.Sleep(time.Minute) // each call below has a moment of its own
	_, err := store.Update(ctx, stores.Update{ID: adaFirst, Version: 1, Payload: []byte(binary), Idle: 2 * time.Hour})
	do(err)
	create(adaSecond, "ada", "second", 2*time.Hour, time.Hour)
	create(visitor, "", "", 30*time.Minute, 48*time.Hour)
	time.Sleep(time.Minute)
	_, err = store.Clear(ctx, []byte("none of these"))
	do(err)
	time.Sleep(time.Minute)
	_, err = store.RevokeIdentity(ctx, "bob", stores.ID{})
	do(err)
	time.Sleep(time.Minute)
	_, err = store.MarkChanged(ctx, "bob")
	do(err)
	return dump(ctx, t, db)
}

// dump returns statements that make the tables and rows of a file.
func dump(ctx context.Context, t *testing.T, db *sql.DB) string {
	t.Helper()
	column := func(query string, args ...any) (all []string) {
		t.Helper()
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	var b strings.Builder
	for _, statement := range column("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid") {
		fmt.Fprintf(&b, "%s;\n", statement)
	}
	for _, table := range column("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid") {
		columns := column("SELECT name FROM pragma_table_info(?)", table)
		values := "quote(" + strings.Join(columns, ") || ', ' || quote(") + ")"
		for _, row := range column(fmt.Sprintf("SELECT %s FROM %q ORDER BY 1", values, table)) {
			fmt.Fprintf(&b, "INSERT INTO %q (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), row)
		}
	}
	return b.String()
}

func readRows(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(rowsFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
