package gate

import (
	"context"
	"sync"
	"time"
)

// A store that does not answer must not block requests forever. A request has one
// budget for all its loads, and one for its commit with replays and retries. A third
// budget is for the writes that follow from its tokens, such as those of
// confirmRecord. A call outside a request has a budget of its own.

// budgets gives calls that begin at about the same time the same end. They share one
// timer, because each call of a store on a server waits for a timer.
type budgets struct {
	timeout time.Duration // Options.StoreTimeout, negative for none

	mu   sync.Mutex
	at   time.Time
	done chan struct{} // closed after at
}

// add extends the budget to one more session. The longest timeout counts, so each
// store has at least the time that its manager gives it.
func (b *budgets) add(timeout time.Duration) {
	if b.timeout == 0 || timeout < 0 || b.timeout > 0 && timeout > b.timeout {
		b.timeout = timeout
	}
}

// next returns an end after the timeout, or up to a twentieth earlier.
func (b *budgets) next() (time.Time, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.at.Before(now.Add(b.timeout - b.timeout/20)) {
		done := make(chan struct{})
		b.at, b.done = now.Add(b.timeout), done
		time.AfterFunc(b.timeout, func() { close(done) })
	}
	return b.at, b.done
}

// commitContext does not end with its parent, because the changes of the handler
// must not be lost if the client disconnects. Its time begins with its first use.
type commitContext struct {
	parent context.Context
	budget *budgets

	mu       sync.Mutex
	deadline time.Time
	done     <-chan struct{}
}

var _ context.Context = (*commitContext)(nil)

// begin returns the deadline and the channel that is closed after it.
func (c *commitContext) begin() (time.Time, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() && c.budget.timeout > 0 {
		c.deadline, c.done = c.budget.next()
	}
	return c.deadline, c.done
}

// Deadline implements [context.Context].
func (c *commitContext) Deadline() (time.Time, bool) {
	at, _ := c.begin()
	return at, !at.IsZero()
}

// Done implements [context.Context].
func (c *commitContext) Done() <-chan struct{} {
	_, done := c.begin()
	return done
}

// Err implements [context.Context].
func (c *commitContext) Err() error {
	if at, _ := c.begin(); !at.IsZero() && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *commitContext) Value(key any) any { return outsideContext{c.parent}.Value(key) }

// loadContext ends with its parent, because a disconnected client does not wait for
// a session, and with the budget. A store in memory uses neither, so both are made
// at the first use.
type loadContext struct {
	parent context.Context
	budget *budgets

	mu     sync.Mutex
	inner  context.Context
	cancel context.CancelFunc
}

var _ context.Context = (*loadContext)(nil)

func (c *loadContext) begin() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.inner != nil:
	case c.budget.timeout > 0:
		at, _ := c.budget.next()
		c.inner, c.cancel = context.WithDeadline(c.parent, at)
	default:
		c.inner = c.parent
	}
	return c.inner
}

// end releases the timer.
func (c *loadContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

// Deadline implements [context.Context].
func (c *loadContext) Deadline() (time.Time, bool) { return c.begin().Deadline() }

// Done implements [context.Context].
func (c *loadContext) Done() <-chan struct{} { return c.begin().Done() }

// Err implements [context.Context].
func (c *loadContext) Err() error {
	c.mu.Lock()
	inner := c.inner
	c.mu.Unlock()
	if inner == nil {
		inner = c.parent
	}
	return inner.Err()
}

// Value implements [context.Context].
func (c *loadContext) Value(key any) any { return c.parent.Value(key) }
