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

// tx is an immediate transaction: from its begin on nobody else writes.
// database/sql has none: its Begin starts one that may fail when it writes.
type tx struct {
	ctx  context.Context
	conn *sql.Conn
	real int64 // the machine's clock, see the package's documentation
	now  int64 // the store's clock, read when others had done writing
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
			s.leave(ctx, conn) // it may have begun, when the context ended
			return err
		}
		err := do(&tx{ctx: ctx, conn: conn, real: nanos(time.Now()), now: s.clock()})
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			// Not to be interrupted: either it is written or it is not.
			_, err = conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
		}
		if err != nil {
			s.leave(ctx, conn)
		}
		return err
	})
}

// leave ends a transaction whatever its state. A connection that does not obey
// is given up, so that nobody finds a transaction on it.
func (s *Store) leave(ctx context.Context, conn *sql.Conn) {
	ctx = context.WithoutCancel(ctx)
	_, err := conn.ExecContext(ctx, "ROLLBACK")
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// turn waits for the turn of the call in this process and for a connection,
// and repeats do while another process writes.
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
		conn, err := s.conn(ctx, end) // a new one may find the file locked too
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

// errPool passes through explain as it is.
var errPool = errors.New("sqlite: no connection of the pool became free in time: others held all of them")

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

// busy reports whether an error means that somebody else holds the file, with
// any driver: some tell the code, all tell SQLite's text.
func busy(err error) bool {
	if err == nil {
		return false
	}
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		code := coded.Code() & 0xff // without what extends it
		return code == codeBusy || code == codeLocked
	}
	text := err.Error()
	return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked")
}
