package memory

import (
	"container/heap"
	"context"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// Revocations remembers, in this process, which sessions of a cookie store must
// be refused. It is for one process. Sessions of other processes, or from
// before a restart, are refused, because their revocations are not known here.
// It is safe for concurrent use.
//
// It remembers an ended session until the session's last cookie would have
// expired. It remembers an identity for [stores.LongestSession] after its last
// revocation. Each costs less than 300 bytes, however often it was revoked.
//
// It holds at most 1000000 of them, in less than 300 MB. The next one fails
// closed: Revocations forgets the others and begins a new era. Then every
// cookie from before is refused and all users sign in again, but no ended
// session comes back. A program with more logouts within
// Options.AbsoluteTimeout needs redis.NewRevocations or
// postgres.NewRevocations.
type Revocations struct {
	start time.Time // with a monotonic reading
	most  int       // of ended and marks together

	mu    sync.Mutex
	era   uint32
	last  int64
	all   revokedMark         // after an overflow: of each identity without one in marks
	ended map[stores.ID]int64 // the name of the call
	marks map[string]revokedMark
	due   dueHeap
}

type revokedMark struct {
	at     time.Duration // since Revocations.start
	name   int64         // of the call
	answer stores.Revoked
}

var _ stores.MultiRevocations = (*Revocations)(nil)

// maxRevocations bounds the memory, because anonymous clients may end sessions in
// a loop.
const maxRevocations = 1_000_000

// NewRevocations returns empty Revocations with a random era. It panics when
// the system has no randomness.
func NewRevocations() *Revocations {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("memory: NewRevocations called without randomness: " + err.Error())
	}
	return &Revocations{
		era: binary.BigEndian.Uint32(b[:]), start: time.Now(), most: maxRevocations,
		ended: map[stores.ID]int64{}, marks: map[string]revokedMark{},
	}
}

// Check implements [stores.Revocations].
func (r *Revocations) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	if err := ctx.Err(); err != nil {
		return stores.Standing{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.standing(id, identity), nil
}

// CheckMany implements [stores.MultiRevocations].
func (r *Revocations) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	standings := make([]stores.Standing, len(subjects))
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, s := range subjects {
		standings[i] = r.standing(s.ID, s.Identity)
	}
	return standings, nil
}

func (r *Revocations) standing(id stores.ID, identity string) stores.Standing {
	st := stores.Standing{Era: r.era, RevokedAgo: stores.NotRevoked}
	_, st.Ended = r.ended[id]
	if m, ok := r.mark(identity); ok {
		st.Mark, st.RevokedAgo = m.answer.Mark, time.Since(r.start)-m.at
	}
	return st
}

// mark returns the last mark of an identity. The mark of all is forgotten after
// LongestSession as others are. Otherwise it would refuse a session that began
// under a later mark which is forgotten by then.
func (r *Revocations) mark(identity string) (revokedMark, bool) {
	m, ok := r.marks[identity]
	if !ok && identity != "" && r.all.answer.Mark != 0 {
		m, ok = r.all, time.Since(r.start)-r.all.at < stores.LongestSession
	}
	return m, ok
}

// makeRoom forgets all marks when there is no room for another one. The new era
// refuses each session from before. The mark of all refuses each sign-in that
// began before, because its identity may have been revoked meanwhile.
func (r *Revocations) makeRoom() {
	if len(r.ended)+len(r.marks) < r.most {
		return
	}
	r.era++
	r.last++
	r.all = revokedMark{at: time.Since(r.start), answer: stores.Revoked{Mark: r.last}}
	r.ended, r.marks, r.due = map[stores.ID]int64{}, map[string]revokedMark{}, nil
}

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
	if by, ok := r.ended[id]; ok {
		if by == name && name != 0 {
			return nil
		}
		return stores.ErrNotFound
	}
	r.makeRoom()
	r.ended[id] = name
	heap.Push(&r.due, dueMark{at: time.Since(r.start) + keep, id: id})
	return nil
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	if err := ctx.Err(); err != nil {
		return stores.Revoked{}, err
	}
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
	_, again := r.marks[identity]
	if !again {
		r.makeRoom()
	}
	now := time.Since(r.start)
	answer := stores.Revoked{Count: -1, Ago: stores.NotRevoked}
	if m, ok := r.mark(identity); ok {
		if m.name == name && name != 0 {
			return m.answer, nil
		}
		answer.Ago, answer.Before = now-m.at, m.answer.Mark
	}
	r.last++
	answer.Mark = r.last
	identity = strings.Clone(identity)
	if !again { // otherwise it is in the heap, and trim moves it
		heap.Push(&r.due, dueMark{at: now + stores.LongestSession, identity: identity})
	}
	r.marks[identity] = revokedMark{at: now, name: name, answer: answer}
	return answer, nil
}

// trim forgets up to two old marks. Each call adds at most one, so the number
// shrinks.
func (r *Revocations) trim() {
	now := time.Since(r.start)
	for range 2 {
		if len(r.due) == 0 || r.due[0].at > now {
			return
		}
		d := heap.Pop(&r.due).(dueMark)
		if d.identity == "" {
			delete(r.ended, d.id)
		} else if until := r.marks[d.identity].at + stores.LongestSession; until > now {
			d.at = until // it was revoked again
			heap.Push(&r.due, d)
		} else {
			delete(r.marks, d.identity)
		}
	}
}

// dueMark is the time when a mark of a session or of an identity may be
// forgotten.
type dueMark struct {
	at       time.Duration
	id       stores.ID
	identity string
}

// dueHeap is a [heap.Interface] with the earliest time on top.
type dueHeap []dueMark

// Len implements [heap.Interface].
func (h *dueHeap) Len() int { return len(*h) }

// Less implements [heap.Interface].
func (h *dueHeap) Less(i, j int) bool { return (*h)[i].at < (*h)[j].at }

// Swap implements [heap.Interface].
func (h *dueHeap) Swap(i, j int) { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }

// Push implements [heap.Interface].
func (h *dueHeap) Push(x any) { *h = append(*h, x.(dueMark)) }

// Pop implements [heap.Interface].
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = dueMark{}
	*h = (*h)[:last]
	return x
}
