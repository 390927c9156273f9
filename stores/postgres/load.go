package postgres

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// record is a row that is read into a stores.Record.
type record struct {
	stores.Record
	id       rawID
	identity rawText
	times    instants
}

// rawID and rawText copy the bytes of a column without an intermediate slice.
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

// instants are times that the server sends in one value, in its binary format,
// because separate columns would cost three allocations each.
type instants [4]time.Time

// epoch is the zero of that format, in microseconds of Unix time.
const epoch = 946_684_800_000_000

// ScanBytes implements pgtype.BytesScanner. NULL leaves the zero times.
func (s *instants) ScanBytes(b []byte) error {
	for i := 0; i < len(s) && len(b) >= 8; i++ {
		s[i] = time.UnixMicro(epoch + int64(binary.BigEndian.Uint64(b))).UTC()
		b = b[8:]
	}
	return nil
}

// scan reads the current row. Values in the binary format are taken as they are,
// because pgx would look for a plan for each of them. Some query modes give text.
func (r *record) scan(rows pgx.Rows) error {
	const fields = 5
	values := rows.RawValues()
	if len(values) != fields || !allBinary(rows.FieldDescriptions(), fields) || len(values[2]) != 8 {
		return rows.Scan(&r.id, &r.identity, &r.Version, &r.times, &r.Payload)
	}
	copy(r.id[:], values[0])
	r.identity = rawText(values[1])
	r.Version = int64(binary.BigEndian.Uint64(values[2]))
	r.Payload = append([]byte{}, values[4]...) // the client reuses the memory
	return r.times.ScanBytes(values[3])
}

func allBinary(fields []pgconn.FieldDescription, count int) bool {
	if len(fields) != count {
		return false
	}
	for i := range fields {
		if fields[i].Format != pgx.BinaryFormatCode {
			return false
		}
	}
	return true
}

func (r *record) done() stores.Record {
	r.ID, r.Identity = stores.ID(r.id), string(r.identity)
	r.LastSeen, r.Expires, r.Deadline, r.Now = r.times[0], r.times[1], r.times[2], r.times[3]
	return r.Record
}

// Load returns the live session, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	l, err := s.begin(ctx)
	if err != nil {
		return stores.Record{}, err
	}
	defer l.end()
	// This is one allocation for the argument, because Load is the most frequent
	// call.
	var call struct {
		id   stores.ID
		arg  bytesArg
		args [1]any
	}
	call.id = id
	call.arg, call.args[0] = call.id[:], &call.arg
	rows, err := l.Query(l.ctx, s.text.load, call.args[:]...)
	if err != nil {
		return stores.Record{}, explain(err)
	}
	var r record
	err = one(rows, &r)
	if err != nil {
		return stores.Record{}, explain(err)
	}
	return r.done(), nil
}

// one reads the only row, as QueryRow does.
func one(rows pgx.Rows, r *record) error {
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.scan(rows); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// LoadMany returns the live sessions among ids.
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
	l, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer l.end()
	rows, err := l.Query(l.ctx, sql, arg)
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

// bytesArg is an argument that needs no allocation if it is part of a larger
// value.
type bytesArg []byte

// BytesValue implements pgtype.BytesValuer.
func (b *bytesArg) BytesValue() ([]byte, error) { return *b, nil }
