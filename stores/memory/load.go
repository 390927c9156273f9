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

// LoadMemo is Load without the copy, so the caller must not change the payload.
// The memo belongs to exactly this payload. LoadMemo does not allocate.
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
	// Every method reads the clock under the lock. With a time from before the
	// lock, a Touch could extend a session that another call has found expired.
	c := s.clock.Load()
	now := c.read()
	if !e.live(now) {
		return stores.Record{}, nil, false
	}
	return c.record(e, now), &e.body.memo, true
}
