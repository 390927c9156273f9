package humasess

import (
	"strings"
	"sync"
	"time"
)

// bracket is the time in which something happened, on the monotonic clock.
type bracket struct{ from, to time.Time }

// revocation is a call of RevokeIdentity. Mark is the store's name for it, or 0.
type revocation struct {
	owner string
	mark  int64
	bracket
}

// revocations are the last ones of this process, by owner: a request that
// begins after one of them has returned need not compare clocks to know. The
// zero value is empty. It is safe for concurrent use.
type revocations struct {
	mu     sync.Mutex
	latest map[string]revocation
}

const (
	// maxRevocations bounds the memory. Whose revocation is forgotten has to
	// compare clocks.
	maxRevocations = 1024

	// revocationsAge is when clocks are sure to tell.
	revocationsAge = time.Minute
)

func (r *revocations) note(done revocation) {
	if done.mark == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.latest) >= maxRevocations {
		for owner, old := range r.latest {
			if done.to.Sub(old.to) > revocationsAge {
				delete(r.latest, owner)
			}
		}
		if len(r.latest) >= maxRevocations {
			clear(r.latest)
		}
	}
	if r.latest == nil {
		r.latest = make(map[string]revocation)
	}
	done.owner = strings.Clone(done.owner)
	r.latest[done.owner] = done
}

// before reports whether the revocation with the mark is known to have
// returned by then.
func (r *revocations) before(owner string, mark int64, then time.Time) bool {
	if mark == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, ok := r.latest[owner]
	return ok && last.mark == mark && !last.to.After(then)
}
