package humasess

import (
	"context"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// queues let the requests of this process that change one session take turns
// after a first conflict. Without them n parallel changes make about n²/8 loads,
// because each round has one winner. The zero value is empty. A session is in it
// only while requests wait, and a moment longer.
type queues[T any] struct {
	mu      sync.Mutex
	waiting map[stores.ID]*queue[T]
}

// queueLinger is how long a queue stays after its last request, for those whose
// conflict comes a little later.
const queueLinger = 100 * time.Millisecond

// queue is the requests that wait to change one session.
type queue[T any] struct {
	turn    chan struct{} // holds one value while a request has its turn
	members int           // guarded by queues.mu, like end
	end     *time.Timer   // of the queue, while it is empty

	// The record as the request before has written it, guarded by the turn: the
	// next one need not load it.
	latest *record[T]
}

// join waits for the caller's turn to change a session. Then leave must be
// called.
func (q *queues[T]) join(ctx context.Context, id stores.ID) (*queue[T], error) {
	q.mu.Lock()
	if q.waiting == nil {
		q.waiting = make(map[stores.ID]*queue[T])
	}
	of := q.waiting[id]
	if of == nil {
		of = &queue[T]{turn: make(chan struct{}, 1)}
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

// leave ends the caller's turn.
func (q *queues[T]) leave(of *queue[T], id stores.ID) {
	<-of.turn
	q.part(of, id)
}

func (q *queues[T]) part(of *queue[T], id stores.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if of.members--; of.members > 0 {
		return
	}
	of.end = time.AfterFunc(queueLinger, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if of.members == 0 && q.waiting[id] == of {
			delete(q.waiting, id)
		}
	})
}

// hand keeps a record for the next request in the queue.
func (q *queue[T]) hand(rec *record[T]) {
	kept := *rec
	q.latest = &kept
}

// newer returns the record that the request before has handed over, if it is
// later than a version. Decoded data that are not shared belong to that request,
// so the caller gets none of them.
func (q *queue[T]) newer(version int64) (record[T], bool) {
	if q == nil || q.latest == nil || q.latest.Version <= version {
		return record[T]{}, false
	}
	rec := *q.latest
	if !rec.open.decoded {
		rec.open = &opened[T]{Fields: rec.open.Fields}
	}
	return rec, true
}
