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

// lease holds the connection and the context for the statements of one call.
type lease struct {
	DB
	ctx    context.Context
	conn   *pgxpool.Conn  // to release, nil if the DB is not a lender
	socket *pgconn.PgConn // with a deadline that end removes, or nil
}

// begin waits for a connection until ctx ends. The deadline of ctx bounds the
// statements too, but its cancellation does not end them. A cancelled statement
// costs the connection, so clients that hang up could keep a pool busy with
// connecting. Without a deadline nothing else would end a statement, so then
// the cancellation of ctx does.
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

// bound sets the deadline of the context on the connection. pgx does the same
// when a context ends, and this costs less than a context of our own.
func (l *lease) bound(conn *pgx.Conn) {
	deadline, ok := l.ctx.Deadline()
	if !ok || conn == nil || conn.IsClosed() {
		return
	}
	if conn.PgConn().Conn().SetDeadline(deadline) == nil {
		l.socket, l.ctx = conn.PgConn(), &statement{l.ctx, deadline}
	}
}

// end releases the connection.
func (l *lease) end() {
	if l.socket != nil && !l.socket.IsClosed() {
		_ = l.socket.Conn().SetDeadline(time.Time{}) // otherwise the connection would fail at its next use
	}
	if l.conn != nil {
		l.conn.Release()
	}
}

// statement is the context of a statement whose connection has the deadline.
type statement struct {
	context.Context // for its values
	deadline        time.Time
}

// Done returns nil, because only the deadline of the connection ends the
// statement.
func (s *statement) Done() <-chan struct{} { return nil }

// Err lets pgx report a timeout of the connection as the deadline.
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
	return fmt.Errorf("postgres: no connection of the pool became free within %v; inside a transaction pass the context of WithTx: %w",
		waited.Round(time.Millisecond), err)
}
