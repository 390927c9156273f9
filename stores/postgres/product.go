package postgres

import (
	"context"
	"fmt"
	"strings"
)

// impostors are servers that use the protocol of PostgreSQL and claim one of
// its versions, but lack features that sessions need. Part occurs in the result
// of version().
var impostors = []struct{ part, name, lacks string }{
	{"CockroachDB", "CockroachDB", "its advisory locks have no effect, and it has no LISTEN"},
	{"-YB-", "YugabyteDB", "it lacks deferrable triggers and the column ctid, and its advisory locks and LISTEN depend on settings"},
	{"Redshift", "Amazon Redshift", "it has neither advisory locks nor triggers, and does not enforce primary keys"},
	{"Gauss", "GaussDB or openGauss", "it has no LISTEN, and its advisory locks are for its own use"},
}

// checkProduct refuses a server on which sessions only seem to work. If
// advisory locks have no effect, parallel creates exceed the limit, and a
// revocation misses sessions.
func (s *Store) checkProduct(ctx context.Context) error {
	// This is a statement of its own, because the functions of the next one may
	// not exist.
	var version string
	if err := s.row(ctx, `SELECT version()`, nil, &version); err != nil {
		return err
	}
	for _, i := range impostors {
		if strings.Contains(version, i.part) {
			return fmt.Errorf("postgres: the server is %s (%q), not PostgreSQL: %s", i.name, version, i.lacks)
		}
	}
	var locks bool
	if err := s.row(ctx, s.names.sql(locksText), nil, &locks); err != nil {
		return err
	}
	if !locks {
		return fmt.Errorf("postgres: the advisory locks of the server (%q) have no effect; sessions need PostgreSQL itself", version)
	}
	return nil
}

// locksText reports whether an acquired lock is listed in pg_locks, which Clear
// needs too. If another transaction holds the lock, locks work.
const locksText = `SELECT CASE WHEN pg_try_advisory_xact_lock_shared({creating})
	THEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) ELSE true END`
