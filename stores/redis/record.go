package redis

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// longest bounds the timeouts that scripts compute with: a double holds
// microseconds exactly until the year 2255.
const longest = 100 * 365 * 24 * time.Hour

// micros is a timeout as an argument of a script. It is 0 only for 0.
func micros(d time.Duration) string {
	return strconv.FormatInt((min(d, longest) + time.Microsecond - 1).Microseconds(), 10)
}

// errFormat is about keys that something else has written to.
var errFormat = errors.New("redis: a session is not in the format of this store: something else has written under its key")

// The head of what is kept beside a payload: five numbers, as 64-bit floats
// because those are Lua's. Unless anonymous, what the session's member in the
// order begins with follows, which is the identity's digest and a number that
// grows with each session, and then the identity.
const (
	atVersion  = 0
	atSeen     = 8
	atExpires  = 16
	atDeadline = 24
	headSize   = 40
	placeSize  = digestSize + 8
)

// parse reads what a script returns for one session.
func parse(id stores.ID, now int64, meta, payload *rueidis.RedisMessage) (stores.Record, error) {
	head, err := meta.ToString()
	if err != nil {
		return stores.Record{}, err
	}
	if len(head) != headSize && len(head) <= headSize+placeSize {
		return stores.Record{}, errFormat
	}
	// The client has read these bytes for us alone.
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
