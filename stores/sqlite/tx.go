package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// tx is an immediate transaction, so there is no other writer from its begin
// on. It does not use Begin of database/sql, which starts a transaction that
// may fail at its first write.
type tx struct {
	ctx  context.Context
	conn *sql.Conn
	real int64 // the machine's clock, see the package's documentation
	now  int64 // the store's clock, read after other writers had ended
}

func (t *tx) exec(text string, args ...any) (sql.Result, error) {
	return t.conn.ExecContext(t.ctx, text, args...)
}

func (t *tx) row(text string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(t.ctx, text, args...)
}

// count executes a statement and returns how many rows it has changed.
func (t *tx) count(text string, args ...any) (int64, error) {
	result, err := t.exec(text, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// write calls do in an immediate transaction, which is rolled back when do
// returns an error.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	return s.turn(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			s.leave(ctx, conn) // it may have begun before the context ended
			return err
		}
		t := &tx{ctx: ctx, conn: conn}
		t.real, t.now = s.clocks()
		err := do(t)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			// The commit must not be interrupted, because its result would be
			// unknown.
			_, err = conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
		}
		if err != nil {
			s.leave(ctx, conn)
		}
		return err
	})
}

// leave ends a transaction in any state. If that fails it closes the
// connection, so that no other call gets a connection with an open transaction.
func (s *Store) leave(ctx context.Context, conn *sql.Conn) {
	ctx = context.WithoutCancel(ctx)
	_, err := conn.ExecContext(ctx, "ROLLBACK")
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// turn waits for the call's turn in this process and for a connection, and
// repeats do while another process writes.
func (s *Store) turn(ctx context.Context, do func(*sql.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	end := time.Now().Add(s.wait)
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errBusy
	}
	return patiently(ctx, end, func() error {
		conn, err := s.conn(ctx, end) // a new connection may find the file locked too
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		return do(conn)
	})
}

// conn waits for a connection of the pool until the end, or for the context.
func (s *Store) conn(ctx context.Context, end time.Time) (*sql.Conn, error) {
	waiting, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	conn, err := s.db.Conn(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, errPool
	}
	return conn, err
}

// errPool is returned by explain unchanged.
var errPool = errors.New("sqlite: no connection of the pool became free in time")

var errBusy = errors.New("sqlite: other writers kept the file locked for too long")

// patiently repeats do while the file is locked, until the end.
func patiently(ctx context.Context, end time.Time, do func() error) error {
	const shortest, longest = 200 * time.Microsecond, 20 * time.Millisecond
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := do()
		if !busy(err) {
			return explain(ctx, err)
		}
		if time.Until(end) < pause {
			return fmt.Errorf("%w: %w", errBusy, err)
		}
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads retries; nothing secret depends on it
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Result codes of SQLite.
const (
	codeBusy   = 5
	codeLocked = 6
)

// busy reports whether the file is locked by another connection. It works with
// any driver, because some give the code and all give SQLite's text.
func busy(err error) bool {
	if err == nil {
		return false
	}
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		code := coded.Code() & 0xff // without the extended part
		return code == codeBusy || code == codeLocked
	}
	text := err.Error()
	return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked")
}
