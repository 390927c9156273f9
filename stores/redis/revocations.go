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

// Revocations remembers in Redis which sessions of a cookie store must be
// refused, for any number of processes. It is safe for concurrent use.
//
// It keeps one hash and one sorted set without a time to live. So only the
// maxmemory-policies allkeys-* may evict them, and writes fail when memory is
// full. The hash may still be lost: evicted, flushed, or missing on the replica
// that has taken over. Then every cookie from before is refused. Users sign in
// again, and no ended session comes back. If a fail-over loses single writes
// that the primary has acknowledged, those marks are lost.
type Revocations struct {
	store  *Store
	script *rueidis.Lua
	keys   []string
}

var _ stores.MultiRevocations = (*Revocations)(nil)

// NewRevocations returns Revocations that use the client and keys that begin
// with Options.Prefix. The caller keeps the client and closes it.
// NewRevocations panics for the same reasons as [New].
func NewRevocations(client rueidis.Client, opts *Options) *Revocations {
	s := New(client, opts)
	return &Revocations{
		store: s, script: rueidis.NewLuaScript(revokedLua),
		keys: []string{s.prefix + "{revoked}marks", s.prefix + "{revoked}due"},
	}
}

// sessionField and identityField name the fields of the hash.
func sessionField(id stores.ID) string { return "s" + string(id[:]) }

func identityField(identity string) string {
	if identity == "" {
		return "i" // a field that is never set
	}
	sum := sha256.Sum256([]byte(identity))
	return "i" + string(sum[:])
}

// call runs the script. It always sends a new era, which is used only if there
// is none.
func (r *Revocations) call(ctx context.Context, n int, op string, keep time.Duration, name int64, fields ...string) ([]int64, error) {
	var era [4]byte
	if _, err := rand.Read(era[:]); err != nil {
		return nil, err
	}
	args := append([]string{op, micros(keep), strconv.FormatUint(uint64(binary.BigEndian.Uint32(era[:])), 10),
		strconv.FormatInt(name, 10)}, fields...)
	return r.store.integers(ctx, r.script, r.keys, args, n)
}

// Check implements [stores.Revocations].
func (r *Revocations) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	standings, err := r.CheckMany(ctx, []stores.Subject{{ID: id, Identity: identity}})
	if err != nil {
		return stores.Standing{}, err
	}
	return standings[0], nil
}

// CheckMany implements [stores.MultiRevocations].
func (r *Revocations) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	fields := make([]string, 0, 2*len(subjects))
	for _, s := range subjects {
		fields = append(fields, sessionField(s.ID), identityField(s.Identity))
	}
	v, err := r.call(ctx, 1+3*len(subjects), "check", 0, 0, fields...)
	if err != nil {
		return nil, err
	}
	standings := make([]stores.Standing, len(subjects))
	for i := range standings {
		of := v[1+3*i:]
		standings[i] = stores.Standing{Era: uint32(v[0]), Ended: of[0] != 0, Mark: of[1], RevokedAgo: age(of[2])}
	}
	return standings, nil
}

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	v, err := r.call(ctx, 1, "end", keep, name, sessionField(id))
	if err == nil && v[0] == 0 {
		err = stores.ErrNotFound
	}
	return err
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	v, err := r.call(ctx, 3, "revoke", stores.LongestSession+time.Minute, name, identityField(identity))
	if err != nil {
		return stores.Revoked{}, err
	}
	return stores.Revoked{Count: -1, Mark: v[0], Ago: age(v[1]), Before: v[2]}, nil
}
