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

// Revocations remembers, in this process, which sessions of a cookie store
// must not be accepted any more. It is for one process: those of another, and
// of the one before a restart, are refused, since what was revoked there is
// not known. It is safe for concurrent use.
//
// An ended session is remembered until its cookie would have expired, an
// identity for [stores.LongestSession]; each costs about 150 bytes.
type Revocations struct {
	era   uint32
	start time.Time // with a monotonic reading

	mu    sync.Mutex
	last  int64
	ended map[stores.ID]struct{}
	marks map[string]revokedMark
	due   dueHeap
}

type revokedMark struct {
	mark int64
	at   time.Duration // since Revocations.start
}

var _ stores.MultiRevocations = (*Revocations)(nil)

// NewRevocations returns one that has seen nothing. It panics when the system
// has no randomness.
func NewRevocations() *Revocations {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("memory: NewRevocations called without randomness: " + err.Error())
	}
	return &Revocations{
		era: binary.BigEndian.Uint32(b[:]), start: time.Now(),
		ended: map[stores.ID]struct{}{}, marks: map[string]revokedMark{},
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
	if m, ok := r.marks[identity]; ok {
		st.Mark, st.RevokedAgo = m.mark, time.Since(r.start)-m.at
	}
	return st
}

// End implements [stores.Revocations].
func (r *Revocations) End(ctx context.Context, id stores.ID, keep time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
	if _, ok := r.ended[id]; ok {
		return stores.ErrNotFound
	}
	r.ended[id] = struct{}{}
	heap.Push(&r.due, dueMark{at: time.Since(r.start) + keep, id: id})
	return nil
}

// RevokeIdentity implements [stores.Revocations].
func (r *Revocations) RevokeIdentity(ctx context.Context, identity string) (stores.Revoked, error) {
	if err := ctx.Err(); err != nil {
		return stores.Revoked{}, err
	}
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
	now := time.Since(r.start)
	answer := stores.Revoked{Count: -1, Ago: stores.NotRevoked}
	if m, ok := r.marks[identity]; ok {
		answer.Ago, answer.Before = now-m.at, m.mark
	}
	r.last++
	answer.Mark = r.last
	identity = strings.Clone(identity)
	r.marks[identity] = revokedMark{r.last, now}
	heap.Push(&r.due, dueMark{at: now + stores.LongestSession, identity: identity, mark: r.last})
	return answer, nil
}

// trim forgets up to two marks that are due: more than one call adds.
func (r *Revocations) trim() {
	now := time.Since(r.start)
	for range 2 {
		if len(r.due) == 0 || r.due[0].at > now {
			return
		}
		d := heap.Pop(&r.due).(dueMark)
		if d.identity == "" {
			delete(r.ended, d.id)
		} else if r.marks[d.identity].mark == d.mark {
			delete(r.marks, d.identity)
		}
	}
}

// dueMark is when a mark may be forgotten: that of a session, or of an identity.
type dueMark struct {
	at       time.Duration
	id       stores.ID
	identity string
	mark     int64
}

// dueHeap is a [heap.Interface], the first to be due on top.
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
