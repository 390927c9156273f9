package databases_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores/sqlite"
)

func TestSQLiteCheck(t *testing.T) {
	expired := func(ago time.Duration) string {
		at := time.Now().Add(-ago).UnixNano()
		return strings.ReplaceAll(`INSERT INTO humasess_sessions (id, version, last_seen, expires, deadline, payload) VALUES (x'01', 1, @, @, @, '')`,
			"@", strconv.FormatInt(at, 10))
	}
	tests := []struct {
		name  string
		spoil string
		want  string // in the only sentence
		fails string // in the error, instead
	}{
		{name: "as it should be"},
		{name: "journal", spoil: `PRAGMA journal_mode = DELETE`, want: "journal mode delete, so readers wait for writers. Call Migrate"},
		{name: "expired, and swept", spoil: expired(14 * time.Minute)},
		{name: "expired, for long", spoil: expired(25 * time.Hour), want: "wait to be removed: 1, the oldest for 25h0m0s"},
		{name: "no table", spoil: `DROP TABLE humasess_revocations`, fails: "call Migrate"},
		{name: "no column", spoil: `ALTER TABLE humasess_sessions RENAME COLUMN payload TO other`, fails: "call Migrate"},
		{name: "read-only", spoil: `PRAGMA query_only = ON`, fails: "writable file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, exec := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), nil)
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tt.spoil != "" {
				exec(tt.spoil)
			}
			wantSentence(t, store, tt.want, tt.fails)
		})
	}
	t.Run("in memory", func(t *testing.T) {
		store, _ := openOne(t, ":memory:", nil)
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantSentence(t, store, "", "")
	})
	t.Run("not migrated", func(t *testing.T) {
		store, _ := openOne(t, filepath.Join(t.TempDir(), "sessions.db"), nil)
		wantSentence(t, store, "", "call Migrate")
	})
}

// wantSentence requires Check to return one sentence, none, or an error.
func wantSentence(t *testing.T, store *sqlite.Store, sentence, fails string) {
	t.Helper()
	found, err := store.Check(t.Context())
	switch {
	case fails != "":
		if err == nil || !strings.Contains(err.Error(), fails) {
			t.Errorf("got %q and error %v, want %q in it", found, err, fails)
		}
	case err != nil:
		t.Errorf("Check: %v", err)
	case sentence == "" && len(found) == 0:
	case sentence == "" || len(found) != 1 || !strings.Contains(found[0], sentence):
		t.Errorf("got %q, want a sentence with %q", found, sentence)
	}
}
