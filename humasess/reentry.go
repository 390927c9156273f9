package humasess

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// The function given to Update runs while the session is locked. A call of the
// session from inside it would wait for its own end, so it is an error. Only a
// call that finds the session locked by an edit looks at its own stack; all
// others pay one atomic load.

// editing counts the edits that run on the state.
type editing struct{ n atomic.Int32 }

// errInsideUpdate is returned by Update.
var errInsideUpdate = errors.New("the function given to Update calls the session itself: use the data that it is given")

// insideUpdate is the panic that leaves such a function.
type insideUpdate struct{ state any }

// runEdit runs a function of the program. Its name marks the stack.
//
//go:noinline
func (s *state[T]) runEdit(edit func(*T) error, data *T) (err error) {
	s.editing.n.Add(1)
	defer s.editing.n.Add(-1)
	defer func() {
		if p := recover(); p != nil {
			if inside, ok := p.(insideUpdate); !ok || inside.state != any(s) {
				panic(p)
			}
			err = s.invalid(fmt.Errorf("Update: %w", errInsideUpdate))
		}
	}()
	return edit(data)
}

// lock locks the state for a call of the program.
func (s *state[T]) lock() {
	if s.mu.TryLock() {
		return
	}
	if s.editing.n.Load() == 0 || !insideEdit() {
		s.mu.Lock()
		return
	}
	if !s.lockSoon() {
		panic(insideUpdate{s})
	}
}

// editPatience is how long a call from inside an edit waits, because the edit may
// be one of another session while another goroutine edits this one.
const editPatience = 250 * time.Millisecond

func (s *state[T]) lockSoon() bool {
	for end := time.Now().Add(editPatience); s.editing.n.Load() > 0; {
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
