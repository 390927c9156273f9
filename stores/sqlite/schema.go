package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // for the schema
	"errors"
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
	if err == nil {
		err = s.oneDatabase(ctx)
	}
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	return nil
}

// oneDatabase refuses a pool whose connections have a database in memory each:
// requests would find their sessions by chance.
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
		second, err := s.db.Conn(ctx)
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

var errMemory = errors.New("each connection has a database of its own in memory: call SetMaxOpenConns(1) before")

const checkText = `SELECT count(*) FROM (SELECT s.seq, s.id, s.identity, s.version, s.last_seen, s.expires, s.deadline, s.payload,
r.identity, r.revoked FROM {sessions} s, {revocations} r LIMIT 0)`

// walMode changes what the file says. A database in memory keeps its own mode.
func (s *Store) walMode(ctx context.Context) error {
	return s.turn(ctx, func(conn *sql.Conn) error {
		var mode string
		return conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	})
}
