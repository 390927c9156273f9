package memory

// victim returns the session to remove for one more session of own's identity,
// or nil. Store.mu is held.
//
// It chooses the oldest session of the identity that would hold the most
// sessions, the new one counted. So an account that fills the store cannot lock
// out the others. A user with one session never loses it because of another
// user.
func (s *Store) victim(own *group, anonymous bool, now int64) *entry {
	if e := s.expired(now); e != nil {
		return e
	}
	if e := s.anonymous.first; e != nil || anonymous {
		return e
	}
	largest := s.sizes.largest()
	if own != nil && own.size()+1 >= largest.size() {
		return own.first
	}
	if largest == nil {
		return nil
	}
	return largest.first
}

// expired returns a session that has expired, or nil. It looks at each shard at
// most once, and locks only shards that have an expired session.
func (s *Store) expired(now int64) *entry {
	for range s.shards {
		sh := &s.shards[s.reaped]
		if sh.queue.next.Load() <= now {
			sh.mu.RLock()
			e := sh.queue.first()
			due := e != nil && e.expires <= now
			sh.mu.RUnlock()
			if due {
				return e
			}
		}
		s.reaped = (s.reaped + 1) % shardCount
	}
	return nil
}

// evict removes e, live or not. Store.mu is held.
func (s *Store) evict(e *entry) {
	sh, _ := s.shard(e.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.remove(sh, e)
}
