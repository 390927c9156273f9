package sqlite

import (
	"database/sql"
	"math"
	"time"

	"github.com/humasess/sessions/stores"
)

// nanos returns a time in the form of the file. It saturates in 1678 and 2262.
func nanos(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	case seconds < math.MinInt64/int64(time.Second)+1:
		return math.MinInt64
	}
	return t.UnixNano()
}

// after returns now + d for a d that is not negative.
func after(now int64, d time.Duration) int64 {
	if now > math.MaxInt64-int64(d) {
		return math.MaxInt64
	}
	return now + int64(d)
}

func at(n int64) time.Time { return time.Unix(0, n).UTC() }

// columns lists the columns that scan reads.
const columns = `id, identity, version, last_seen, expires, deadline, payload`

// scan reads a row of columns.
func scan(read func(dest ...any) error) (stores.Record, error) {
	var row struct { // one allocation
		id, identity                     sql.RawBytes // copied below
		version, seen, expires, deadline int64
		payload                          []byte
	}
	if err := read(&row.id, &row.identity, &row.version, &row.seen, &row.expires, &row.deadline, &row.payload); err != nil {
		return stores.Record{}, err
	}
	r := stores.Record{
		Identity: string(row.identity), Version: row.version, Payload: row.payload,
		LastSeen: at(row.seen), Expires: at(row.expires), Deadline: at(row.deadline),
	}
	copy(r.ID[:], row.id)
	return r, nil
}

// notEmpty returns the identity, or NULL if it is empty.
func notEmpty(identity string) any {
	if identity == "" {
		return nil
	}
	return []byte(identity)
}

// notNull returns payload, never NULL.
func notNull(payload []byte) []byte {
	if payload == nil {
		return []byte{}
	}
	return payload
}
