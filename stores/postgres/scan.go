package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

// headArg is head, never NULL.
func headArg(head []byte) []byte { return notNull(head) }

// Scan returns those of the next limit sessions, by their ID, that live and
// whose payload begins with head. Each is on one page at most.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("postgres: scan with limit %d", limit)
	}
	after := []byte{}
	if cursor != "" {
		id, err := stores.ParseID(cursor)
		if err != nil {
			return stores.Page{}, fmt.Errorf("postgres: not a cursor of Scan: %w", err)
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
// reads the whole table, as it was at one instant, and blocks nobody.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	var n int64
	err := s.row(ctx, s.text.count, []any{headArg(head)}, &n)
	return int(n), err
}

var errClearInTx = errors.New("postgres: Clear called in a transaction, which would hold all of its rows: call it without")

// Clear deletes every session whose payload begins with head, in small
// transactions of its own, and leaves a mark that each Create reports. It waits
// for transactions that have created a session and not ended yet, those of
// [WithTx] too.
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	if _, within := s.pool.(pgx.Tx); within || inTx(ctx) != nil {
		return stores.Cleared{}, errClearInTx
	}
	var cleared stores.Cleared
	if err := s.row(ctx, s.text.everybody, nil, &cleared.Mark); err != nil {
		return stores.Cleared{}, err
	}
	s.wake() //nolint:contextcheck // it outlives the call; a mark has to be removed some day too
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

// awaitCreates returns when everybody has ended who was creating a session
// when it was called. Who begins later sees the mark. Nobody waits for us, as
// they would if we asked for their lock.
func (s *Store) awaitCreates(ctx context.Context) error {
	const shortest, longest = time.Millisecond, 100 * time.Millisecond
	key := uint64(s.names.creating)
	var who []string
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := s.row(ctx, s.text.creating, []any{int64(key >> 32), int64(uint32(key)), who}, &who)
		if err != nil || len(who) == 0 {
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
