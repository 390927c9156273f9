// Package turns lets requests that change one session take turns.
package turns

import (
	"context"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// Queues let the requests of this process that change one session take turns after a
// first conflict. Without them n parallel changes make about n²/8 loads, because each
// round has one winner. A session is in it only while requests wait, and a moment
// longer. V is the value that a request hands to the next one. The zero value is empty. It is
// safe for concurrent use.
type Queues[V any] struct {
	mu      sync.Mutex
	waiting map[stores.ID]*Turn[V]
}

// linger is how long a queue stays after its last request, for those whose conflict
// comes a little later.
const linger = 100 * time.Millisecond

// Turn is a place in the queue of one session.
type Turn[V any] struct {
	turn    chan struct{} // holds one value while a request has its turn
	members int           // guarded by Queues.mu, like end
	end     *time.Timer   // of the queue, while it is empty

	latest *V // as the request before has handed it over, guarded by the turn
}

// Join waits for the caller's turn to change a session. After success the caller must
// call Leave.
func (q *Queues[V]) Join(ctx context.Context, id stores.ID) (*Turn[V], error) {
	q.mu.Lock()
	if q.waiting == nil {
		q.waiting = make(map[stores.ID]*Turn[V])
	}
	of := q.waiting[id]
	if of == nil {
		of = &Turn[V]{turn: make(chan struct{}, 1)}
		q.waiting[id] = of
	}
	if of.end != nil {
		of.end.Stop()
	}
	of.members++
	q.mu.Unlock()
	select {
	case of.turn <- struct{}{}:
		return of, nil
	case <-ctx.Done():
		q.part(of, id)
		return nil, ctx.Err()
	}
}

// Leave ends the caller's turn.
func (q *Queues[V]) Leave(of *Turn[V], id stores.ID) {
	<-of.turn
	q.part(of, id)
}

func (q *Queues[V]) part(of *Turn[V], id stores.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if of.members--; of.members > 0 {
		return
	}
	of.end = time.AfterFunc(linger, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if of.members == 0 && q.waiting[id] == of {
			delete(q.waiting, id)
		}
	})
}

// Hand keeps a copy of v for the next request.
func (t *Turn[V]) Hand(v *V) {
	kept := *v
	t.latest = &kept
}

// Handed returns a copy of the value that the request before has handed over, and
// false if there is none or if the caller has no turn.
func (t *Turn[V]) Handed() (v V, ok bool) {
	if t == nil || t.latest == nil {
		return v, false
	}
	return *t.latest, true
}
