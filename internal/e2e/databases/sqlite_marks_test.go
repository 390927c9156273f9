package databases_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
)

// TestSQLiteMarksFromTheFuture simulates a machine's clock that was set back,
// by moving marks ahead. A mark must refuse sign-ins for a moment, not until
// the clock reaches it.
func TestSQLiteMarksFromTheFuture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	db := openFile(t, path)
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	n := byte(0)
	begin := func(identity string) stores.Created {
		t.Helper()
		n++
		created, err := store.Create(ctx, stores.Create{ID: stores.ID{n}, Identity: identity, Idle: time.Hour, Absolute: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return created
	}
	ahead := func() {
		t.Helper()
		for _, text := range []string{
			"UPDATE humasess_revocations SET revoked = revoked + 3600000000000", "UPDATE humasess_changes SET changed = changed + 3600000000000",
		} {
			if _, err := db.ExecContext(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	revoke := func() int64 {
		t.Helper()
		r, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
		if err != nil || r.Ago > time.Minute {
			t.Fatalf("RevokeIdentity: got %+v, %v", r, err)
		}
		return r.Mark
	}
	change := func() int64 {
		t.Helper()
		c, err := store.MarkChanged(ctx, "ada")
		if err != nil || c.Ago > time.Minute {
			t.Fatalf("MarkChanged: got %+v, %v", c, err)
		}
		return c.Mark
	}
	revokeAll := func() int64 {
		t.Helper()
		c, err := store.Clear(ctx, []byte("none"))
		if err != nil {
			t.Fatal(err)
		}
		return c.Mark
	}

	revoked, changed := revoke(), change()
	ahead()
	if got := begin("ada"); got.RevokedAgo != 0 || got.ChangedAgo != 0 || got.Mark != revoked || got.ChangeMark != changed {
		t.Errorf("a mark from the future: got %+v, want no age, and marks %d and %d", got, revoked, changed)
	}
	const moment = 2 * time.Millisecond
	<-time.After(moment) // the machine's clock moves on
	if got := begin("ada"); got.RevokedAgo < moment || got.ChangedAgo < moment || got.Mark != revoked || got.ChangeMark != changed {
		t.Errorf("a moment later: got %+v, want an age of %v, and marks %d and %d", got, moment, revoked, changed)
	}

	ahead()
	again, changedAgain := revoke(), change()
	if again == revoked || changedAgain == changed {
		t.Errorf("after that: got marks %d and %d, want others than %d and %d", again, changedAgain, revoked, changed)
	}
	if got := begin("ada"); got.RevokedAgo > time.Minute || got.Mark != again || got.ChangeMark != changedAgain {
		t.Errorf("after that: got %+v, want marks %d and %d", got, again, changedAgain)
	}

	cleared := revokeAll()
	ahead()
	if got := begin(""); got.RevokedAgo != 0 || got.Mark != cleared {
		t.Errorf("after a Clear from the future: got %+v, want no age and mark %d", got, cleared)
	}
	<-time.After(moment)
	if got := begin("bob"); got.RevokedAgo < moment || got.Mark != cleared {
		t.Errorf("a moment later: got %+v, want an age of %v and mark %d", got, moment, cleared)
	}
}

// TestSQLiteMarksAreSwept requires that marks of changes and of revocations are
// both removed.
func TestSQLiteMarksAreSwept(t *testing.T) {
	db := openFile(t, filepath.Join(t.TempDir(), "sessions.db"))
	store := sqlite.New(db, &sqlite.Options{SweepEvery: -1})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // more than one slice
		if _, err := store.MarkChanged(ctx, strings.Repeat("x", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (n int) {
		t.Helper()
		if _, err := store.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM humasess_changes").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := left(); n != 300 {
		t.Errorf("%d marks are left, want all", n)
	}
	if _, err := db.ExecContext(ctx, "UPDATE humasess_changes SET changed = changed - 3601000000000"); err != nil {
		t.Fatal(err)
	}
	if n := left(); n != 0 {
		t.Errorf("an hour later %d marks are left, want none", n)
	}
}

// TestSQLiteMigratesOlderTables migrates a file whose marks have no names.
func TestSQLiteMigratesOlderTables(t *testing.T) {
	for _, prefix := range []string{"", `my "app" `} {
		store, exec := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), &sqlite.Options{Prefix: prefix})
		if prefix == "" {
			prefix = "humasess_"
		}
		table := `"` + strings.ReplaceAll(prefix, `"`, `""`) + `revocations"`
		exec("CREATE TABLE " + table + " (identity BLOB NOT NULL PRIMARY KEY, revoked INTEGER NOT NULL) WITHOUT ROWID")
		exec("INSERT INTO " + table + " SELECT CAST('ada' AS BLOB), (unixepoch() - 60) * 1000000000")
		for range 2 {
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		created, err := store.Create(t.Context(), stores.Create{ID: stores.ID{1}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour})
		if err != nil || created.RevokedAgo < time.Minute-time.Second || created.Mark == 0 {
			t.Errorf("Create: got %+v, %v, want a mark from a minute ago", created, err)
		}
		if r, err := store.RevokeIdentity(t.Context(), "ada", stores.ID{}); err != nil || r.Mark == created.Mark {
			t.Errorf("RevokeIdentity: got %+v, %v, want another mark than %d", r, err, created.Mark)
		}
	}
}

// TestSQLitePool calls the store while another part of the program holds all
// connections. Each call ends with Options.BusyTimeout, and with its context.
func TestSQLitePool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	db := openFile(t, path)
	db.SetMaxOpenConns(1)
	brief := sqlite.New(db, &sqlite.Options{BusyTimeout: 20 * time.Millisecond, SweepEvery: -1})
	patient := sqlite.New(db, &sqlite.Options{BusyTimeout: time.Hour, SweepEvery: -1})
	if err := brief.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	held, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	calls := func(s *sqlite.Store, ctx context.Context) map[string]error {
		errs := map[string]error{}
		_, errs["Load"] = s.Load(ctx, stores.ID{1})
		_, errs["LoadMany"] = s.LoadMany(ctx, []stores.ID{{1}})
		_, errs["List"] = s.List(ctx, "ada")
		_, errs["Scan"] = s.Scan(ctx, nil, "", 5)
		_, errs["Count"] = s.Count(ctx, nil)
		_, errs["Clear"] = s.Clear(ctx, nil)
		_, errs["Create"] = s.Create(ctx, stores.Create{ID: stores.ID{1}, Idle: time.Hour, Absolute: time.Hour})
		_, errs["Update"] = s.Update(ctx, stores.Update{ID: stores.ID{1}, Version: 1})
		_, errs["Touch"] = s.Touch(ctx, stores.ID{1}, time.Hour)
		errs["Delete"] = s.Delete(ctx, stores.ID{1}, stores.Condition{})
		_, errs["RevokeIdentity"] = s.RevokeIdentity(ctx, "ada", stores.ID{})
		_, errs["MarkChanged"] = s.MarkChanged(ctx, "ada")
		_, errs["Sweep"] = s.Sweep(ctx)
		_, errs["Check"] = s.Check(ctx)
		errs["Migrate"] = s.Migrate(ctx)
		return errs
	}
	for name, err := range calls(brief, t.Context()) {
		if err == nil || !strings.Contains(err.Error(), "no connection of the pool") {
			t.Errorf("X5 %s: got %v, want that Options.BusyTimeout is over", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, err := range calls(patient, ctx) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("X5 %s: got %v, want the end of the context", name, err)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := brief.Load(t.Context(), stores.ID{1}); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("Load, with the connection free: got %v, want ErrNotFound", err)
	}
}

// TestSQLiteMarkOfOneMoment pauses the process between the readings of the two clocks. The
// mark of a revocation must not seem to be later than it is, because a sign-in after it
// would be refused.
func TestSQLiteMarkOfOneMoment(t *testing.T) {
	var pauses atomic.Bool
	store, _ := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), &sqlite.Options{SweepEvery: -1, Now: func() time.Time {
		if pauses.Swap(false) {
			<-time.After(20 * time.Millisecond)
		}
		return time.Now()
	}})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for n := range byte(5) { // the machine may pause the process by itself
		if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
			t.Fatal(err)
		}
		revoked := time.Now()
		pauses.Store(true)
		created, err := store.Create(ctx, stores.Create{ID: stores.ID{1, n}, Identity: "ada", Idle: time.Hour, Absolute: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if late := created.Now.Add(-created.RevokedAgo).Sub(revoked); late <= 0 {
			return
		}
	}
	t.Error("got marks later than the revocations that left them")
}
