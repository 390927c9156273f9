package memory

import (
	"context"

	"github.com/humasess/sessions/stores"
)

// Load returns the live session, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return stores.Record{}, err
	}
	r, _, ok := s.read(id)
	if !ok {
		return stores.Record{}, stores.ErrNotFound
	}
	r.Payload = clone(r.Payload)
	return r, nil
}

// LoadMemo is Load, except that the payload is the kept one, which the caller
// must not change, and that the memo is the one of exactly this payload. It
// does not allocate.
func (s *Store) LoadMemo(ctx context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
	if err := ctx.Err(); err != nil {
		return stores.Record{}, nil, err
	}
	r, memo, ok := s.read(id)
	if !ok {
		return stores.Record{}, nil, stores.ErrNotFound
	}
	return r, memo, nil
}

func (s *Store) read(id stores.ID) (stores.Record, *stores.Memo, bool) {
	sh, hash := s.shard(id)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	e := sh.table.find(hash, id)
	if e == nil {
		return stores.Record{}, nil, false
	}
	// The clock is read under the lock, here and everywhere: a time from
	// before it would let a touch extend what another call has found expired.
	c := s.clock.Load()
	now := c.read()
	if !e.live(now) {
		return stores.Record{}, nil, false
	}
	return c.record(e, now), &e.body.memo, true
}
