package humasess

import (
	"context"
	"sync"
	"time"
)

// writeTimeout bounds a commit. It does not end with the request: a client
// that hangs up must not lose what the handler has decided.
const writeTimeout = 5 * time.Second

// writeContext is context.WithTimeout(context.WithoutCancel(parent), …) whose
// time begins with its first use, and that starts a timer only for stores
// that wait for it.
type writeContext struct {
	parent context.Context

	mu       sync.Mutex
	deadline time.Time
	timed    context.Context
	cancel   context.CancelFunc
}

var _ context.Context = (*writeContext)(nil)

// stop releases the timer, if there is one.
func (c *writeContext) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

// begin returns the deadline; c is locked.
func (c *writeContext) begin() time.Time {
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(writeTimeout)
	}
	return c.deadline
}

// Deadline implements [context.Context].
func (c *writeContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begin(), true
}

// Done implements [context.Context].
func (c *writeContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(context.WithoutCancel(c.parent), c.begin())
	}
	return c.timed.Done()
}

// Err implements [context.Context].
func (c *writeContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
		return c.timed.Err()
	case time.Now().After(c.begin()):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *writeContext) Value(key any) any { return outsideContext{c.parent}.Value(key) }
