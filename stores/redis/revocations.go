package redis

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

//go:embed lua/revoked.lua
var revokedLua string

// Revocations remembers in Redis which sessions of a cookie store must not be
// accepted any more, for any number of processes. It is safe for concurrent
// use.
//
// What it knows is one hash and one sorted set without a time to live: no
// maxmemory-policy but allkeys-* may evict them, and writes fail when memory
// is full. Should the hash be lost all the same, evicted, flushed, or not yet
// on the replica that has taken over, every cookie from before is refused:
// users sign in again, and nobody who was signed out comes back. What a
// primary has acknowledged and not yet sent to its replica may be lost alone.
type Revocations struct {
	store  *Store
	script *rueidis.Lua
	keys   []string
}

var _ stores.Revocations = (*Revocations)(nil)

// NewRevocations returns one that uses the client, which stays the caller's,
// and keys that begin with Options.Prefix. It panics where [New] does.
func NewRevocations(client rueidis.Client, opts *Options) *Revocations {
	s := New(client, opts)
	return &Revocations{
		store: s, script: rueidis.NewLuaScript(revokedLua),
		keys: []string{s.prefix + "{revoked}marks", s.prefix + "{revoked}due"},
	}
}

// sessionField and identityField name what is marked.
func sessionField(id stores.ID) string { return "s" + string(id[:]) }

func identityField(identity string) string {
	if identity == "" {
		return "i" // which nothing marks
	}
	sum := sha256.Sum256([]byte(identity))
	return "i" + string(sum[:])
}

// call runs the script. An answer never depends on the new era that it brings.
func (r *Revocations) call(ctx context.Context, n int, op, field, other string, keep time.Duration) ([]int64, error) {
	var era [4]byte
	if _, err := rand.Read(era[:]); err != nil {
		return nil, err
	}
	return r.store.integers(ctx, r.script, r.keys, []string{
		op, field, other, micros(keep), strconv.FormatUint(uint64(binary.BigEndian.Uint32(era[:])), 10),
	}, n)
}

// Check implements [stores.Revocations].
func (r *Revocations) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	v, err := r.call(ctx, 4, "check", sessionField(id), identityField(identity), 0)
	if err != nil {
		return stores.Standing{}, err
	}
	return stores.Standing{Era: uint32(v[0]), Ended: v[1] != 0, Mark: v[2], RevokedAgo: age(v[3])}, nil
}

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration) error {
	v, err := r.call(ctx, 1, "end", sessionField(id), "", keep)
	if err == nil && v[0] == 0 {
		err = stores.ErrNotFound
	}
	return err
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	v, err := r.call(ctx, 2, "revoke", identityField(identity), "", stores.LongestSession+time.Minute)
	if err != nil {
		return stores.Revoked{}, err
	}
	return stores.Revoked{Count: -1, Mark: v[0], Ago: age(v[1])}, nil
}
