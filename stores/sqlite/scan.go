package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/humasess/sessions/stores"
)

// anyIdentity is the name of the mark that Clear leaves. It is not an identity.
const anyIdentity = ""

// lastID is the greatest possible ID.
var lastID = stores.ID{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}

// end returns the ID of the last of the next n rows, and whether more may
// follow.
func (s *Store) end(row func(text string, args ...any) *sql.Row, after []byte, n int) (id []byte, more bool, err error) {
	err = row(s.text.bound, after, n-1).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return lastID[:], false, nil
	}
	return id, true, err
}

// Scan reads the next limit rows in the order of their ID. It returns the live
// sessions among them whose payload begins with head. Each is on at most one
// page.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("sqlite: scan with limit %d", limit)
	}
	after := []byte{}
	if cursor != "" {
		id, err := stores.ParseID(cursor)
		if err != nil {
			return stores.Page{}, fmt.Errorf("sqlite: the cursor is not from Scan: %w", err)
		}
		after = id[:]
	}
	var last []byte
	more := false
	err := s.read(ctx, func(conn *sql.Conn) (err error) {
		last, more, err = s.end(func(text string, args ...any) *sql.Row { return conn.QueryRowContext(ctx, text, args...) }, after, limit)
		return err
	})
	if err != nil {
		return stores.Page{}, err
	}
	records, err := s.records(ctx, s.text.part, after, last, len(head), notNull(head))
	if err != nil {
		return stores.Page{}, err
	}
	page := stores.Page{Records: records}
	if more {
		page.Next = stores.ID(last).String()
	}
	return page, nil
}

// Count returns the number of live sessions whose payload begins with head. It
// reads the whole table, as it was at one instant, and blocks no other call.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	n := 0
	err := s.read(ctx, func(conn *sql.Conn) error {
		return conn.QueryRowContext(ctx, s.text.count, s.clock(), len(head), notNull(head)).Scan(&n)
	})
	return n, err
}

// Clear deletes every session whose payload begins with head, in small
// transactions, and leaves a mark that each Create reports.
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	var cleared stores.Cleared
	err := s.write(ctx, func(t *tx) error {
		before, _, err := s.marks(t, anyIdentity)
		if err != nil {
			return err
		}
		now := before.next(t)
		cleared.Mark = now.name
		_, err = t.exec(s.text.setMark, []byte(anyIdentity), now.at, now.name)
		return err
	})
	if err != nil {
		return stores.Cleared{}, err
	}
	s.wake() // the sweeper removes the mark later
	after, more := []byte{}, true
	for more {
		n := 0
		var last []byte
		err := s.write(ctx, func(t *tx) (err error) {
			if last, more, err = s.end(t.row, after, batch); err != nil {
				return err
			}
			if err := t.row(s.text.meant, after, last, len(head), notNull(head), t.now).Scan(&n); err != nil {
				return err
			}
			_, err = t.exec(s.text.clear, after, last, len(head), notNull(head))
			return err
		})
		if err != nil {
			return cleared, err
		}
		cleared.Count += n
		after = last
	}
	return cleared, nil
}
