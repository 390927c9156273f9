package humasess

import (
	"context"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	// liveBatch is how many sessions one call of the store looks up.
	liveBatch = 128

	// liveLull is the shortest wait before a deadline is looked at again.
	liveLull = 10 * time.Millisecond

	// livePause is the wait after the store has failed for the first time. It
	// doubles, up to Options.DoneInterval.
	livePause = 500 * time.Millisecond
)

// live watches the sessions that [Session.Done] was asked of. It only ever
// closes what the store says is gone: everything else, be it an end in this
// process, a hint of the store, or a deadline, is a reason to look. Until
// somebody asks it is empty and no goroutine runs; one runs, and another one
// for hints, until an interval has passed in which nobody watches.
//
// Its lock is taken after that of a session, and held without I/O.
type live struct {
	store   stores.Store
	every   time.Duration
	timeout time.Duration // of each call, negative for none
	failed  func(error)

	mu      sync.Mutex
	targets map[stores.ID]*target
	owners  map[string]map[*target]struct{}
	queue   []*target // those that are suspect
	kick    chan struct{}
	stop    context.CancelFunc // nil while nothing runs
	stopped chan struct{}
	closed  bool
}

// target is a session that is watched.
type target struct {
	id      stores.ID
	owner   string
	watches []*watch
	timer   *time.Timer // when it expires unless it is used meanwhile
	suspect bool        // in the queue

	// stands asks about a session that is in its cookie, and returns how long
	// it can last, or stores.ErrNotFound. It is nil for those in the store.
	stands func(context.Context) (time.Duration, error)
}

// watch is the interest of one request in one session.
type watch struct {
	done  chan struct{}
	id    stores.ID
	fresh bool // the session is yet to be created; of the request

	of    *target // nil before add, and after the end
	at    int     // in of.watches
	ended bool
}

// add lets w wait for the end of a session that was live a while ago, and goes
// on to live for the time left unless it is used.
func (l *live) add(w *watch, t target, left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		w.end()
		return
	}
	known := l.targets[t.id]
	if known == nil {
		if l.targets == nil {
			l.targets, l.owners = make(map[stores.ID]*target), make(map[string]map[*target]struct{})
			l.kick = make(chan struct{}, 1)
		}
		known = &t
		l.targets[t.id] = known
		if t.owner != "" {
			if l.owners[t.owner] == nil {
				l.owners[t.owner] = make(map[*target]struct{})
			}
			l.owners[t.owner][known] = struct{}{}
		}
		known.timer = time.AfterFunc(left, func() { l.missed(t.id) })
	}
	known.stands = t.stands // of the latest cookie
	w.of, w.at = known, len(known.watches)
	known.watches = append(known.watches, w)
	// It may have ended since it was loaded, before anybody was told.
	l.doubt(known)
	if l.stop == nil {
		var ctx context.Context
		ctx, l.stop = context.WithCancel(context.Background())
		l.stopped = make(chan struct{})
		go l.run(ctx, l.stopped)
	}
}

// release ends a watch whose request is over.
func (l *live) release(w *watch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := w.of; t != nil {
		last := len(t.watches) - 1
		t.watches[w.at] = t.watches[last]
		t.watches[w.at].at = w.at
		t.watches[last] = nil
		t.watches = t.watches[:last]
		if last == 0 {
			l.forget(t)
		}
	}
	w.end()
}

// end is called once the session has ended, or with l locked.
func (w *watch) end() {
	w.of = nil
	if !w.ended {
		w.ended = true
		close(w.done)
	}
}

// forget removes a target. l is locked.
func (l *live) forget(t *target) {
	t.timer.Stop()
	if l.targets[t.id] != t {
		return
	}
	delete(l.targets, t.id)
	if of := l.owners[t.owner]; of != nil {
		delete(of, t)
		if len(of) == 0 {
			delete(l.owners, t.owner)
		}
	}
}

// end tells everybody who watches. l is locked.
func (l *live) end(t *target) {
	l.forget(t)
	for _, w := range t.watches {
		w.end()
	}
	t.watches = nil
}

// ended is called when this process has ended a session.
func (l *live) ended(id stores.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch t := l.targets[id]; {
	case t == nil:
	case t.stands != nil:
		l.end(t) // no store need know
	default:
		l.doubt(t) // a transaction of the caller's may take it back
	}
}

// missed is called when this process has found a session gone.
func (l *live) missed(id stores.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.targets[id]; t != nil {
		l.doubt(t)
	}
}

// endedOf is called when sessions of an owner have ended.
func (l *live) endedOf(owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for t := range l.owners[owner] {
		l.doubt(t)
	}
}

// hint is called by a [stores.Watcher].
func (l *live) hint(id stores.ID) {
	if !id.IsZero() {
		l.missed(id)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubtAll()
}

// doubtAll and doubt have targets looked up. l is locked.
func (l *live) doubtAll() {
	for _, t := range l.targets {
		l.doubt(t)
	}
}

func (l *live) doubt(t *target) {
	if !t.suspect {
		t.suspect = true
		l.queue = append(l.queue, t)
	}
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// close ends all watches and waits for the goroutines.
func (l *live) close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	for _, t := range l.targets {
		l.end(t)
	}
	stop, stopped := l.stop, l.stopped
	l.mu.Unlock()
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
