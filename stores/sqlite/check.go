package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxWaiting is how long the row of an expired session may stay before Check
// reports it. A sweeper runs about every minute.
const maxWaiting = 15 * time.Minute

// Check reads the settings of SQLite and of the file. It returns a sentence for
// each setting that breaks a promise to users, with its remedy. It is meant for
// operators and for the start of a program, and changes nothing. An error means
// that the file was not read or that sessions cannot work, because tables are
// missing or the file is not writable.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	err := s.write(ctx, func(t *tx) error {
		var version, mode, file string
		if err := t.row(`SELECT sqlite_version(), coalesce((SELECT file FROM pragma_database_list WHERE name = 'main'), '')`).Scan(&version, &file); err != nil {
			return err
		}
		if older(version, 3, 35) {
			note("The driver has SQLite %s, but the statements need 3.35 or newer. Use a newer driver.", version)
		}
		if err := t.row("PRAGMA journal_mode").Scan(&mode); err != nil {
			return err
		}
		if file != "" && mode != "wal" {
			note("The file is in journal mode %s, so readers wait for writers. Call Migrate, which sets the mode WAL.", mode)
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
				"A program that creates sessions removes them, unless SweepEvery is negative. In that case call Sweep.", count, ago.Round(time.Minute))
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
