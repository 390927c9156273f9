package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

// headArg returns head, never NULL.
func headArg(head []byte) []byte { return notNull(head) }

// Scan reads the next limit rows in the order of their ID. It returns the live
// sessions among them whose payload begins with head. Each is on at most one
// page.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("postgres: scan with limit %d", limit)
	}
	after := []byte{}
	if cursor != "" {
		id, err := stores.ParseID(cursor)
		if err != nil {
			return stores.Page{}, fmt.Errorf("postgres: the cursor is not from Scan: %w", err)
		}
		after = id[:]
	}
	l, err := s.begin(ctx)
	if err != nil {
		return stores.Page{}, err
	}
	defer l.end()
	rows, err := l.Query(l.ctx, s.text.scan, after, headArg(head), int64(limit))
	if err != nil {
		return stores.Page{}, explain(err)
	}
	defer rows.Close()
	var page stores.Page
	for n := 1; rows.Next(); n++ {
		var r record
		var meant bool
		if err := rows.Scan(&r.id, &r.identity, &r.Version, &r.times, &r.Payload, &meant); err != nil {
			return stores.Page{}, explain(err)
		}
		if meant {
			page.Records = append(page.Records, r.done())
		}
		if n == limit {
			page.Next = stores.ID(r.id).String()
		}
	}
	if err := rows.Err(); err != nil {
		return stores.Page{}, explain(err)
	}
	return page, nil
}

// Count returns the number of live sessions whose payload begins with head. It
// reads the whole table, as it was at one instant, and blocks no other call.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	var n int64
	err := s.row(ctx, s.text.count, []any{headArg(head)}, &n)
	return int(n), err
}

var errClearInTx = errors.New("postgres: Clear called in a transaction, which would lock all of its rows; call it outside")

// Clear deletes every session whose payload begins with head, in its own small
// transactions, and leaves a mark that each Create reports. It waits for open
// transactions that have created a session, also those of [WithTx].
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	if _, within := s.pool.(pgx.Tx); within || inTx(ctx) != nil {
		return stores.Cleared{}, errClearInTx
	}
	var cleared stores.Cleared
	if err := s.row(ctx, s.text.everybody, nil, &cleared.Mark); err != nil {
		return stores.Cleared{}, err
	}
	s.wake() //nolint:contextcheck // the sweeper outlives the call, and removes the mark later
	if err := s.awaitCreates(ctx); err != nil {
		return cleared, err
	}
	for after := []byte{}; after != nil; {
		var n int64
		var last []byte
		if err := s.row(ctx, s.text.clear, []any{after, headArg(head), int64(batch)}, &n, &last); err != nil {
			return cleared, err
		}
		cleared.Count += int(n)
		after = last
	}
	return cleared, nil
}

// awaitCreates waits until all transactions have ended that were creating a
// session when it was called. Later ones see the mark. It polls, because other
// calls would have to wait behind a request for their lock.
func (s *Store) awaitCreates(ctx context.Context) error {
	const shortest, longest = time.Millisecond, 100 * time.Millisecond
	key := uint64(s.names.creating)
	var running []string
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := s.row(ctx, s.text.creating, []any{int64(key >> 32), int64(uint32(key)), running}, &running)
		if err != nil || len(running) == 0 {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
