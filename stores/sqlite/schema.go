package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // for the schema
	"fmt"
	"strings"
)

//go:embed schema.sql
var schemaText string

// names are the names of tables and indexes, quoted.
type names struct{ replace *strings.Replacer }

func newNames(prefix string) names {
	var pairs []string
	for name, object := range map[string]string{
		"sessions": "sessions", "revocations": "revocations",
		"by_identity": "sessions_identity", "by_expires": "sessions_expires", "by_revoked": "revocations_revoked",
	} {
		pairs = append(pairs, "{"+name+"}", `"`+strings.ReplaceAll(prefix+object, `"`, `""`)+`"`)
	}
	return names{strings.NewReplacer(pairs...)}
}

// sql puts the names into a text of ours, in one pass: what they contain is
// not looked at again.
func (n names) sql(text string) string { return n.replace.Replace(text) }

// Schema returns the statements that [Store.Migrate] executes, for programs
// that migrate by other means. They may run again at any time.
func Schema(opts *Options) string {
	o := opts.withDefaults()
	return newNames(o.Prefix).sql(schemaText)
}

// Migrate switches the file to write-ahead logging and creates the tables that
// the store needs. It changes nothing where all is there, and may be called by
// any number of processes at once.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.walMode(ctx); err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	err := s.write(ctx, func(tx *tx) error {
		for _, statement := range strings.SplitAfter(schemaText, ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.exec(s.names.sql(statement)); err != nil {
				return err
			}
		}
		// A table of the same name that is not ours shows now, not in a request.
		return tx.row(s.names.sql(checkText)).Scan(new(int))
	})
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	return nil
}

const checkText = `SELECT count(*) FROM (SELECT s.seq, s.id, s.identity, s.version, s.last_seen, s.expires, s.deadline, s.payload,
r.identity, r.revoked FROM {sessions} s, {revocations} r LIMIT 0)`

// walMode changes what the file says. A database in memory keeps its own mode.
func (s *Store) walMode(ctx context.Context) error {
	return s.turn(ctx, func(conn *sql.Conn) error {
		var mode string
		return conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	})
}
