package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxWaiting is how long a session may be over before its row is removed
// without a word. A sweeper comes every minute or so.
const maxWaiting = 15 * time.Minute

// Check asks SQLite and the file for everything that breaks a promise to
// users, and returns a sentence for each, with what to do about it. It is
// meant for the start of a program and for operators, and changes nothing. An
// error means that the file could not be read, or that sessions cannot work:
// tables are missing, or it may not be written.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	err := s.write(ctx, func(t *tx) error {
		var version, mode, file string
		if err := t.row(`SELECT sqlite_version(), coalesce((SELECT file FROM pragma_database_list WHERE name = 'main'), '')`).Scan(&version, &file); err != nil {
			return err
		}
		if older(version, 3, 35) {
			note("The driver has SQLite %s: the statements are for 3.35 and newer. Take a newer driver.", version)
		}
		if err := t.row("PRAGMA journal_mode").Scan(&mode); err != nil {
			return err
		}
		if file != "" && mode != "wal" {
			note("The file is in journal mode %s: readers wait for writers. Call Migrate, which makes it WAL.", mode)
		}
		if err := t.row(s.names.sql(checkText)).Scan(new(int)); err != nil {
			return err
		}
		var count, oldest int64
		if err := t.row(s.names.sql(`SELECT count(*), coalesce(min(expires), 0) FROM {sessions} WHERE expires <= ?`), t.now).Scan(&count, &oldest); err != nil {
			return err
		}
		if ago := time.Duration(t.now - oldest); count > 0 && ago > maxWaiting {
			note("Rows of expired sessions wait to be removed: %d, the oldest for %v. "+
				"A program that creates sessions does it, unless SweepEvery is negative: then call Sweep.", count, ago.Round(time.Minute))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// older reports whether a version is known and before major.minor.
func older(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, err := strconv.Atoi(a)
	if err != nil {
		return false
	}
	y, _ := strconv.Atoi(b)
	return x < major || x == major && y < minor
}
