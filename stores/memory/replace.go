package memory

import (
	"fmt"
	"slices"

	"github.com/humasess/sessions/stores"
)

// replacement is the sessions that a Create ends.
type replacement struct {
	entries []*entry
	own     int      // how many of them belong to the identity of the new session
	locked  []*shard // of the entries, so these do not change until release
}

// checkReplaces refuses entries of Create.Replaces that are not valid.
func checkReplaces(c *stores.Create) error {
	for _, old := range c.Replaces {
		switch {
		case old.ID.IsZero():
			return errZeroID
		case old.ID == c.ID:
			return fmt.Errorf("memory: create replaces its own session %v", c.ID)
		case old.Version < 0:
			return fmt.Errorf("memory: create replaces version %d", old.Version)
		}
	}
	return nil
}

// lockReplaced finds the sessions that are to be replaced, locks their shards,
// and checks their versions. The caller releases it, also after an error.
// Store.mu is held.
//
// No other goroutine holds two shards, and the holder of one shard waits for no
// other lock. So the holder of Store.mu may lock several shards in any order.
func (s *Store) lockReplaced(r *replacement, c *stores.Create, own *group, now int64) error {
	for _, old := range c.Replaces {
		sh, hash := s.shard(old.ID)
		if !slices.Contains(r.locked, sh) {
			sh.mu.Lock()
			r.locked = append(r.locked, sh)
		}
		e := sh.table.find(hash, old.ID)
		switch {
		case e == nil || !e.live(now):
			if !old.MayBeGone {
				return stores.ErrNotFound
			}
		case old.Version != 0 && old.Version != e.version:
			return stores.ErrConflict
		case !slices.Contains(r.entries, e):
			r.entries = append(r.entries, e)
			if own != nil && e.group == own {
				r.own++
			}
		}
	}
	return nil
}

// end removes the sessions. Store.mu is held.
func (r *replacement) end(s *Store) {
	for _, e := range r.entries {
		sh, _ := s.shard(e.id)
		s.remove(sh, e)
		s.hint(e.id)
	}
}

func (r *replacement) release() {
	for _, sh := range r.locked {
		sh.mu.Unlock()
	}
}
