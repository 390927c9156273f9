package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	hour = time.Hour      // an idle timeout that no check reaches by accident
	day  = 24 * time.Hour // the same for a deadline

	// tolerance allows for stores that keep times to the millisecond.
	tolerance = 2 * time.Millisecond
)

// env is the environment of a check: a store, its clock, and the failures. Some
// methods end the check if they fail, as their comments say. errorf does not.
type env struct {
	ctx   context.Context
	store stores.Store
	index stores.Index // nil when the store has none
	opts  Options
	unit  time.Duration
	fake  bool
	clock *fakeClock // nil unless the store uses it
	moved time.Duration

	mu   sync.Mutex
	errs []error
	ends time.Time // on the real clock; zero if no session ends soon
}

// abort ends a goroutine of a check whose failure is recorded.
type abort struct{}

func newEnv(ctx context.Context, store stores.Store, opts *Options) *env {
	e := &env{ctx: ctx, store: store, opts: opts.withDefaults()}
	e.index, _ = stores.As[stores.Index](store)
	e.unit = e.opts.Unit
	if e.fake = e.opts.fakes(store); e.fake {
		e.unit = time.Minute
	}
	if e.fake && e.opts.Advance == nil {
		user, _ := stores.As[stores.ClockUser](store)
		e.clock = &fakeClock{now: time.Date(2030, 1, 2, 3, 4, 5, 6_000_000, time.UTC)}
		user.UseClock(e.clock.Now)
	}
	return e
}

// run runs f and returns the failures that it recorded.
func (e *env) run(f func(*env)) error {
	e.guard(func() { f(e) })
	return errors.Join(e.errs...)
}

func (e *env) guard(f func()) {
	defer func() {
		if r := recover(); r != nil && r != (abort{}) {
			panic(r)
		}
	}()
	f()
}

func (e *env) errorf(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errs = append(e.errs, fmt.Errorf(format, args...))
}

func (e *env) failed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.errs) > 0
}

// notesEnd takes down when a session ends that a check wants alive. Those that
// it wants ended live for one unit.
func (e *env) notesEnd(lifetime time.Duration) {
	if e.fake || lifetime <= e.unit || lifetime >= hour {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if end := time.Now().Add(lifetime); e.ends.IsZero() || end.Before(e.ends) {
		e.ends = end
	}
}

// late reports whether a session may have ended that a check wants alive.
func (e *env) late() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.ends.IsZero() && time.Now().After(e.ends)
}

// fatalf records a failure and ends the calling goroutine of the check.
func (e *env) fatalf(format string, args ...any) {
	e.errorf(format, args...)
	panic(abort{})
}

// needIndex ends the check if the store has no index.
func (e *env) needIndex() stores.Index {
	if e.index == nil {
		e.fatalf("%w", lacksError{"Index"})
	}
	return e.index
}

// need returns a capability or ends the check.
func need[C stores.Store](e *env, name string) C {
	c, ok := stores.As[C](e.store)
	if !ok {
		e.fatalf("%w", lacksError{name})
	}
	return c
}

// race runs f in n goroutines that start together, and returns when all are
// done.
func (e *env) race(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			e.guard(func() { f(i) })
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// advance lets d pass on the store's clock.
func (e *env) advance(d time.Duration) {
	switch {
	case e.clock != nil:
		e.clock.Advance(d)
		e.moved += d
	case e.fake:
		e.opts.Advance(d)
		e.moved += d
	default:
		e.wait(d)
	}
}

// tick lets enough time pass for two creations to have an order.
func (e *env) tick() { e.advance(e.unit / 20) }

// wait waits on the real clock.
func (e *env) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.ctx.Done():
		e.fatalf("storetest: waiting %v: %w", d, e.ctx.Err())
	}
}

// fakeClock stands still until it is advanced.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
