// Package marks judges whether a sign-in still counts. A sign-in may have checked its
// credentials, and read the user's roles, before the user was revoked or changed. So a
// revocation and a change leave a mark in the store, and the core compares the begin of
// a request with the marks that Create reports.
package marks

import (
	"strings"
	"sync"
	"time"
)

// Bracket is the time in which something happened, on the monotonic clock.
type Bracket struct{ From, To time.Time }

// Mark is a call of RevokeIdentity, RevokeEverything or UpdateIdentity.
type Mark struct {
	Key

	Name int64 // the store's, or 0
	Bracket
}

// Key is the identity that a mark is about, "" for all, and its kind.
type Key struct {
	Owner   string
	Changed bool // and not revoked
}

// Journal has the last marks of this process. A request that begins after one of them
// has returned need not compare clocks. The zero value is empty. It is safe for
// concurrent use.
type Journal struct {
	mu     sync.Mutex
	latest map[Key]Mark
}

const (
	// maxMarks bounds the memory. For a mark that is forgotten, clocks have to be
	// compared.
	maxMarks = 1024

	// clocksTell is the age of a mark for which clocks are sure to tell.
	clocksTell = time.Minute
)

// Note keeps a mark that was left between from and now, and returns it.
func (j *Journal) Note(key Key, name int64, from time.Time) Mark {
	done := Mark{key, name, Bracket{from, time.Now()}}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.latest) >= maxMarks {
		for key, old := range j.latest {
			if done.To.Sub(old.To) > clocksTell {
				delete(j.latest, key)
			}
		}
		if len(j.latest) >= maxMarks {
			clear(j.latest)
		}
	}
	if j.latest == nil {
		j.latest = make(map[Key]Mark)
	}
	kept := done
	kept.Owner = strings.Clone(done.Owner)
	j.latest[kept.Key] = kept
	return done
}

// order tells whether the mark with the name came before a time or after it, as far as
// this process knows.
func (j *Journal) order(key Key, name int64, then time.Time) (before, after bool) {
	if name == 0 {
		return false, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	last, ok := j.latest[key]
	if !ok || last.Name != name {
		return false, false
	}
	return last.To.Before(then), !last.From.Before(then)
}

// known reports whether a mark of a kind that an identity may have is known by name to
// have returned shortly before then, so that clocks may be wrong about it.
func (j *Journal) known(owner string, changed bool, then time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, key := range []Key{{Owner: owner, Changed: changed}, {Changed: changed}} {
		if last, ok := j.latest[key]; ok && last.Name != 0 && last.To.Before(then) && then.Sub(last.To) < clocksTell {
			return true
		}
	}
	return false
}

// since reports whether a mark of this process came after then.
func (j *Journal) since(key Key, then time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	last, ok := j.latest[key]
	return ok && last.To.After(then)
}
