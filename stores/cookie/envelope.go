package cookie

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/humasess/sessions/stores"
)

// item is a session of a request store.
type item struct {
	stores.Record
	value  string    // the cookie's value, as the client sent it
	sealed []byte    // the new value, if the session was written
	old    bool      // sealed with a key other than the first
	fresh  bool      // made by this request store, so no other copy exists
	latest time.Time // the session's first deadline, the latest of all copies
	stood  bool      // era and mark are those of a Standing
	era    uint32
	mark   int64
}

// The sealed bytes are: version and flags, ID, identity, version of the data.
// The time of last use in Unix seconds, the idle timeout and the time to the
// deadline follow. Then comes the time to the first deadline, if that was
// later. The era and the mark when the session began follow, and the payload.
const (
	envelopeVersion = 1 << 4
	flagLongID      = 1 << 0
	flagStood       = 1 << 1
	flagShortened   = 1 << 2
	envelopeFlags   = flagLongID | flagStood | flagShortened

	// shortID is the number of bytes in our own IDs that are not zero.
	shortID = 12

	// longest bounds timeouts, so that sums of times do not overflow.
	longest = 60 * 365 * 24 * time.Hour
)

// appendTo encodes the session, with the payload at the end. It drops fractions
// of a second, so sessions end early rather than late.
func (it *item) appendTo(b []byte) []byte {
	start := len(b)
	b = append(b, envelopeVersion)
	if [4]byte(it.ID[shortID:]) == ([4]byte{}) {
		b = append(b, it.ID[:shortID]...)
	} else {
		b[start] |= flagLongID
		b = append(b, it.ID[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(it.Identity)))
	b = append(b, it.Identity...)
	b = binary.AppendUvarint(b, uint64(it.Version))
	b = binary.BigEndian.AppendUint32(b, uint32(it.LastSeen.Unix()))
	b = appendSeconds(b, it.Expires.Sub(it.LastSeen))
	b = appendSeconds(b, it.Deadline.Sub(it.LastSeen))
	if it.latest.After(it.Deadline) {
		b[start] |= flagShortened
		b = appendSeconds(b, it.latest.Sub(it.LastSeen))
	}
	if it.stood {
		b[start] |= flagStood
		b = binary.BigEndian.AppendUint32(b, it.era)
		b = binary.AppendUvarint(b, uint64(it.mark))
	}
	return append(b, it.Payload...)
}

// appendSeconds encodes whole minutes in fewer bytes, because most timeouts are
// whole minutes.
func appendSeconds(b []byte, d time.Duration) []byte {
	n := uint64(max(d, 0) / time.Second)
	if n%60 == 0 {
		return binary.AppendUvarint(b, n/60<<1)
	}
	return binary.AppendUvarint(b, n<<1|1)
}

// decode reads the encoding of appendTo. The payload aliases b. Only a holder
// of a key can have written b, so it reports false only for formats of other
// releases.
func (it *item) decode(b []byte) bool {
	r := reader{b: b}
	head := r.bytes(1)
	if r.bad || head[0]&^envelopeFlags != envelopeVersion {
		return false
	}
	size := uint64(shortID)
	if head[0]&flagLongID != 0 {
		size = uint64(len(it.ID))
	}
	copy(it.ID[:], r.bytes(size))
	it.Identity = string(r.bytes(r.number()))
	it.Version = int64(r.number())
	it.LastSeen = time.Unix(int64(r.uint32()), 0)
	it.Expires = it.LastSeen.Add(r.seconds())
	it.Deadline = it.LastSeen.Add(r.seconds())
	if it.latest = it.Deadline; head[0]&flagShortened != 0 {
		it.latest = later(it.latest, it.LastSeen.Add(r.seconds()))
	}
	if it.stood = head[0]&flagStood != 0; it.stood {
		it.era, it.mark = r.uint32(), int64(r.number())
	}
	it.Payload = r.b
	return !r.bad && it.Version > 0 && it.Version < math.MaxInt64 // so that version+1 does not overflow
}

// reader cuts off fields. After an invalid field all fields are zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	cut := r.b[:n]
	r.b = r.b[n:]
	return cut
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	r.bytes(uint64(max(n, 0)))
	r.bad = r.bad || n <= 0
	return v
}

func (r *reader) uint32() uint32 {
	b := r.bytes(4)
	if r.bad {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func (r *reader) seconds() time.Duration {
	v := r.number()
	n := v >> 1
	if v&1 == 0 {
		n *= 60
	}
	if n > uint64(longest/time.Second) {
		r.bad = true
		return 0
	}
	return time.Duration(n) * time.Second
}
