package humasess

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The function given to Update runs while the session is locked. A call of the
// session from inside it would wait for its own end, so it is an error. Only a
// call that finds the session locked by an edit looks at its own stack; all
// others pay one atomic load. A call from another goroutine waits for the edit. If
// that takes too long, the edit probably waits for the goroutine. The call then
// borrows the lock, and the edit fails.

// editing counts the edits that run on the state.
type editing struct {
	n         atomic.Int32
	reentered atomic.Bool // an edit has called the session, also if it has recovered
	borrowed  sync.Mutex  // held by a call that has borrowed the lock
}

const (
	// editPatience is how long a call from inside an edit waits, because the edit
	// may be one of another session while another goroutine edits this one.
	editPatience = 250 * time.Millisecond

	// editStuck is how long a call from another goroutine waits for an edit.
	editStuck = 5 * time.Second
)

// lock locks the state for a call of the program. Its result is for unlock.
func (s *state[T]) lock() (borrowed bool) {
	if s.mu.TryLock() {
		return false
	}
	if s.editing.n.Load() == 0 {
		s.mu.Lock()
		return false
	}
	inside, patience := insideEdit(), editStuck
	if inside {
		patience = editPatience
	}
	if s.lockWithin(patience) {
		return false
	}
	if inside {
		s.editing.reentered.Store(true)
		panic(insideUpdate{s})
	}
	s.editing.borrowed.Lock()
	if s.editing.n.Load() == 0 { // the edit has ended just now
		s.editing.borrowed.Unlock()
		s.mu.Lock()
		return false
	}
	s.editing.reentered.Store(true)
	return true
}

func (s *state[T]) unlock(borrowed bool) {
	if borrowed {
		s.editing.borrowed.Unlock()
		return
	}
	s.mu.Unlock()
}

// lockWithin reports whether it has the lock. It gives up when an edit still runs
// after the patience.
func (s *state[T]) lockWithin(patience time.Duration) bool {
	for end := time.Now().Add(patience); s.editing.n.Load() > 0; {
		if s.mu.TryLock() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	s.mu.Lock()
	return true
}

// insideEdit reports whether the caller's goroutine runs an edit.
func insideEdit() bool {
	var pcs [128]uintptr
	for skip := 2; ; {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); strings.HasSuffix(frame.Function, ".runEdit") && strings.Contains(frame.Function, "/humasess.(*state[") {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
		skip += n
	}
}
