package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
)

// maxVariables is how many values one statement accepts in every SQLite.
const maxVariables = 500

// Load returns the live session, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	records, err := s.records(ctx, s.text.load, id[:])
	if err != nil {
		return stores.Record{}, err
	}
	if len(records) == 0 {
		return stores.Record{}, stores.ErrNotFound
	}
	return records[0], nil
}

// LoadMany returns the live sessions among ids.
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []stores.Record
	for len(ids) > 0 {
		part := ids[:min(len(ids), maxVariables)]
		ids = ids[len(part):]
		args := make([]any, len(part))
		for i := range part {
			args[i] = part[i][:]
		}
		marks := "?" + strings.Repeat(", ?", len(part)-1)
		records, err := s.records(ctx, s.names.sql(`SELECT `+columns+` FROM {sessions} WHERE id IN (`+marks+`)`), args...)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

// List returns the live sessions of an identity, oldest first.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	return s.records(ctx, s.text.list, []byte(identity))
}

// records returns the live sessions that a statement finds.
func (s *Store) records(ctx context.Context, text string, args ...any) (records []stores.Record, err error) {
	err = s.read(ctx, func(conn *sql.Conn) (err error) {
		for again := true; again; {
			records, again, err = s.query(ctx, conn, text, args...)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// read calls do with a connection, and repeats it while the file is locked. It
// waits for both as long as the context and Options.BusyTimeout allow.
func (s *Store) read(ctx context.Context, do func(*sql.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	end := time.Now().Add(s.wait)
	return patiently(ctx, end, func() error {
		conn, err := s.conn(ctx, end)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		return do(conn)
	})
}

// query reports that the statement must be repeated if a session expired while
// it ran. Then it is unknown whether the session was live when the row was
// read.
func (s *Store) query(ctx context.Context, conn *sql.Conn, text string, args ...any) (records []stores.Record, again bool, err error) {
	before := at(s.clock())
	rows, err := conn.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, err := scan(rows.Scan)
		if err != nil {
			return nil, false, err
		}
		records = append(records, r)
	}
	now := at(s.clock())
	live := records[:0]
	for _, r := range records {
		if r.Expires.After(before) && !r.Expires.After(now) {
			return nil, true, nil
		}
		if r.Now = now; r.Expires.After(now) {
			live = append(live, r)
		}
	}
	return live, false, rows.Err()
}

// state holds the columns of a session that a write needs.
type state struct {
	version, seen, expires, deadline int64
	identity                         []byte
}

// state returns the state of a live session, or ErrNotFound.
func (s *Store) state(t *tx, id stores.ID) (state, error) {
	var st state
	err := t.row(s.text.state, id[:]).Scan(&st.version, &st.seen, &st.expires, &st.deadline, &st.identity)
	if errors.Is(err, sql.ErrNoRows) || err == nil && st.expires <= t.now {
		return state{}, stores.ErrNotFound
	}
	return st, err
}
