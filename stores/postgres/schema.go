package postgres

import (
	"context"
	_ "embed" // for the schema
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed schema.sql
var schemaText string

// names are what the options make of the names in the schema, quoted.
type names struct {
	schema  string // as given
	prefix  string
	replace *strings.Replacer

	creating int64 // the advisory lock of those who create
}

// objects are the tables, indexes and functions, by their name in the schema.
var objects = map[string]string{
	"sessions": "sessions", "revocations": "revocations",
	"stamp": "stamp_v1", "lock": "lock_v1", "hint": "hint_v1", "create": "create_v1", "update": "update_v1",
	"touch": "touch_v1", "delete": "delete_v1", "revoke": "revoke_v1", "marked": "marked_v1", "clear": "clear_v1",
}

func newNames(schema, prefix string) names {
	qualified := func(object string) string { return pgx.Identifier{schema, prefix + object}.Sanitize() }
	space := fnv.New64a()
	_, _ = space.Write([]byte("humasess " + qualified("sessions")))
	creating := fnv.New64a()
	_, _ = creating.Write([]byte("humasess creating " + qualified("sessions")))
	pairs := []string{
		"{schema}", pgx.Identifier{schema}.Sanitize(),
		"{schema_text}", literal(schema),
		"{sessions_text}", literal(qualified("sessions")),
		"{revocations_text}", literal(qualified("revocations")),
		"{by_identity}", pgx.Identifier{prefix + "sessions_identity"}.Sanitize(),
		"{by_deadline}", pgx.Identifier{prefix + "sessions_deadline"}.Sanitize(),
		"{by_revoked}", pgx.Identifier{prefix + "revocations_revoked"}.Sanitize(),
		"{space}", strconv.FormatInt(int64(space.Sum64()), 10),
		"{creating}", strconv.FormatInt(int64(creating.Sum64()), 10),
		"{body}", quoteFor(schema + prefix),
		"{most_hints}", strconv.Itoa(mostHints),
	}
	for name, object := range objects {
		pairs = append(pairs, "{"+name+"}", qualified(object))
	}
	return names{
		schema: schema, prefix: prefix, replace: strings.NewReplacer(pairs...), creating: int64(creating.Sum64()),
	}
}

// sql puts the names into a text of ours, in one pass: what they contain is
// not looked at again.
func (n names) sql(text string) string { return n.replace.Replace(text) }

// literal quotes a text in a way that no setting of the server changes.
func literal(text string) string {
	return "E'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}

// quoteFor returns a quote for function bodies that is no part of a text.
func quoteFor(text string) string {
	for i := 0; ; i++ {
		if quote := fmt.Sprintf("$body%d$", i); !strings.Contains(text, quote) {
			return quote
		}
	}
}

// Schema returns the statements that [Store.Migrate] executes, for programs
// that migrate by other means. They have to run in one transaction, at READ
// COMMITTED, and may run again at any time.
func Schema(opts *Options) string {
	o := opts.withDefaults()
	return newNames(o.Schema, o.Prefix).sql(schemaText)
}

// Migrate creates what the store needs: a schema unless it exists, two tables
// and the functions that each write calls. It changes nothing where all is
// there, and may be called by any number of processes at once.
//
// The user of the database needs to own the tables, or the right to create in
// the schema.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Without arguments, pgx sends the whole as one query: one transaction.
	if _, err := s.db(ctx).Exec(ctx, s.names.sql(schemaText)); err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	// A table of the same name that is not ours shows now, not in a request.
	if _, err := s.db(ctx).Exec(ctx, s.names.sql(checkText)); err != nil {
		return fmt.Errorf("postgres: migrate: a table has another shape than this version's: %w", err)
	}
	return nil
}

const checkText = `SELECT s.seq, s.version, s.last_seen, s.expires, s.deadline, s.id, s.identity, s.payload, r.identity, r.revoked, r.pending
FROM {sessions} s, {revocations} r WHERE false`
