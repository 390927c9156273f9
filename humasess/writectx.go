package humasess

import (
	"context"
	"sync"
	"time"
)

// writeTimeout bounds a commit. It does not end with the request: a client
// that hangs up must not lose what the handler has decided.
const writeTimeout = 5 * time.Second

// sharing is how much sooner a commit may end, to end together with others.
const sharing = writeTimeout / 20

// deadlines gives commits that begin at about the same time one end, and one
// timer: a client of a server waits for it on every call.
type deadlines struct {
	mu   sync.Mutex
	at   time.Time
	done chan struct{} // closed after at
}

// next returns an end that is writeTimeout away, or up to sharing less.
func (d *deadlines) next() (time.Time, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); d.at.Before(now.Add(writeTimeout - sharing)) {
		done := make(chan struct{})
		d.at, d.done = now.Add(writeTimeout), done
		time.AfterFunc(writeTimeout, func() { close(done) })
	}
	return d.at, d.done
}

// writeContext is context.WithTimeout(context.WithoutCancel(parent), …) whose
// time begins with its first use.
type writeContext struct {
	parent context.Context
	ends   *deadlines

	mu       sync.Mutex
	deadline time.Time
	done     <-chan struct{}
}

var _ context.Context = (*writeContext)(nil)

// begin returns the deadline and what is closed after it.
func (c *writeContext) begin() (time.Time, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.deadline, c.done = c.ends.next()
	}
	return c.deadline, c.done
}

// Deadline implements [context.Context].
func (c *writeContext) Deadline() (time.Time, bool) {
	at, _ := c.begin()
	return at, true
}

// Done implements [context.Context].
func (c *writeContext) Done() <-chan struct{} {
	_, done := c.begin()
	return done
}

// Err implements [context.Context].
func (c *writeContext) Err() error {
	if at, _ := c.begin(); !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *writeContext) Value(key any) any { return outsideContext{c.parent}.Value(key) }
