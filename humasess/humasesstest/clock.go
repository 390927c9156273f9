package humasesstest

import (
	"sync"
	"time"
)

// Clock is a clock for Options.Now. It stands still until [Clock.Advance] moves it.
// It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at noon UTC on 2 January 2030.
func NewClock() *Clock {
	return &Clock{now: time.Date(2030, time.January, 2, 12, 0, 0, 0, time.UTC)}
}

// Now returns the time. Pass this method as Options.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d. A negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
