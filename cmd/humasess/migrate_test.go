package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/jackc/pgx/v5"
)

// TestMigrate creates the tables and functions of each store. A second call changes
// nothing.
func TestMigrate(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		signIn(t, s.program(t), user{ID: "ada"})
		type migrated struct{ Migrated bool }
		if got := parse[migrated](t, s.want(t, exitOK, "migrate", "--json")); len(got) != 1 || !got[0].Migrated {
			t.Errorf("got %+v", got)
		}
		s.want(t, exitOK, "doctor")
		if n := number(t, s.program(t), "ada"); n != 1 {
			t.Errorf("got %d sessions, want the one from before", n)
		}
	})
	t.Run("new schema", func(t *testing.T) {
		s := onPostgres(t)
		s.flags[1] += " too"
		t.Cleanup(func() { drop(t, s.flags[1]) })
		if r := s.call(t, "list", "--user", "ada"); r.code != exitError {
			t.Errorf("before: got %+v", r)
		} else {
			has(t, "before", r.err, "Run humasess migrate")
		}
		has(t, "migrate", s.want(t, exitOK, "migrate"), "tables and functions exist")
		s.want(t, exitOK, "list", "--user", "ada")
	})
	t.Run("new file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "new.db")
		s := &site{url: "sqlite://" + path}
		if r := s.call(t, "list", "--user", "ada"); r.code != exitError {
			t.Errorf("before: got %+v", r)
		} else {
			has(t, "before", r.err, "humasess migrate creates the file")
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("list has made a file")
		}
		s.want(t, exitOK, "migrate", "--prefix", "my_")
		s.want(t, exitOK, "list", "--user", "ada", "--prefix", "my_")
		if stat, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && stat.Mode().Perm() != 0o600 {
			t.Errorf("got file mode %v, want it closed to others", stat.Mode())
		}
	})
	t.Run("no folder", func(t *testing.T) {
		s := &site{url: "sqlite:" + filepath.Join(t.TempDir(), "none", "new.db")}
		r := s.call(t, "migrate")
		if r.code != exitError {
			t.Errorf("got %+v", r)
		}
		has(t, "message", r.err, "no such file or directory", "Check the path")
	})
	t.Run("no right", func(t *testing.T) {
		s := onPostgres(t)
		s.url = asRole(t, s)
		s.want(t, exitOK, "migrate") // there is nothing to do
		r := s.call(t, "migrate", "--prefix", "my_")
		if r.code != exitError {
			t.Errorf("got %+v", r)
		}
		has(t, "message", r.err, "permission denied", "humasess migrate --print")
	})
}

// placeholder matches braces with a name in them, and not the empty array of SQL.
var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// TestMigratePrint prints the schema of the store, and connects to no server.
func TestMigratePrint(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"--store", "postgres://"}, postgres.Schema(nil)},
		{[]string{"--store", "postgres://nobody@localhost:1/x", "--schema", "a b", "--prefix", "p_"}, postgres.Schema(&postgres.Options{Schema: "a b", Prefix: "p_"})},
		{[]string{"--store", "sqlite:/nowhere/x.db"}, sqlite.Schema(nil)},
		{[]string{"--store", "redis://localhost:1"}, ""},
	}
	for _, tt := range tests {
		r := in(t.Context(), nil, "", append([]string{"migrate", "--print"}, tt.args...)...)
		if tt.want != "" {
			tt.want += "\n"
		}
		if r.code != exitOK || r.out != tt.want {
			t.Errorf("%q: got %+v", tt.args, r)
		}
		for line := range strings.Lines(r.out) {
			if placeholder.MatchString(line) {
				t.Errorf("%q: got the line %q, want no placeholder and no comment about one", tt.args, line)
			}
		}
		type script struct{ Statements string }
		r = in(t.Context(), nil, "", append([]string{"migrate", "--print", "--json"}, tt.args...)...)
		if got := parse[script](t, r.out); tt.want != "" && (len(got) != 1 || got[0].Statements+"\n" != tt.want) {
			t.Errorf("%q: got %+v in JSON", tt.args, r)
		}
	}
	t.Run("executed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.db")
		s := &site{url: "sqlite:" + path}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), s.want(t, exitOK, "migrate", "--print")); err != nil {
			t.Fatal(err)
		}
		s.want(t, exitOK, "doctor")
	})
}

func drop(t *testing.T, schema string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), servertest.PostgresShared(t).DSN)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
		t.Error(err)
	}
}
