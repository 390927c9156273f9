package memory

import (
	"sync"

	"github.com/humasess/sessions/stores"
)

const shardCount = 256

// shard holds the sessions whose ID hashes to it.
type shard struct {
	mu    sync.RWMutex
	table table[stores.ID, entry, *entry]
	queue queue

	_ [128 - 88]byte // fills two cache lines, so neighbours' locks share none
}

// shard returns the shard of id, and id's hash.
func (s *Store) shard(id stores.ID) (*shard, uint64) {
	hash := hashID(id)
	return &s.shards[hash>>56], hash
}

// remove removes e for good. Store.mu and sh, its shard, are locked.
func (s *Store) remove(sh *shard, e *entry) {
	sh.table.remove(e.hash(), e)
	sh.queue.remove(e)
	s.unlink(e)
}

// reap removes up to n expired sessions of sh and returns their number.
// Store.mu and sh are locked.
func (s *Store) reap(sh *shard, now int64, n int) int {
	for i := range n {
		e := sh.queue.first()
		if e == nil || now < e.expires {
			return i
		}
		s.remove(sh, e)
	}
	return n
}
