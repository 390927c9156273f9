package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lender is a DB that lends connections, as a [pgxpool.Pool] does.
type lender interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// lease is where the statements of one call run, and the context for them.
type lease struct {
	DB
	ctx    context.Context
	conn   *pgxpool.Conn  // to give back, nil where the DB is not a lender
	socket *pgconn.PgConn // with a deadline to take away, or nil
}

// begin waits for a connection as long as ctx says. The deadline of ctx bounds
// the statements too, but its cancellation does not end them: the client that
// hangs up cancels, and a statement that is cancelled costs the connection.
// Clients could so keep a pool busy with connecting. Without a deadline nothing
// else would end a statement, so then ctx does.
func (s *Store) begin(ctx context.Context) (lease, error) {
	if err := ctx.Err(); err != nil {
		return lease{}, err
	}
	l := lease{DB: s.db(ctx), ctx: ctx}
	switch db := l.DB.(type) {
	case lender:
		began := time.Now()
		conn, err := db.Acquire(ctx)
		if err == nil && ctx.Err() != nil {
			conn.Release()
			err = ctx.Err()
		}
		if err != nil {
			return lease{}, noConnection(ctx, db, time.Since(began), err)
		}
		l.DB, l.conn = conn, conn
		l.bound(conn.Conn())
	case *pgx.Conn:
		l.bound(db)
	case interface{ Conn() *pgx.Conn }:
		l.bound(db.Conn())
	}
	return l, nil
}

// bound moves the deadline of the context to the connection. That is what pgx
// does when a context ends, and costs less than a context of our own.
func (l *lease) bound(conn *pgx.Conn) {
	deadline, ok := l.ctx.Deadline()
	if !ok || conn == nil || conn.IsClosed() {
		return
	}
	if conn.PgConn().Conn().SetDeadline(deadline) == nil {
		l.socket, l.ctx = conn.PgConn(), &statement{l.ctx, deadline}
	}
}

// end gives the connection back.
func (l *lease) end() {
	if l.socket != nil && !l.socket.IsClosed() {
		_ = l.socket.Conn().SetDeadline(time.Time{}) // a connection without it would fail at its next use
	}
	if l.conn != nil {
		l.conn.Release()
	}
}

// statement is the context of a statement whose deadline the connection has.
type statement struct {
	context.Context // for its values
	deadline        time.Time
}

// Done returns nil: nothing ends the statement before the deadline.
func (s *statement) Done() <-chan struct{} { return nil }

// Err tells pgx that a timeout of the connection was the deadline.
func (s *statement) Err() error {
	if time.Now().Before(s.deadline) {
		return nil
	}
	return context.DeadlineExceeded
}

// noConnection explains why Acquire has failed.
func noConnection(ctx context.Context, from lender, waited time.Duration, err error) error {
	pool, ok := from.(interface{ Stat() *pgxpool.Stat })
	if !ok || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return explain(err)
	}
	if stat := pool.Stat(); stat.AcquiredConns() < stat.MaxConns() {
		return explain(err) // the server does not answer
	}
	return fmt.Errorf("postgres: no connection of the pool became free within %v: inside a transaction pass the context of WithTx: %w",
		waited.Round(time.Millisecond), err)
}
