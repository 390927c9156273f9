package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

// Revocations remembers in PostgreSQL which sessions of a cookie store must
// not be accepted any more, for any number of processes. It is safe for
// concurrent use when its DB is. [WithTx] works as for a [Store].
//
// A database that is restored from a backup has lost revocations: delete the
// rows of its table and call [Revocations.Migrate], and every cookie from
// before is refused.
type Revocations struct {
	store                           *Store
	schema, era, check, end, revoke string
}

var _ stores.MultiRevocations = (*Revocations)(nil)

// The row with the empty key holds the era. A few rows that are due go with
// every write. {table} is a quoted name.
const (
	revokedSchema = `CREATE TABLE IF NOT EXISTS {table} (
		key bytea NOT NULL PRIMARY KEY, mark bigint NOT NULL, at timestamptz NOT NULL, before timestamptz, until timestamptz NOT NULL);
		CREATE INDEX IF NOT EXISTS {index} ON {table} (until)`
	revokedEra = `INSERT INTO {table} (key, mark, at, until) VALUES ('', $1::bigint, clock_timestamp(), 'infinity') ON CONFLICT (key) DO NOTHING`

	revokedSweep = `WITH due AS (DELETE FROM {table} WHERE key = ANY(ARRAY(
		SELECT key FROM {table} WHERE until < now() AND key <> $1::bytea ORDER BY until LIMIT 10 FOR UPDATE SKIP LOCKED))) `
	revokedCheck = `SELECT e.mark, EXISTS (SELECT FROM {table} s WHERE s.key = q.session), coalesce(i.mark, 0),
		(extract(epoch FROM clock_timestamp() - i.at) * 1000000)::bigint
		FROM {table} e CROSS JOIN unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY q (session, identity, n)
		LEFT JOIN {table} i ON i.key = q.identity AND i.key <> '' WHERE e.key = '' ORDER BY q.n`
	revokedEnd = revokedSweep + `INSERT INTO {table} (key, mark, at, until)
		VALUES ($1::bytea, 1, clock_timestamp(), clock_timestamp() + $2::bigint * interval '1 microsecond') ON CONFLICT (key) DO NOTHING`
	revokedRevoke = revokedSweep + `INSERT INTO {table} AS t (key, mark, at, until)
		VALUES ($1::bytea, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp(), clock_timestamp() + $2::bigint * interval '1 microsecond')
		ON CONFLICT (key) DO UPDATE SET mark = greatest(excluded.mark, t.mark + 1), before = t.at, at = clock_timestamp(), until = excluded.until
		RETURNING mark, (extract(epoch FROM at - before) * 1000000)::bigint`
)

// NewRevocations returns one that uses db, which stays the caller's, and one
// table in Options.Schema whose name is Options.Prefix and "revoked". It
// panics where [New] does.
func NewRevocations(db DB, opts *Options) *Revocations {
	s := New(db, opts)
	o := opts.withDefaults()
	text := func(sql string) string {
		return strings.NewReplacer(
			"{table}", pgx.Identifier{o.Schema, o.Prefix + "revoked"}.Sanitize(),
			"{index}", pgx.Identifier{o.Prefix + "revoked_until"}.Sanitize(),
		).Replace(sql)
	}
	return &Revocations{
		store: s, schema: text(revokedSchema), era: text(revokedEra),
		check: text(revokedCheck), end: text(revokedEnd), revoke: text(revokedRevoke),
	}
}

// Migrate creates the table where it is missing. The schema has to exist. It
// may be called at any time, by any number of processes, one after the other.
func (r *Revocations) Migrate(ctx context.Context) error {
	var era [4]byte
	if _, err := rand.Read(era[:]); err != nil {
		return err
	}
	if _, err := r.store.db(ctx).Exec(ctx, r.schema); err != nil {
		return fmt.Errorf("postgres: migrate revocations: %w", err)
	}
	if _, err := r.store.db(ctx).Exec(ctx, r.era, int64(binary.BigEndian.Uint32(era[:]))); err != nil {
		return fmt.Errorf("postgres: migrate revocations: %w", err)
	}
	return nil
}

func sessionKey(id stores.ID) []byte { return append([]byte("s"), id[:]...) }

func identityKey(identity string) []byte {
	if identity == "" {
		return []byte{} // the era's, which is no identity's
	}
	sum := sha256.Sum256([]byte(identity))
	return append([]byte("i"), sum[:]...)
}

// Check implements [stores.Revocations].
func (r *Revocations) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	standings, err := r.CheckMany(ctx, []stores.Subject{{ID: id, Identity: identity}})
	if err != nil {
		return stores.Standing{}, err
	}
	return standings[0], nil
}

// CheckMany implements [stores.MultiRevocations].
func (r *Revocations) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	if err := ctx.Err(); err != nil || len(subjects) == 0 {
		return nil, err
	}
	sessions, identities := make([][]byte, len(subjects)), make([][]byte, len(subjects))
	for i, s := range subjects {
		sessions[i], identities[i] = sessionKey(s.ID), identityKey(s.Identity)
	}
	rows, err := r.store.db(ctx).Query(ctx, r.check, sessions, identities)
	if err != nil {
		return nil, explain(err)
	}
	standings, err := pgx.CollectRows(rows, scanStanding)
	switch {
	case err != nil:
		return nil, explain(err)
	case len(standings) != len(subjects):
		return nil, errors.New("postgres: revocations have no era, call Revocations.Migrate")
	}
	return standings, nil
}

func scanStanding(row pgx.CollectableRow) (stores.Standing, error) {
	var era int64
	var ago *int64
	st := stores.Standing{RevokedAgo: stores.NotRevoked}
	err := row.Scan(&era, &st.Ended, &st.Mark, &ago)
	st.Era = uint32(era)
	if st.Mark != 0 && ago != nil {
		st.RevokedAgo = time.Duration(max(0, *ago)) * time.Microsecond
	}
	return st, err
}

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tag, err := r.store.db(ctx).Exec(ctx, r.end, sessionKey(id), keep.Microseconds())
	switch {
	case err != nil:
		return explain(err)
	case tag.RowsAffected() == 0:
		return stores.ErrNotFound
	}
	return nil
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string) (stores.Revoked, error) {
	if err := ctx.Err(); err != nil {
		return stores.Revoked{}, err
	}
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	answer := stores.Revoked{Count: -1, Ago: stores.NotRevoked}
	var ago *int64
	err := r.store.db(ctx).QueryRow(ctx, r.revoke, identityKey(identity), (stores.LongestSession+time.Minute).Microseconds()).Scan(&answer.Mark, &ago)
	if err != nil {
		return stores.Revoked{}, explain(err)
	}
	if ago != nil {
		answer.Ago = time.Duration(max(0, *ago)) * time.Microsecond
	}
	return answer, nil
}
