package postgres

import (
	"context"
	"fmt"
	"strings"
)

// impostors are servers that speak the protocol of PostgreSQL, and claim one of
// its versions, without what sessions rely on. Part is in the answer of
// version().
var impostors = []struct{ part, name, lacks string }{
	{"CockroachDB", "CockroachDB", "its advisory locks do nothing, and it has no LISTEN"},
	{"-YB-", "YugabyteDB", "it lacks deferrable triggers and the column ctid, and its advisory locks and LISTEN depend on settings"},
	{"Redshift", "Amazon Redshift", "it has neither advisory locks nor triggers, and does not enforce primary keys"},
	{"Gauss", "GaussDB or openGauss", "it has no LISTEN, and its advisory locks are for its own use"},
}

// checkProduct refuses a server on which sessions would seem to work. Without
// advisory locks that hold, more sessions than the limit are created, and a
// revocation misses sessions.
func (s *Store) checkProduct(ctx context.Context) error {
	// Alone, because the functions of the next statement may not exist.
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
		return fmt.Errorf("postgres: the advisory locks of the server (%q) do nothing: sessions need PostgreSQL itself", version)
	}
	return nil
}

// locksText reports whether a lock that is taken is held. Clear relies on
// pg_locks too. The lock may be taken by another transaction only where locks
// work.
const locksText = `SELECT CASE WHEN pg_try_advisory_xact_lock_shared({creating})
	THEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) ELSE true END`
