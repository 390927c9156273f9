package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// lender is a DB that lends connections, as a [pgxpool.Pool] does.
type lender interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// lease is where the statements of one call run, and the context that ends
// them.
type lease struct {
	DB
	ctx    context.Context    // for the statements
	cancel context.CancelFunc // nil where ctx is the caller's
	conn   *pgxpool.Conn      // nil where the DB is not a lender
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
	if from, ok := l.DB.(lender); ok {
		began := time.Now()
		conn, err := from.Acquire(ctx)
		if err == nil && ctx.Err() != nil {
			conn.Release()
			err = ctx.Err()
		}
		if err != nil {
			return lease{}, noConnection(ctx, from, time.Since(began), err)
		}
		l.DB, l.conn = conn, conn
	} else if !single(l.DB) {
		return l, nil // it waits for a connection inside of each call
	}
	if deadline, ok := ctx.Deadline(); ok && ctx.Done() != nil {
		l.ctx, l.cancel = context.WithDeadline(context.WithoutCancel(ctx), deadline)
	}
	return l, nil
}

// end gives the connection back.
func (l *lease) end() {
	if l.cancel != nil {
		l.cancel()
	}
	if l.conn != nil {
		l.conn.Release()
	}
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
