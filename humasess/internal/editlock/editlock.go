// Package editlock has a mutex under which a function of the program may run. That
// function must not use the values that the mutex guards, because it would wait for its own end.
package editlock

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Mutex guards the session of a request. Run calls a function of the program while
// the mutex is locked. A call of Lock from inside that function is an error, which Run
// returns. Only a Lock that finds such a function running looks at its own stack, and
// all others pay one atomic load. A Lock from another goroutine waits for the function.
// If that takes too long, the function probably waits for the goroutine. Lock then
// borrows the mutex, and Run fails.
//
// The zero Mutex is unlocked.
type Mutex struct {
	mu        sync.Mutex
	running   atomic.Int32 // functions of Run
	reentered atomic.Bool  // a function has called Lock, even if it has recovered
	borrowed  sync.Mutex   // held by a Lock that has borrowed the mutex
}

const (
	// insidePatience is how long a Lock from inside a function waits, because the
	// function may be one of another session while another goroutine runs one here.
	insidePatience = 250 * time.Millisecond

	// outsidePatience is how long a Lock from another goroutine waits.
	outsidePatience = 5 * time.Second
)

// ErrReentered is the error of Run for a function that has called Lock.
var ErrReentered = errors.New("the function given to Update calls the session itself: use the data that it is given")

// reentry is the panic that leaves such a function.
type reentry struct{ of *Mutex }

// Lock locks the mutex for a call of the program. Its result is for Unlock.
func (m *Mutex) Lock() (borrowed bool) {
	if m.mu.TryLock() {
		return false
	}
	if m.running.Load() == 0 {
		m.mu.Lock()
		return false
	}
	inside, patience := insideRun(), outsidePatience
	if inside {
		patience = insidePatience
	}
	if m.lockWithin(patience) {
		return false
	}
	if inside {
		m.reentered.Store(true)
		panic(reentry{m})
	}
	m.borrowed.Lock()
	if m.running.Load() == 0 { // the function has ended just now
		m.borrowed.Unlock()
		m.mu.Lock()
		return false
	}
	m.reentered.Store(true)
	return true
}

// Unlock unlocks the mutex after a Lock with this result.
func (m *Mutex) Unlock(borrowed bool) {
	if borrowed {
		m.borrowed.Unlock()
		return
	}
	m.mu.Unlock()
}

// lockWithin reports whether it has the mutex. It gives up when a function still runs
// after the patience.
func (m *Mutex) lockWithin(patience time.Duration) bool {
	for end := time.Now().Add(patience); m.running.Load() > 0; {
		if m.mu.TryLock() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	m.mu.Lock()
	return true
}

// Run calls a function of the program while the caller holds the mutex. It returns the
// function's error, or ErrReentered if the function has called Lock. While the
// mutex is borrowed Run calls nothing and returns ErrReentered. Its name marks the stack.
//
//go:noinline
func (m *Mutex) Run(f func() error) (err error) {
	if m.running.Load() > 0 {
		return ErrReentered
	}
	m.running.Add(1)
	defer func() {
		m.borrowed.Lock()
		m.running.Add(-1)
		m.borrowed.Unlock()
		p := recover()
		if inside, ok := p.(reentry); p != nil && (!ok || inside.of != m) {
			panic(p)
		}
		if m.reentered.Swap(false) {
			err = ErrReentered
		}
	}()
	return f()
}

// insideRun reports whether the caller's goroutine runs a function of Run.
func insideRun() bool {
	var pcs [128]uintptr
	for skip := 2; ; {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); strings.HasSuffix(frame.Function, "/editlock.(*Mutex).Run") {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
		skip += n
	}
}
