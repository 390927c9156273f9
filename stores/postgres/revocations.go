package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Revocations remembers in PostgreSQL which sessions of a cookie store must be
// refused, for any number of processes. It is safe for concurrent use when its
// DB is. [WithTx] works as for a [Store].
//
// A database that is restored from a backup has lost revocations. In that case
// delete the rows of its table and call [Revocations.Migrate], so that every
// cookie from before is refused.
type Revocations struct {
	store *Store
	table string // its name, without the schema

	schema, begin, check, early, end, revoke string
}

var (
	_ stores.MultiRevocations         = (*Revocations)(nil)
	_ stores.TransactionalRevocations = (*Revocations)(nil)
)

// The row with the empty key holds the era. Every write also removes a few old
// rows. {table} is a quoted name.
const (
	revokedSchema = `SELECT pg_advisory_xact_lock({space});
		CREATE TABLE IF NOT EXISTS {table} (
		key bytea NOT NULL PRIMARY KEY, mark bigint NOT NULL, at timestamptz NOT NULL, before timestamptz, until timestamptz NOT NULL);
		ALTER TABLE {table} ADD COLUMN IF NOT EXISTS replaced bigint; -- the mark before
		ALTER TABLE {table} ADD COLUMN IF NOT EXISTS name bigint; -- of the call that left the mark
		CREATE INDEX IF NOT EXISTS {index} ON {table} (until)`
	revokedBegin = `INSERT INTO {table} (key, mark, at, until) VALUES ('', $1::bigint, clock_timestamp(), 'infinity') ON CONFLICT (key) DO NOTHING RETURNING true`

	revokedSweep = `WITH due AS (DELETE FROM {table} WHERE key = ANY(ARRAY(
		SELECT key FROM {table} WHERE until < now() AND key <> $1::bytea ORDER BY until LIMIT 10 FOR UPDATE SKIP LOCKED))) `
	revokedCheck = `SELECT e.mark, EXISTS (SELECT FROM {table} s WHERE s.key = q.session), coalesce(i.mark, 0),
		(extract(epoch FROM clock_timestamp() - i.at) * 1000000)::bigint
		FROM {table} e CROSS JOIN unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY q (session, identity, n)
		LEFT JOIN {table} i ON i.key = q.identity AND i.key <> '' WHERE e.key = '' ORDER BY q.n`
	// A mark from the future was left before the clock was set back. It counts
	// as now and is rewritten. Otherwise it would refuse sign-ins until that
	// time.
	revokedEarly = `UPDATE {table} SET at = clock_timestamp() WHERE key IN (
		SELECT key FROM {table} WHERE key = ANY($1::bytea[]) AND key <> '' AND at > clock_timestamp() FOR UPDATE SKIP LOCKED)`
	// If no row is returned, the session was ended before; the later expiry
	// counts. If the row has the name of the call, this is a repeated call
	// whose answer was lost.
	revokedEnd = revokedSweep + `INSERT INTO {table} AS t (key, mark, at, until, name)
		VALUES ($1::bytea, 1, clock_timestamp(), clock_timestamp() + $2::bigint * interval '1 microsecond', nullif($3::bigint, 0))
		ON CONFLICT (key) DO UPDATE SET until = greatest(t.until, excluded.until) WHERE t.until < excluded.until OR t.name = excluded.name
		RETURNING xmax = 0 OR coalesce(name = $3::bigint, false)`
	revokedRevoke = revokedSweep + `INSERT INTO {table} AS t (key, mark, at, until, name)
		VALUES ($1::bytea, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp(), clock_timestamp() + $2::bigint * interval '1 microsecond', nullif($3::bigint, 0))
		ON CONFLICT (key) DO UPDATE SET (mark, replaced, before, at, until, name) = (SELECT
			CASE WHEN again THEN t.mark ELSE greatest(excluded.mark, t.mark + 1) END, CASE WHEN again THEN t.replaced ELSE t.mark END,
			CASE WHEN again THEN t.before ELSE t.at END, CASE WHEN again THEN t.at ELSE clock_timestamp() END,
			excluded.until, excluded.name FROM (SELECT coalesce(t.name = excluded.name, false)) s (again))
		RETURNING mark, coalesce(replaced, 0), (extract(epoch FROM at - before) * 1000000)::bigint`
)

var revokedColumns = []string{"key", "mark", "at", "before", "until", "replaced", "name"}

// NewRevocations returns Revocations that use db. Their table is in
// Options.Schema; its name is Options.Prefix and "revoked". The caller keeps db
// and closes it. NewRevocations panics for the same reasons as [New].
func NewRevocations(db DB, opts *Options) *Revocations {
	s := New(db, opts)
	o := opts.withDefaults()
	text := func(sql string) string {
		return strings.NewReplacer(
			"{table}", pgx.Identifier{o.Schema, o.Prefix + "revoked"}.Sanitize(),
			"{space}", strconv.FormatInt(s.names.space, 10),
			"{index}", pgx.Identifier{o.Prefix + "revoked_until"}.Sanitize(),
		).Replace(sql)
	}
	return &Revocations{
		store: s, table: o.Prefix + "revoked", schema: text(revokedSchema), begin: text(revokedBegin),
		check: text(revokedCheck), early: text(revokedEarly), end: text(revokedEnd), revoke: text(revokedRevoke),
	}
}

// Migrate creates the table if it is missing. The schema must exist. It may be
// called at any time, by any number of processes in parallel. If the table
// exists it needs no right to create.
func (r *Revocations) Migrate(ctx context.Context) error {
	var era [4]byte
	if _, err := rand.Read(era[:]); err != nil {
		return err
	}
	if err := r.store.checkProduct(ctx); err != nil {
		return err
	}
	there, err := r.store.columns(ctx, slices.Repeat([]string{r.table}, len(revokedColumns)), revokedColumns)
	if err != nil {
		return err
	}
	if !there {
		if err := r.store.exec(ctx, r.schema); err != nil {
			return fmt.Errorf("postgres: migrate revocations: %w", err)
		}
	}
	var fresh bool
	err = r.store.row(ctx, r.begin, []any{int64(binary.BigEndian.Uint32(era[:]))}, &fresh)
	if errors.Is(err, stores.ErrNotFound) { // the row of the era already exists
		return nil
	}
	return err
}

func sessionKey(id stores.ID) []byte { return append([]byte("s"), id[:]...) }

func identityKey(identity string) []byte {
	if identity == "" {
		return []byte{} // the key of the era, which CheckMany ignores
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
	standings, early, err := r.standings(ctx, sessions, identities)
	switch {
	case err != nil:
		return nil, err
	case len(standings) != len(subjects):
		return nil, errors.New("postgres: revocations have no era, call Revocations.Migrate")
	}
	if early {
		// The answer is right even if this fails, and the next call tries
		// again.
		_ = r.store.exec(ctx, r.early, identities)
	}
	return standings, nil
}

// standings also reports whether one of the marks is from the future.
func (r *Revocations) standings(ctx context.Context, sessions, identities [][]byte) (all []stores.Standing, early bool, err error) {
	l, err := r.store.begin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer l.end()
	rows, err := l.Query(l.ctx, r.check, sessions, identities)
	if err != nil {
		return nil, false, explain(err)
	}
	var era int64
	var ago pgtype.Int8
	var st stores.Standing
	_, err = pgx.ForEachRow(rows, []any{&era, &st.Ended, &st.Mark, &ago}, func() error {
		st.Era, st.RevokedAgo = uint32(era), stores.NotRevoked
		if ago.Valid {
			early = early || ago.Int64 < 0
			st.RevokedAgo = time.Duration(max(0, ago.Int64)) * time.Microsecond
		}
		all = append(all, st)
		return nil
	})
	if err != nil {
		return nil, false, explain(err)
	}
	return all, early, nil
}

// InTransaction reports whether the context is one of [WithTx].
func (r *Revocations) InTransaction(ctx context.Context) bool { return inTx(ctx) != nil }

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	var first bool
	if err := r.store.row(ctx, r.end, []any{sessionKey(id), micros(keep), name}, &first); err != nil {
		return err
	}
	if !first {
		return stores.ErrNotFound
	}
	return nil
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	answer := stores.Revoked{Count: -1, Ago: stores.NotRevoked}
	var ago pgtype.Int8
	keep := micros(stores.LongestSession + time.Minute)
	if err := r.store.row(ctx, r.revoke, []any{identityKey(identity), keep, name}, &answer.Mark, &answer.Before, &ago); err != nil {
		return stores.Revoked{}, err
	}
	if ago.Valid {
		answer.Ago = time.Duration(max(0, ago.Int64)) * time.Microsecond
	}
	return answer, nil
}
