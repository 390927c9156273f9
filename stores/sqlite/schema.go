package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // for the schema
	"errors"
	"fmt"
	"strings"
	"time"
)

// schemaText is the schema with placeholders in braces, for quoted names. [Schema]
// prints its comments too, so they describe the text without placeholders.
//
//go:embed schema.sql
var schemaText string

// names are the names of tables and indexes, quoted.
type names struct{ replace *strings.Replacer }

func newNames(prefix string) names {
	var pairs []string
	for name, object := range map[string]string{
		"sessions": "sessions", "revocations": "revocations", "changes": "changes",
		"by_identity": "sessions_identity", "by_expires": "sessions_expires", "by_revoked": "revocations_revoked",
		"by_changed": "changes_changed",
	} {
		pairs = append(pairs, "{"+name+"}", `"`+strings.ReplaceAll(prefix+object, `"`, `""`)+`"`)
	}
	return names{strings.NewReplacer(pairs...)}
}

// sql puts the names into a text of this package. It makes one pass, so it does
// not replace placeholders inside names.
func (n names) sql(text string) string { return n.replace.Replace(text) }

// plain returns the name for a placeholder, without the quotes.
func (n names) plain(name string) string {
	quoted := n.sql(name)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `""`, `"`)
}

// Schema returns the statements that [Store.Migrate] executes on a new file, for
// programs that migrate by other means. They may run again at any time.
func Schema(opts *Options) string {
	o := opts.withDefaults()
	return newNames(o.Prefix).sql(schemaText)
}

// Migrate switches the file to write-ahead logging and creates the tables that
// the store needs. It does not change existing tables of this version. Any
// number of processes may call it in parallel.
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
		if err := s.nameMarks(tx); err != nil {
			return err
		}
		// A foreign table of the same name is found now, not later in a
		// request.
		return tx.row(s.names.sql(checkText)).Scan(new(int))
	})
	if err == nil {
		err = s.oneDatabase(ctx)
	}
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	return nil
}

// nameMarks adds the names of revocations to a table that has only their times.
func (s *Store) nameMarks(t *tx) error {
	var n int
	err := t.row(`SELECT count(*) FROM pragma_table_info(?) WHERE name = 'mark'`, s.names.plain("{revocations}")).Scan(&n)
	if err == nil && n == 0 {
		_, err = t.exec(s.names.sql(`ALTER TABLE {revocations} ADD COLUMN mark INTEGER NOT NULL DEFAULT 0`))
	}
	return err
}

// oneDatabase refuses a pool whose connections each have their own database in
// memory. With such a pool requests would find their sessions only by chance.
func (s *Store) oneDatabase(ctx context.Context) error {
	if s.db.Stats().MaxOpenConnections == 1 {
		return nil
	}
	return s.turn(ctx, func(first *sql.Conn) error {
		var file sql.NullString
		err := first.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file)
		if err != nil || file.String != "" {
			return err
		}
		second, err := s.conn(ctx, time.Now().Add(s.wait))
		if err != nil {
			return err
		}
		defer func() { _ = second.Close() }()
		for _, conn := range []*sql.Conn{first, second} {
			if err := conn.QueryRowContext(ctx, s.names.sql(checkText)).Scan(new(int)); err != nil {
				return errMemory
			}
		}
		return nil
	})
}

var errMemory = errors.New("each connection has its own database in memory; call SetMaxOpenConns(1) before New")

const checkText = `SELECT count(*) FROM (SELECT s.seq, s.id, s.identity, s.version, s.last_seen, s.expires, s.deadline, s.payload,
r.identity, r.revoked, r.mark, c.identity, c.changed, c.mark FROM {sessions} s, {revocations} r, {changes} c LIMIT 0)`

// walMode changes the mode of the file. A database in memory keeps its own
// mode.
func (s *Store) walMode(ctx context.Context) error {
	return s.turn(ctx, func(conn *sql.Conn) error {
		var mode string
		return conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	})
}
