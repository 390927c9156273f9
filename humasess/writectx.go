package humasess

import (
	"context"
	"sync"
	"time"
)

// writeTimeout bounds a commit. It does not end with the request: a client
// that hangs up must not lose what the handler has decided.
const writeTimeout = 5 * time.Second

// writeContext is context.WithTimeout(context.WithoutCancel(parent), …) that
// starts its timer only for stores that wait for it.
type writeContext struct {
	parent   context.Context
	deadline time.Time

	mu     sync.Mutex
	inner  context.Context
	cancel context.CancelFunc
}

var _ context.Context = (*writeContext)(nil)

// start begins the time for a write, once.
func (c *writeContext) start(parent context.Context) context.Context {
	if c.parent == nil {
		c.parent, c.deadline = parent, time.Now().Add(writeTimeout)
	}
	return c
}

// stop releases the timer, if there is one.
func (c *writeContext) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

// Deadline implements [context.Context].
func (c *writeContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done implements [context.Context].
func (c *writeContext) Done() <-chan struct{} { return c.started().Done() }

// Err implements [context.Context].
func (c *writeContext) Err() error {
	c.mu.Lock()
	inner := c.inner
	c.mu.Unlock()
	if inner != nil {
		return inner.Err()
	}
	if time.Now().After(c.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *writeContext) Value(key any) any { return c.parent.Value(key) }

func (c *writeContext) started() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithDeadline(context.WithoutCancel(c.parent), c.deadline)
	}
	return c.inner
}
