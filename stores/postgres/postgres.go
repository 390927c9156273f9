package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	defaultSchema     = "public"
	defaultPrefix     = "humasess_"
	defaultSweepEvery = time.Minute
	defaultMaxPayload = 1 << 20

	// PostgreSQL cuts names at 63 bytes, and ours add up to 17 to the prefix.
	maxPrefix = 40
	maxSchema = 63
)

// DB has the methods that a pool, a connection and a transaction of pgx share.
// A server process needs a pool, because the others serve one call at a time. A
// type that wraps a pool should have its method Acquire. Without it, each
// client that hangs up costs the connection of its statement.
type DB interface {
	// Exec executes a statement, or several when there are no arguments.
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)

	// Query returns rows, which the caller closes.
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)

	// QueryRow returns one row; its Scan returns the error.
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Options configures a [Store]. The zero Options is ready to use.
type Options struct {
	// Schema holds the tables and functions; the search path of a connection
	// does not matter. Any name is allowed, because it is quoted. The default
	// is "public".
	Schema string

	// Prefix begins the name of each table, index and function. It has at most
	// 40 bytes, of any kind, because it is quoted. The default is "humasess_".
	Prefix string

	// MaxPayload bounds the encoded data of a session, in bytes. Create and
	// Update answer [stores.ErrTooLarge] for more, and write nothing. The
	// default is 1 MiB.
	MaxPayload int

	// SweepEvery is how often expired sessions are removed from the tables. A
	// goroutine does this; it starts with the first session created and ends
	// with [Store.Close]. Methods ignore an expired session even before that.
	// With a negative value only [Store.Sweep] removes them. The same holds if
	// the DB is a single connection or transaction. The default is one minute.
	SweepEvery time.Duration

	// Hints opens a connection for [Store.Watch], which closes it. It also
	// makes every session that is deleted, revoked or evicted send a
	// notification. It must connect to the server itself, because PgBouncer in
	// transaction mode loses notifications without an error. The context bounds
	// the time to connect. All processes that end sessions need Hints, even
	// those without Watch. By default there are no notifications.
	Hints func(ctx context.Context) (*pgx.Conn, error)

	// Logger gets a warning when expired sessions could not be removed, and
	// when hints are interrupted. The default is [slog.Default].
	Logger *slog.Logger
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.Schema == "" {
		r.Schema = defaultSchema
	}
	if r.Prefix == "" {
		r.Prefix = defaultPrefix
	}
	if len(r.Schema) > maxSchema || strings.ContainsRune(r.Schema, 0) {
		panic(fmt.Sprintf("postgres: New called with Schema %q, which is not a valid name", r.Schema))
	}
	if len(r.Prefix) > maxPrefix || strings.ContainsRune(r.Prefix, 0) {
		panic(fmt.Sprintf("postgres: New called with Prefix %q, which is not a valid start of a name", r.Prefix))
	}
	if r.MaxPayload < 0 {
		panic(fmt.Sprintf("postgres: New called with MaxPayload %d", r.MaxPayload))
	}
	if r.MaxPayload == 0 {
		r.MaxPayload = defaultMaxPayload
	}
	if r.SweepEvery == 0 {
		r.SweepEvery = defaultSweepEvery
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	return r
}

// Store keeps sessions in PostgreSQL. It is safe for concurrent use when its
// DB is.
type Store struct {
	pool       DB
	names      names
	text       statements
	maxPayload int
	sweeper    sweeper
	hints      hints
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Marker      = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.Closer      = (*Store)(nil)
	_ stores.Watcher     = (*Store)(nil)
)

// New returns a store that uses db. The caller keeps db and closes it. New does
// not connect to the server; see [Store.Migrate]. It panics when db is nil or
// an option is invalid.
func New(db DB, opts *Options) *Store {
	if db == nil {
		panic("postgres: New called with a nil DB")
	}
	o := opts.withDefaults()
	n := newNames(o.Schema, o.Prefix)
	h := hints{connect: o.Hints, channel: channelFor(o.Schema, o.Prefix), logger: o.Logger}
	s := &Store{pool: db, names: n, text: newStatements(n, h.argument()), maxPayload: o.MaxPayload, hints: h}
	s.sweeper.init(o.SweepEvery, o.Logger, single(db))
	return s
}

// single reports whether db is one connection. Our goroutine must not use it in
// parallel with the caller.
func single(db DB) bool {
	switch db.(type) {
	case *pgx.Conn, interface{ Conn() *pgx.Conn }:
		return true
	}
	return false
}

// statements are the SQL texts that the store sends.
type statements struct {
	load, loadMany, list, create, update, touch, remove, revoke, change string
	dead, idle, marks, early, blocks                                    string
	scan, count, everybody, creating, clear                             string
}

const columns = `id, identity, version, timestamptz_send(last_seen) || timestamptz_send(expires)
	|| timestamptz_send(deadline) || timestamptz_send(clock_timestamp()), payload FROM {sessions} WHERE `

// outcome selects the times in the answer of create, see instants.
const outcome = `timestamptz_send(o_expires) || timestamptz_send(o_deadline) || timestamptz_send(o_now)`

// newStatements expects the channel as SQL, NULL for none.
func newStatements(n names, channel string) statements {
	return statements{
		load:     n.sql(`SELECT ` + columns + `id = $1::bytea AND expires > clock_timestamp()`),
		loadMany: n.sql(`SELECT ` + columns + `id = ANY($1::bytea[]) AND expires > clock_timestamp()`),
		list:     n.sql(`SELECT ` + columns + `identity = $1::bytea AND expires > clock_timestamp() ORDER BY seq`),
		create: n.sql(`SELECT o_status, `+outcome+`, o_ago, o_mark, o_changed_ago, o_change, o_evicted
			FROM {create}($1::bytea, $2::bytea, $3::bytea, $4::bigint, $5::bigint, $6::bigint, $7::timestamptz, $8::bigint,
				$9::bytea[], $10::bigint[], $11::boolean[], `) + channel + `)`,
		// A function in FROM would put its row into temporary storage first.
		// OFFSET keeps the planner from calling it for each of its columns.
		update: n.sql(`SELECT (u).o_status, timestamptz_send((u).o_expires) || timestamptz_send((u).o_deadline) || timestamptz_send((u).o_now)
			FROM (SELECT {update}($1::bytea, $2::bigint, $3::bytea, $4::bigint, $5::bigint) AS u OFFSET 0) updated`),
		touch:  n.sql(`SELECT {touch}($1::bytea, $2::bigint)`),
		remove: n.sql(`SELECT {delete}($1::bytea, $2::bigint, $3::bytea, `) + channel + `)`,
		revoke: n.sql(`SELECT o_count, o_ago, o_mark FROM {revoke}($1::bytea, $2::bytea, $3::boolean, `) + channel + `)`,
		change: n.sql(`SELECT o_ago, o_mark FROM {change}($1::bytea, $2::boolean)`),

		// The page is read first and filtered then. Otherwise the planner would
		// expect few matching rows, and read the whole table for each page.
		scan: n.sql(`WITH page AS MATERIALIZED (SELECT id, identity, version, last_seen, expires, deadline, payload FROM {sessions} WHERE id > $1::bytea ORDER BY id LIMIT $3::bigint)
			SELECT id, identity, version, timestamptz_send(last_seen) || timestamptz_send(expires) || timestamptz_send(deadline)
				|| timestamptz_send(clock_timestamp()), CASE WHEN meant THEN payload ELSE '' END, meant
			FROM (SELECT id, identity, version, last_seen, expires, deadline, payload,
				expires > clock_timestamp() AND substr(payload, 1, length($2::bytea)) = $2::bytea AS meant FROM page) p ORDER BY id`),
		count: n.sql(`SELECT count(*) FROM {sessions} WHERE expires > clock_timestamp()
			AND substr(payload, 1, length($1::bytea)) = $1::bytea`),
		everybody: n.sql(`SELECT {leave}('', 0, false)`),
		creating: `SELECT coalesce(array_agg(virtualtransaction), '{}') FROM pg_locks
			WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND classid::bigint = $1::bigint AND objid::bigint = $2::bigint AND objsubid = 1
			AND ($3::text[] IS NULL OR virtualtransaction = ANY($3::text[]))`,
		clear: n.sql(`SELECT o_count, o_last FROM {clear}($1::bytea, $2::bytea, $3::bigint, `) + channel + `)`,

		// now() instead of clock_timestamp(), so that an index can be used.
		dead: n.sql(`DELETE FROM {sessions} WHERE ctid = ANY(ARRAY(
			SELECT ctid FROM {sessions} WHERE deadline <= now() ORDER BY deadline LIMIT $1::bigint FOR UPDATE SKIP LOCKED))`),
		idle: n.sql(`DELETE FROM {sessions} WHERE ctid = ANY(ARRAY(
			SELECT ctid FROM {sessions} WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid
			AND expires <= now() FOR UPDATE SKIP LOCKED))`),
		marks: n.sql(`DELETE FROM {marks} WHERE ctid = ANY(ARRAY(
			SELECT ctid FROM {marks} WHERE at <= now() - $1::bigint * interval '1 microsecond'
			ORDER BY at LIMIT $2::bigint FOR UPDATE SKIP LOCKED))`),
		// Such marks are from before the clock was set back. Another process
		// may stamp a mark slightly later than now(), but never a minute later.
		early: n.sql(`UPDATE {marks} SET at = now() WHERE ctid = ANY(ARRAY(
			SELECT ctid FROM {marks} WHERE at > now() + interval '1 minute' LIMIT $1::bigint FOR UPDATE SKIP LOCKED))`),
		blocks: n.sql(`SELECT pg_relation_size({sessions_text}::regclass) / current_setting('block_size')::bigint`),
	}
}

type txKey struct{}

// WithTx returns a context that makes every store of this package work in the
// caller's transaction. So a session and the rows that belong to it change
// together:
//
//	err = in.Session.Commit(postgres.WithTx(ctx, tx))
//
// The transaction must be at READ COMMITTED, and should end soon. Until then
// other calls wait that change the same session, or create, revoke or mark
// sessions of the same identity. If it is rolled back after the response, the
// client has a cookie without a session.
//
// A revocation and the mark of a change count from the end of the transaction,
// and their marks get new names then. A Start of the same request must be
// committed in the same transaction. Otherwise it is refused like any other
// that began before.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

func inTx(ctx context.Context) pgx.Tx {
	tx, _ := ctx.Value(txKey{}).(pgx.Tx)
	return tx
}

// InTransaction reports whether the context is one of [WithTx].
func (s *Store) InTransaction(ctx context.Context) bool { return inTx(ctx) != nil }

func (s *Store) db(ctx context.Context) DB {
	if tx := inTx(ctx); tx != nil {
		return tx
	}
	return s.pool
}
