package gate

import (
	"context"
	"sync"
	"sync/atomic"
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

// rest returns the end of a budget of which a part is used. A small part does not count,
// so that most calls share a timer.
func (b *budgets) rest(used time.Duration) (time.Time, <-chan struct{}) {
	if used <= b.timeout/20 {
		return b.next()
	}
	left, done := max(b.timeout-used, 0), make(chan struct{})
	at := time.Now().Add(left)
	time.AfterFunc(left, func() { close(done) })
	return at, done
}

// spent has the budgets of a request that have begun. A store in memory needs none.
type spent struct {
	mu     sync.Mutex
	load   context.Context
	cancel context.CancelFunc
	commit end
	notes  end
}

// end is the end of a budget. The zero end is that of a budget that has not begun.
type end struct {
	deadline time.Time
	done     <-chan struct{}
}

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
