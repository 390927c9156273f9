package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of PostgreSQL's errors (its documentation, appendix A).
const (
	codeUndefinedTable    = "42P01"
	codeUndefinedFunction = "42883"
	codeUndefinedColumn   = "42703"
	codeUndefinedSchema   = "3F000"
	codeReadOnly          = "25006"
	codeNoRight           = "42501"
	codeSerialization     = "40001"
	codeDeadlock          = "40P01"
)

// These are the status codes that functions return.
const (
	statusOK = iota
	statusNotFound
	statusConflict
	statusExists
	statusLimit
	statusRevoked
	statusChanged
)

// maxTries bounds how often a call is repeated after the server has undone it.
const maxTries = 3

// row executes a statement that returns one row.
func (s *Store) row(ctx context.Context, sql string, args []any, dest ...any) error {
	l, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer l.end()
	for try := 1; ; try++ {
		err := l.QueryRow(l.ctx, sql, args...).Scan(dest...)
		if err == nil {
			return nil
		}
		if try == maxTries || !undone(err) || inTx(ctx) != nil {
			return explain(err)
		}
	}
}

// exec executes a statement, or several if there are no arguments. It returns
// the errors of the server unchanged.
func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	l, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer l.end()
	_, err = l.Exec(l.ctx, sql, args...)
	return err
}

// undone reports whether the server has rolled a statement back because of
// another one. Nothing has happened then, and it may be tried again.
func undone(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == codeDeadlock || e.Code == codeSerialization)
}

// explain adds advice to an error of the server.
func explain(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return stores.ErrNotFound
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case codeUndefinedTable, codeUndefinedFunction, codeUndefinedColumn, codeUndefinedSchema:
			return fmt.Errorf("postgres: tables or functions are missing or from another version, call Migrate: %w", err)
		case codeReadOnly:
			return fmt.Errorf("postgres: sessions need a connection that may write: %w", err)
		case codeNoRight:
			return fmt.Errorf("postgres: the user of the database lacks a right that sessions need: %w", err)
		}
	}
	return fmt.Errorf("postgres: %w", err)
}

// failure turns the status of a function into an error.
func failure(status int32) error {
	switch status {
	case statusOK:
		return nil
	case statusNotFound:
		return stores.ErrNotFound
	case statusConflict:
		return stores.ErrConflict
	case statusExists:
		return stores.ErrExists
	case statusLimit:
		return stores.ErrLimit
	case statusRevoked:
		return stores.ErrRevoked
	case statusChanged:
		return stores.ErrChanged
	}
	return fmt.Errorf("postgres: unexpected status %d", status)
}
