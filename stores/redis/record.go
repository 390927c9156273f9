package redis

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// longest bounds the timeouts that scripts compute with, because a double holds
// microseconds exactly only until the year 2255.
const longest = 100 * 365 * 24 * time.Hour

// micros returns a timeout as an argument of a script. Only 0 gives 0.
func micros(d time.Duration) string {
	return strconv.FormatInt((min(d, longest) + time.Microsecond - 1).Microseconds(), 10)
}

// errFormat is returned for keys that other programs have changed.
var errFormat = errors.New("redis: a session is not in the format of this store, so another program must have changed its key")

// The metadata beside a payload begin with five numbers, as 64-bit floats
// because Lua's numbers are floats. For an identity's session its place in the
// order follows: the identity's digest and a number that grows with each
// session. The identity is last.
const (
	atVersion  = 0
	atSeen     = 8
	atExpires  = 16
	atDeadline = 24
	headSize   = 40
	placeSize  = digestSize + 8
)

// parse parses the reply of a script for one session.
func parse(id stores.ID, now int64, meta, payload *rueidis.RedisMessage) (stores.Record, error) {
	head, err := meta.ToString()
	if err != nil {
		return stores.Record{}, err
	}
	if len(head) != headSize && len(head) <= headSize+placeSize {
		return stores.Record{}, errFormat
	}
	// The client does not keep these bytes, so they need no copy.
	data, err := payload.AsBytes()
	if err != nil {
		return stores.Record{}, err
	}
	r := stores.Record{
		ID:       id,
		Version:  number(head[atVersion:]),
		LastSeen: time.UnixMicro(number(head[atSeen:])),
		Expires:  time.UnixMicro(number(head[atExpires:])),
		Deadline: time.UnixMicro(number(head[atDeadline:])),
		Now:      time.UnixMicro(now),
		Payload:  data,
	}
	if len(head) > headSize {
		r.Identity = head[headSize+placeSize:]
	}
	return r, nil
}

// number reads a whole number that Lua has packed as a big-endian double.
func number(s string) int64 {
	_ = s[7]
	bits := uint64(s[0])<<56 | uint64(s[1])<<48 | uint64(s[2])<<40 | uint64(s[3])<<32 |
		uint64(s[4])<<24 | uint64(s[5])<<16 | uint64(s[6])<<8 | uint64(s[7])
	return int64(math.Float64frombits(bits))
}
