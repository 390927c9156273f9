package memory

import (
	"context"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
)

// marks remembers when identities were revoked, or were changed, on the
// monotonic clock. Store.mu guards it.
type marks struct {
	byName         directory[string, mark, *mark]
	start          time.Time // with a monotonic reading
	oldest, newest *mark
	last           int64 // number of the latest mark
}

type mark struct {
	name         string
	at           time.Duration // since marks.start
	number       int64
	chain        *mark
	older, newer *mark
}

func (m *mark) key() string  { return m.name }
func (m *mark) hash() uint64 { return hashName(m.name) }
func (m *mark) link() **mark { return &m.chain }

// MarkChanged leaves the mark of a change, which every later Create reports,
// and ends no session.
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	if err := ctx.Err(); err != nil {
		return stores.Changed{}, err
	}
	if identity == "" {
		return stores.Changed{}, stores.ErrNoIdentity
	}
	hash := hashName(identity)
	s.mu.Lock()
	defer s.mu.Unlock()
	var changed stores.Changed
	changed.Ago, _ = s.changes.age(hash, identity)
	changed.Mark = s.changes.set(hash, identity)
	s.wake()
	return changed, nil
}

// anyIdentity is the name of the mark that Clear leaves. It is not an identity.
const anyIdentity = ""

// age returns the age and the number of the last mark of the identity or of
// Clear, or NotRevoked and 0.
func (m *marks) age(hash uint64, name string) (time.Duration, int64) {
	if m.newest == nil {
		return stores.NotRevoked, 0
	}
	k := m.byName.find(hash, name)
	if all := m.byName.find(hashName(anyIdentity), anyIdentity); k == nil || all != nil && all.number > k.number {
		k = all
	}
	if k == nil {
		return stores.NotRevoked, 0
	}
	age := time.Since(m.start) - k.at
	if age > stores.RevocationRetention {
		return stores.NotRevoked, 0 // the answer must not depend on when it is swept
	}
	return age, k.number
}

// set marks the identity now and returns the mark's number. It also drops old
// marks, so their number is bounded even if no sweeper runs.
func (m *marks) set(hash uint64, name string) int64 {
	m.trim(2)
	k := m.byName.find(hash, name)
	if k == nil {
		k = &mark{name: strings.Clone(name)}
		m.byName.add(k)
	} else {
		m.cut(k)
	}
	k.at, k.older, k.newer = time.Since(m.start), m.newest, nil
	if m.newest == nil {
		m.oldest = k
	} else {
		m.newest.newer = k
	}
	m.newest = k
	m.last++
	k.number = m.last
	return k.number
}

// trim drops up to n old marks and reports whether there may be more.
func (m *marks) trim(n int) bool {
	due := time.Since(m.start) - stores.RevocationRetention
	for range n {
		k := m.oldest
		if k == nil || k.at >= due {
			return false
		}
		m.cut(k)
		m.byName.remove(k)
	}
	return true
}

func (m *marks) cut(k *mark) {
	if k.older == nil {
		m.oldest = k.newer
	} else {
		k.older.newer = k.newer
	}
	if k.newer == nil {
		m.newest = k.older
	} else {
		k.newer.older = k.older
	}
}
