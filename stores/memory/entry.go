package memory

import "github.com/humasess/sessions/stores"

// entry is one session. It fills the 96-byte size class, because its size
// decides the cost of a million sessions.
//
// The shard's lock guards all fields except prev and next, which Store.mu
// guards. Writers of group hold both locks, so readers need only one of them.
type entry struct {
	id    stores.ID
	group *group
	body  *body

	version  int64
	lastSeen int64 // this and the next two are in nanoseconds, see clock
	expires  int64
	deadline int64

	prev, next *entry // in group, a ring in order of creation
	chain      *entry // in the shard's table
	place      int32  // in the shard's queue
}

// body is a payload with its memo. It is replaced as a whole and its payload
// never changes, so readers share it.
type body struct {
	memo    stores.Memo
	payload []byte
}

// newBody returns the body of a payload. It is a copy unless owned is the first byte of
// it, because the caller never changes that payload.
func newBody(payload []byte, owned *byte) *body {
	if len(payload) == 0 || owned != &payload[0] || cap(payload) > len(payload) {
		payload = clone(payload)
	}
	return &body{payload: payload}
}

// clone copies p into memory of its own without spare capacity.
func clone(p []byte) []byte {
	c := make([]byte, len(p))
	copy(c, p)
	return c
}

// live reports whether calls may still find the session.
func (e *entry) live(now int64) bool { return now < e.expires && !e.group.dead.Load() }

func (e *entry) key() stores.ID { return e.id }
func (e *entry) hash() uint64   { return hashID(e.id) }
func (e *entry) link() **entry  { return &e.chain }
