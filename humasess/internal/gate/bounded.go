package gate

import (
	"context"
	"sync/atomic"
	"time"
)

// Writing returns the context for the commit.
func (r *Request) Writing() context.Context { return (*bounded[forCommit])(r) }

// Noting returns the context for writes that follow from tokens.
func (r *Request) Noting() context.Context { return (*bounded[forNotes])(r) }

// spent returns the budgets of the request that have begun.
func (r *Request) spent() *spent {
	if s := r.budgets.Load(); s != nil {
		return s
	}
	r.budgets.CompareAndSwap(nil, new(spent))
	return r.budgets.Load()
}

// bounded is a request as the context of writes. It does not end with the client,
// because the changes of the handler must not be lost if the client disconnects. Its
// time begins with its first use.
type bounded[W writes] Request

// writes tell the budgets of writes apart.
type writes interface {
	of(s *spent) *end

	// polled returns the place of the time at which Err was first called, or nil.
	polled(r *Request) *atomic.Int64
}

type (
	forCommit struct{}
	forNotes  struct{} // writes that follow from tokens; see confirmRecord and reused
)

func (forCommit) of(s *spent) *end                { return &s.commit }
func (forCommit) polled(r *Request) *atomic.Int64 { return &r.polled }

func (forNotes) of(s *spent) *end              { return &s.notes }
func (forNotes) polled(*Request) *atomic.Int64 { return nil }

var _ context.Context = (*bounded[forCommit])(nil)

// begin returns the end of the budget.
func (c *bounded[W]) begin() end {
	s := (*Request)(c).spent()
	s.mu.Lock()
	defer s.mu.Unlock()
	var w W
	e := w.of(s)
	if b := &c.entry.budget; e.deadline.IsZero() && b.timeout > 0 {
		var used time.Duration
		if since := w.polled((*Request)(c)); since != nil && since.Load() != 0 {
			used = time.Since(epoch) - time.Duration(since.Load())
		}
		e.deadline, e.done = b.rest(used)
	}
	return *e
}

// Deadline implements [context.Context].
func (c *bounded[W]) Deadline() (time.Time, bool) {
	at := c.begin().deadline
	return at, !at.IsZero()
}

// Done implements [context.Context].
func (c *bounded[W]) Done() <-chan struct{} { return c.begin().done }

// Err implements [context.Context]. A store in memory asks for nothing else, so the
// answer needs no timer.
func (c *bounded[W]) Err() error {
	var w W
	most, since := c.entry.budget.timeout, w.polled((*Request)(c))
	var over bool
	if since != nil && c.budgets.Load() == nil {
		now := time.Since(epoch)
		if !since.CompareAndSwap(0, int64(now)) {
			over = most > 0 && now-time.Duration(since.Load()) >= most
		}
	} else {
		at := c.begin().deadline
		over = !at.IsZero() && !time.Now().Before(at)
	}
	if over {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *bounded[W]) Value(key any) any { return outsideContext{c.parent}.Value(key) }

// loading is a request as the context of its loads. It ends with the client, because a
// disconnected client does not wait for a session, and with the budget. A store in
// memory uses neither, so both are made at the first use.
type loading Request

var _ context.Context = (*loading)(nil)

func (c *loading) begin() context.Context {
	s := (*Request)(c).spent()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.load != nil:
	case c.entry.budget.timeout > 0:
		at, _ := c.entry.budget.rest(c.used())
		s.load, s.cancel = context.WithDeadline(c.parent, at)
	default:
		s.load = c.parent
	}
	return s.load
}

// used returns the time since the loads began. A request inside of [Handler] counts from
// the first use.
func (c *loading) used() time.Duration {
	if c.outer != nil {
		return 0
	}
	return time.Since(epoch) - c.began
}

// end releases the timer.
func (c *loading) end() {
	s := c.budgets.Load()
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
}

// Deadline implements [context.Context].
func (c *loading) Deadline() (time.Time, bool) { return c.begin().Deadline() }

// Done implements [context.Context].
func (c *loading) Done() <-chan struct{} { return c.begin().Done() }

// Err implements [context.Context]. As with bounded, the answer needs no timer.
func (c *loading) Err() error {
	if c.budgets.Load() != nil || c.outer != nil {
		return c.begin().Err()
	}
	if err := c.parent.Err(); err != nil {
		return err
	}
	if most := c.entry.budget.timeout; most > 0 && c.used() >= most {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context].
func (c *loading) Value(key any) any { return c.parent.Value(key) }
