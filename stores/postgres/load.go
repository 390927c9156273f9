package postgres

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

// record is a row on its way into a stores.Record.
type record struct {
	stores.Record
	id       rawID
	identity rawText
}

// rawID and rawText take bytes over without a slice in between.
type (
	rawID   stores.ID
	rawText string
)

// ScanBytes implements pgtype.BytesScanner.
func (r *rawID) ScanBytes(b []byte) error {
	copy(r[:], b)
	return nil
}

// ScanBytes implements pgtype.BytesScanner.
func (r *rawText) ScanBytes(b []byte) error {
	*r = rawText(b)
	return nil
}

func (r *record) scan(row pgx.Row) error {
	return row.Scan(&r.id, &r.identity, &r.Version, &r.LastSeen, &r.Expires, &r.Deadline, &r.Now, &r.Payload)
}

func (r *record) done() stores.Record {
	r.ID, r.Identity = stores.ID(r.id), string(r.identity)
	for _, t := range []*time.Time{&r.LastSeen, &r.Expires, &r.Deadline, &r.Now} {
		*t = t.UTC()
	}
	return r.Record
}

// Load returns the live session, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return stores.Record{}, err
	}
	var r record
	if err := r.scan(s.db(ctx).QueryRow(ctx, s.text.load, id[:])); err != nil {
		return stores.Record{}, explain(err)
	}
	return r.done(), nil
}

// LoadMany returns those of ids that are live.
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	raw := make([][]byte, len(ids))
	for i := range ids {
		raw[i] = ids[i][:]
	}
	return s.records(ctx, s.text.loadMany, raw)
}

// List returns the live sessions of an identity, oldest first.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	return s.records(ctx, s.text.list, []byte(identity))
}

func (s *Store) records(ctx context.Context, sql string, arg any) ([]stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows, err := s.db(ctx).Query(ctx, sql, arg)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var records []stores.Record
	for rows.Next() {
		var r record
		if err := r.scan(rows); err != nil {
			return nil, explain(err)
		}
		records = append(records, r.done())
	}
	if err := rows.Err(); err != nil {
		return nil, explain(err)
	}
	return records, nil
}
