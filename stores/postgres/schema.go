package postgres

import (
	"context"
	_ "embed" // for the schema
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

// schemaText is the schema with placeholders in braces, for quoted names and literals.
// [Schema] prints its comments too, so they describe the text without placeholders.
//
//go:embed schema.sql
var schemaText string

// names are the quoted names for the placeholders in the schema.
type names struct {
	schema  string // as given
	prefix  string
	replace *strings.Replacer

	// These are the keys of advisory locks, for changes of tables and for
	// creates of sessions. The first is also the seed of the keys of
	// identities.
	space, creating int64
}

const (
	sessionsTable = "sessions"
	marksTable    = "marks"
)

// objects maps the placeholders of tables and functions to their names.
var objects = map[string]string{
	sessionsTable: sessionsTable, marksTable: marksTable,
	"leave": "leave_v1", "stamp": "stamp_v1", "lock": "lock_v1", "marked": "marked_v2", "hint": "hint_v1",
	"create": "create_v2", "update": "update_v1", "touch": "touch_v1", "delete": "delete_v1", "revoke": "revoke_v2",
	"change": "change_v1", "clear": "clear_v1",
}

func newNames(schema, prefix string) names {
	qualified := func(object string) string { return pgx.Identifier{schema, prefix + object}.Sanitize() }
	space := fnv.New64a()
	_, _ = space.Write([]byte("humasess " + qualified("sessions")))
	creating := fnv.New64a()
	_, _ = creating.Write([]byte("humasess creating " + qualified("sessions")))
	n := names{schema: schema, prefix: prefix, space: int64(space.Sum64()), creating: int64(creating.Sum64())}
	pairs := []string{
		"{schema}", pgx.Identifier{schema}.Sanitize(),
		"{schema_text}", literal(schema),
		"{sessions_text}", literal(qualified("sessions")),
		"{marks_text}", literal(qualified(marksTable)),
		"{revocations}", qualified("revocations"),
		"{revocations_text}", literal(qualified("revocations")),
		"{by_identity}", pgx.Identifier{prefix + "sessions_identity"}.Sanitize(),
		"{by_deadline}", pgx.Identifier{prefix + "sessions_deadline"}.Sanitize(),
		"{by_at}", pgx.Identifier{prefix + "marks_at"}.Sanitize(),
		"{space}", strconv.FormatInt(n.space, 10),
		"{creating}", strconv.FormatInt(n.creating, 10),
		"{body}", quoteFor(schema + prefix),
		"{most_hints}", strconv.Itoa(mostHints),
		"{retention}", fmt.Sprintf("interval '%d microseconds'", stores.RevocationRetention.Microseconds()),
	}
	for name, object := range objects {
		pairs = append(pairs, "{"+name+"}", qualified(object))
	}
	n.replace = strings.NewReplacer(pairs...)
	return n
}

// sql puts the names into a text of this package. It makes one pass, so it does
// not replace placeholders inside names.
func (n names) sql(text string) string { return n.replace.Replace(text) }

// literal quotes a text in a form that does not depend on the server's
// settings.
func literal(text string) string {
	return "E'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}

// quoteFor returns a quote for function bodies that does not occur in text.
func quoteFor(text string) string {
	for i := 0; ; i++ {
		if quote := fmt.Sprintf("$body%d$", i); !strings.Contains(text, quote) {
			return quote
		}
	}
}

// Schema returns the statements that [Store.Migrate] executes, for programs
// that migrate by other means. They must run in one transaction, at READ
// COMMITTED, and may run again at any time.
func Schema(opts *Options) string {
	o := opts.withDefaults()
	return newNames(o.Schema, o.Prefix).sql(schemaText)
}

// Migrate creates the schema if it is missing, two tables and the functions
// that each write calls. It changes nothing if all of this exists in this
// version, and then needs no right except to connect. Any number of processes
// may call it in parallel. A server that only claims to be PostgreSQL is an
// error that names it.
//
// To change something, the user of the database needs the right to create in
// the schema, and in the database if the schema is missing. It must also own
// the existing tables and functions.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.checkProduct(ctx); err != nil {
		return err
	}
	if current, err := s.current(ctx); err != nil || current {
		return err
	}
	// Without arguments, pgx sends the whole text as one query, so as one
	// transaction.
	if err := s.exec(ctx, s.names.sql(schemaText)); err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	// A foreign table of the same name is found now, not later in a request.
	if err := s.exec(ctx, s.names.sql(checkText)); err != nil {
		return fmt.Errorf("postgres: migrate: a table has another shape than in this version: %w", err)
	}
	return nil
}

const checkText = `SELECT s.seq, s.version, s.last_seen, s.expires, s.deadline, s.id, s.identity, s.payload, m.identity, m.kind, m.at, m.name, m.pending
FROM {sessions} s, {marks} m WHERE false`

// columnText matches the columns in checkText.
var columnText = regexp.MustCompile(`\b([sm])\.(\w+)`)

// current reports whether everything exists in this version. It reads only the
// catalogs, because every user may read them and such a query cannot abort the
// caller's transaction.
func (s *Store) current(ctx context.Context) (bool, error) {
	var tables, columns []string
	for _, c := range columnText.FindAllStringSubmatch(checkText, -1) {
		tables = append(tables, s.names.prefix+map[string]string{"s": sessionsTable, "m": marksTable}[c[1]])
		columns = append(columns, c[2])
	}
	there, err := s.columns(ctx, tables, columns)
	if err != nil || !there {
		return false, err
	}
	const stamps = `SELECT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = 'stamp')`
	if err := s.row(ctx, stamps, []any{s.names.schema, s.names.prefix + marksTable}, &there); err != nil || !there {
		return false, err
	}
	f, err := s.functions(ctx)
	return err == nil && len(f.missing) == 0 && len(f.stale) == 0, err
}

// columns reports whether the tables have the columns, tables[i] with
// columns[i].
func (s *Store) columns(ctx context.Context, tables, columns []string) (there bool, err error) {
	const text = `SELECT NOT EXISTS (
		SELECT FROM unnest($2::text[], $3::text[]) AS w (relation, attribute) WHERE NOT EXISTS (
			SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relname = w.relation AND a.attname = w.attribute AND NOT a.attisdropped))`
	err = s.row(ctx, text, []any{s.names.schema, tables, columns}, &there)
	return there, err
}
