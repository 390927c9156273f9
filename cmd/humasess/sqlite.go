package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
	_ "modernc.org/sqlite" // the driver
)

type sqliteTarget struct {
	path string
	opts sqlite.Options
	db   *sql.DB
}

func newSQLite(c *call) (target, error) {
	_, path, _ := strings.Cut(c.store, ":")
	path = strings.TrimPrefix(path, "//")
	switch {
	case path == "":
		return nil, usagef("sqlite: requires a file, as in sqlite:sessions.db")
	case path == ":memory:":
		return nil, usagef("sqlite: the memory of another program cannot be read; give it a file")
	case c.schema != "":
		return nil, usagef("--schema is for PostgreSQL; omit it")
	}
	if colon := strings.IndexByte(path, ':'); colon > 1 && !strings.ContainsAny(path[:1], "./") && strings.Contains(path[colon:], "@") {
		return nil, usagef("sqlite: requires a file, without user and password; write ./ before a name with : and @")
	}
	if _, parameters, ok := strings.Cut(path, "?"); ok && strings.Contains(parameters, "=") {
		c.hide(parameters) // not a part of the name, and perhaps a key
	}
	return &sqliteTarget{path: path, opts: sqlite.Options{Prefix: c.prefix, SweepEvery: -1}}, nil
}

func (t *sqliteTarget) String() string { return "sqlite:" + t.path }

func (t *sqliteTarget) open(ctx context.Context, create bool) (stores.Store, error) {
	if create {
		// SQLite itself would create a file that other users can read.
		f, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		_ = f.Close()
	} else if _, err := os.Stat(t.path); err != nil {
		return nil, err
	}
	escaped := (&url.URL{Path: t.path}).EscapedPath()
	db, err := sql.Open("sqlite", "file:"+escaped+"?mode=rw")
	if err != nil {
		return nil, err
	}
	t.db = db
	return sqlite.New(db, &t.opts), db.PingContext(ctx)
}

func (t *sqliteTarget) schema() string { return sqlite.Schema(&t.opts) }

func (t *sqliteTarget) servers(ctx context.Context) ([]string, error) {
	var version, mode string
	err := t.db.QueryRowContext(ctx, `SELECT sqlite_version(), journal_mode FROM pragma_journal_mode`).Scan(&version, &mode)
	return []string{fmt.Sprintf("SQLite %s of this program, journal mode %s", version, mode)}, err
}

func (t *sqliteTarget) healthy() string {
	return "The tables are those that this version needs. The file accepts writes, readers do not wait for writers, and expired sessions are removed."
}

func (t *sqliteTarget) inspect(ctx context.Context) []finding {
	found := []finding{t.integrity(ctx)}
	if stat, err := os.Stat(t.path); err == nil && runtime.GOOS != "windows" && stat.Mode().Perm()&0o077 != 0 {
		found = append(found, finding{"file", warn, fmt.Sprintf(
			"Other users of the machine can read sessions in the file (%v). Run chmod 600 on it, and on its -wal and -shm files.", stat.Mode().Perm())})
	}
	return found
}

const restore = "Restore the file, or begin with a new one; then users have to sign in again."

func (t *sqliteTarget) integrity(ctx context.Context) finding {
	var answer string
	err := t.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer)
	if err != nil {
		answer = err.Error()
	}
	if answer != "ok" {
		return finding{"integrity", fail, answer + ". " + restore}
	}
	return finding{"integrity", ok, "The file is not damaged."}
}

func (t *sqliteTarget) advice(err error) string {
	switch text := err.Error(); {
	case errors.Is(err, fs.ErrNotExist):
		return "Check the path. humasess migrate creates the file, but not its folder."
	case strings.Contains(text, "not a database"), strings.Contains(text, "malformed"):
		return restore
	case errors.Is(err, fs.ErrPermission), strings.Contains(text, "unable to open database file"), strings.Contains(text, "readonly"):
		return "The file and its folder must be writable. Run humasess as the user that your program runs as."
	}
	return ""
}

func (t *sqliteTarget) close() {
	if t.db != nil {
		_ = t.db.Close()
	}
}
