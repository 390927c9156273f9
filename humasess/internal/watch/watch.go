// Package watch tells requests that a session has ended, while they wait for it.
//
// [Sessions] closes the channel of a [Wait] only after the store has said that
// the session is gone. An end in this process, a hint of the store, a deadline and
// an interval are reasons to ask the store. A store that fails ends no session.
//
// Nothing runs until a request waits. Then one goroutine asks the store and a
// second one receives hints. Both stop after an interval in which no request waits.
package watch

import (
	"context"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	// batchSize is how many sessions one call of Config.Load looks up.
	batchSize = 128

	// minWait is the shortest wait before a deadline is checked again.
	minWait = 10 * time.Millisecond

	// firstPause is the wait after the first failure of the store. Each further
	// failure doubles it, up to Config.Interval.
	firstPause = 500 * time.Millisecond
)

// Config connects [Sessions] to a store.
type Config struct {
	// Load returns the records of the sessions that exist.
	Load func(context.Context, []stores.ID) ([]stores.Record, error)

	// Hints calls its function with the IDs of sessions that may have ended, as
	// [stores.Watcher] does. The zero ID stands for all sessions. It is nil for
	// a store without hints.
	Hints func(context.Context, func(stores.ID)) error

	// Interval is the time between two checks of every session.
	Interval time.Duration

	// Timeout bounds each call of Load and of Session.Left. Zero and negative
	// values are no bound.
	Timeout time.Duration

	// Failed receives the errors of the store.
	Failed func(error)
}

// Sessions are the sessions for whose end requests wait. It is safe for
// concurrent use. Its lock is taken after the lock of a session's state, and is
// never held during I/O.
type Sessions struct {
	config Config

	mu      sync.Mutex
	targets map[stores.ID]*target
	owners  map[string]map[*target]struct{}
	queue   []*target // the suspect ones
	kick    chan struct{}
	stop    context.CancelFunc // nil while no goroutine runs
	stopped chan struct{}
	closed  bool
}

// New returns Sessions for which no request waits.
func New(c Config) *Sessions { return &Sessions{config: c} }

// Session is a session for whose end a request can wait.
type Session struct {
	ID    stores.ID
	Owner string // "" if the session is anonymous

	// Left returns how long a client-side session can last, or
	// [stores.ErrNotFound]. It is nil for a session that Config.Load finds.
	Left func(context.Context) (time.Duration, error)
}

// target is a session for which at least one request waits.
type target struct {
	Session

	waits   []*Wait
	timer   *time.Timer // until the deadline, unless a request extends the session
	suspect bool        // in the queue
}

// Wait is the interest of one request in one session. Create it with [NewWait].
type Wait struct {
	done chan struct{}

	of    *target // nil before Add, and after the end
	at    int     // in of.waits
	ended bool
}

// NewWait returns a Wait that is not for a session yet.
func NewWait() Wait { return Wait{done: make(chan struct{})} }

// Done returns a channel that is closed after the end of the session or of the
// request.
func (w *Wait) Done() <-chan struct{} { return w.done }

// Add lets w wait for the end of a session. The session was active a short time
// ago. It lasts for the time left unless a request extends it.
func (s *Sessions) Add(w *Wait, session Session, left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		w.end()
		return
	}
	t := s.targets[session.ID]
	if t == nil {
		t = &target{Session: session}
		s.insert(t)
		t.timer = time.AfterFunc(left, func() { s.Check(session.ID) })
	}
	t.Left = session.Left // of the latest cookie
	w.of, w.at = t, len(t.waits)
	t.waits = append(t.waits, w)
	// The session may have ended after the request loaded it, before Add.
	s.check(t)
	if s.stop == nil {
		var ctx context.Context
		ctx, s.stop = context.WithCancel(context.Background())
		s.stopped = make(chan struct{})
		go s.run(ctx, s.stopped)
	}
}

func (s *Sessions) insert(t *target) {
	if s.targets == nil {
		s.targets, s.owners = make(map[stores.ID]*target), make(map[string]map[*target]struct{})
		s.kick = make(chan struct{}, 1)
	}
	s.targets[t.ID] = t
	if t.Owner == "" {
		return
	}
	if s.owners[t.Owner] == nil {
		s.owners[t.Owner] = make(map[*target]struct{})
	}
	s.owners[t.Owner][t] = struct{}{}
}

// Release ends a wait, because its request is over. The wait may be one that was
// never added.
func (s *Sessions) Release(w *Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := w.of; t != nil {
		last := len(t.waits) - 1
		t.waits[w.at] = t.waits[last]
		t.waits[w.at].at = w.at
		t.waits[last] = nil
		t.waits = t.waits[:last]
		if last == 0 {
			s.forget(t)
		}
	}
	w.end()
}

// end closes the channel. Sessions is locked.
func (w *Wait) end() {
	w.of = nil
	if !w.ended {
		w.ended = true
		close(w.done)
	}
}

// forget removes a target. Sessions is locked.
func (s *Sessions) forget(t *target) {
	t.timer.Stop()
	if s.targets[t.ID] != t {
		return
	}
	delete(s.targets, t.ID)
	if of := s.owners[t.Owner]; of != nil {
		delete(of, t)
		if len(of) == 0 {
			delete(s.owners, t.Owner)
		}
	}
}

// end removes a target and ends all its waits. Sessions is locked.
func (s *Sessions) end(t *target) {
	s.forget(t)
	for _, w := range t.waits {
		w.end()
	}
	t.waits = nil
}

// Ended reports that this process has ended a session. The waits for a
// client-side session end at once. For any other session the store is asked,
// because a transaction of the caller may undo the end.
func (s *Sessions) Ended(id stores.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch t := s.targets[id]; {
	case t == nil:
	case t.Left != nil:
		s.end(t) // the store may not know the session
	default:
		s.check(t)
	}
}

// Check asks the store soon about a session that may have ended.
func (s *Sessions) Check(id stores.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.targets[id]; t != nil {
		s.check(t)
	}
}

// CheckOwner asks the store soon about all sessions of an owner.
func (s *Sessions) CheckOwner(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.owners[owner] {
		s.check(t)
	}
}

// CheckAll asks the store soon about all sessions.
func (s *Sessions) CheckAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAll()
}

// hinted receives a hint of the store.
func (s *Sessions) hinted(id stores.ID) {
	if id.IsZero() {
		s.CheckAll()
		return
	}
	s.Check(id)
}

// checkAll puts every target in the queue. Sessions is locked.
func (s *Sessions) checkAll() {
	for _, t := range s.targets {
		s.check(t)
	}
}

// check puts a target in the queue. Sessions is locked.
func (s *Sessions) check(t *target) {
	if !t.suspect {
		t.suspect = true
		s.queue = append(s.queue, t)
	}
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Close ends all waits, and every wait that is added later. It returns after the
// goroutines have stopped, or with the error of its context.
func (s *Sessions) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for _, t := range s.targets {
		s.end(t)
	}
	stop, stopped := s.stop, s.stopped
	s.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
