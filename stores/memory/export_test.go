package memory

// SweepSlice removes one slice of expired sessions, as the sweeper does, and
// reports whether there is more in this shard. Its duration bounds how long
// the sweeper holds a lock.
func (s *Store) SweepSlice(shard int) bool { return s.sweepShard(&s.shards[shard]) }

// Shards is the number of shards.
const Shards = shardCount

// SetMost replaces the bound of the marks.
func (r *Revocations) SetMost(n int) { r.most = n }

// Len returns the number of sessions kept, including expired ones until they
// are swept. It is never above Options.MaxSessions.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}
