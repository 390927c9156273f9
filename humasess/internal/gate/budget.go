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
