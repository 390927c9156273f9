package humasesstest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// Op names a method of a store.
type Op string

// The methods of stores. OpLoad includes LoadMany and LoadMemo, because each is one
// round trip.
const (
	OpLoad           Op = "Load"
	OpCreate         Op = "Create"
	OpUpdate         Op = "Update"
	OpTouch          Op = "Touch"
	OpDelete         Op = "Delete"
	OpList           Op = "List"
	OpRevokeIdentity Op = "RevokeIdentity"
	OpMarkChanged    Op = "MarkChanged"
	OpScan           Op = "Scan"
	OpCount          Op = "Count"
	OpClear          Op = "Clear"
)

// Store wraps a store to count calls, to make them fail, and to block them for tests
// of races. It has the capabilities of the store inside and is safe for concurrent
// use.
type Store struct {
	inner stores.Store
	loads stores.Store // a Memoizer if inner is one, otherwise nil

	mu     sync.Mutex
	calls  map[Op]int
	before map[Op]func(ctx context.Context) error
	after  map[Op]func(ctx context.Context) error
}

var (
	_ stores.Index       = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.IDMaker     = (*Store)(nil)
	_ stores.ClockUser   = (*Store)(nil)
	_ stores.Closer      = (*Store)(nil)
	_ stores.Watcher     = (*Store)(nil)
)

// Wrap returns a Store around inner.
func Wrap(inner stores.Store) *Store {
	s := &Store{
		inner: inner, calls: map[Op]int{},
		before: map[Op]func(context.Context) error{}, after: map[Op]func(context.Context) error{},
	}
	s.loads = s.loader()
	return s
}

// Before sets a function that is called before every call of op. If f returns an
// error, it becomes the result, and the store inside is not called. nil removes f.
func (s *Store) Before(op Op, f func(ctx context.Context) error) { s.set(s.before, op, f) }

// After sets a function that is called after every successful call of op. If f
// returns an error, it becomes the result, as if the store's answer was lost. nil
// removes f.
func (s *Store) After(op Op, f func(ctx context.Context) error) { s.set(s.after, op, f) }

func (s *Store) set(hooks map[Op]func(context.Context) error, op Op, f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		delete(hooks, op)
		return
	}
	hooks[op] = f
}

// Fail makes every call of op return err, until it is called with nil.
func (s *Store) Fail(op Op, err error) {
	if err == nil {
		s.Before(op, nil)
		return
	}
	s.Before(op, func(context.Context) error { return err })
}

// Hold makes the next call of op wait before it reaches the store. entered is closed
// when the call has begun to wait. release ends the wait.
func (s *Store) Hold(op Op) (entered <-chan struct{}, release func()) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	var first, once sync.Once
	s.Before(op, func(ctx context.Context) error {
		held := false
		first.Do(func() { held = true })
		if !held {
			return nil
		}
		close(arrived)
		select {
		case <-leave:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return arrived, func() { once.Do(func() { close(leave) }) }
}

// Calls returns how often each method was called since the last Reset.
func (s *Store) Calls() map[Op]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Total returns the number of calls since the last Reset.
func (s *Store) Total() int {
	n := 0
	for _, c := range s.Calls() {
		n += c
	}
	return n
}

// Reset sets the counters to zero.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

// call counts a call of op, and runs f between the hooks.
func call[R any](ctx context.Context, s *Store, op Op, f func() (R, error)) (R, error) {
	s.mu.Lock()
	s.calls[op]++
	before, after := s.before[op], s.after[op]
	s.mu.Unlock()
	var none R
	if before != nil {
		if err := before(ctx); err != nil {
			return none, err
		}
	}
	r, err := f()
	if after != nil && err == nil {
		if err := after(ctx); err != nil {
			return none, err
		}
	}
	return r, err
}

// Load implements [stores.Store].
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return call(ctx, s, OpLoad, func() (stores.Record, error) { return s.inner.Load(ctx, id) })
}

// Create implements [stores.Store].
func (s *Store) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	return call(ctx, s, OpCreate, func() (stores.Created, error) { return s.inner.Create(ctx, c) })
}

// Update implements [stores.Store].
func (s *Store) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	return call(ctx, s, OpUpdate, func() (stores.Updated, error) { return s.inner.Update(ctx, u) })
}

// Touch implements [stores.Store].
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	return call(ctx, s, OpTouch, func() (time.Time, error) { return s.inner.Touch(ctx, id, idle) })
}

// Delete implements [stores.Store].
func (s *Store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	_, err := call(ctx, s, OpDelete, func() (struct{}, error) { return struct{}{}, s.inner.Delete(ctx, id, when) })
	return err
}

// List implements [stores.Index] if the store inside does.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	return call(ctx, s, OpList, func() ([]stores.Record, error) { return stores.List(ctx, s.inner, identity) })
}

// InTransaction implements [stores.Transactional] if the store inside does.
func (s *Store) InTransaction(ctx context.Context) bool { return stores.InTransaction(ctx, s.inner) }

// MarkChanged implements [stores.Marker] if the store inside does.
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	return call(ctx, s, OpMarkChanged, func() (stores.Changed, error) {
		return stores.MarkChanged(ctx, s.inner, identity)
	})
}

// RevokeIdentity implements [stores.Index] if the store inside does.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	return call(ctx, s, OpRevokeIdentity, func() (stores.Revoked, error) {
		return stores.RevokeIdentity(ctx, s.inner, identity, except)
	})
}

// Scan implements [stores.Scanner] if the store inside does.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	return call(ctx, s, OpScan, func() (stores.Page, error) { return stores.Scan(ctx, s.inner, head, cursor, limit) })
}

// Count implements [stores.Scanner] if the store inside does.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	return call(ctx, s, OpCount, func() (int, error) { return stores.Count(ctx, s.inner, head) })
}

// Clear implements [stores.Scanner] if the store inside does.
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	return call(ctx, s, OpClear, func() (stores.Cleared, error) { return stores.Clear(ctx, s.inner, head) })
}

// LoadMany implements [stores.MultiLoader].
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	return call(ctx, s, OpLoad, func() ([]stores.Record, error) { return stores.LoadMany(ctx, s.inner, ids) })
}

// NewID implements [stores.IDMaker]. It is not counted.
func (s *Store) NewID(ctx context.Context, identity string) (stores.ID, error) {
	return stores.NewID(ctx, s.inner, identity)
}

// UseClock implements [stores.ClockUser].
func (s *Store) UseClock(now func() time.Time) {
	if c, ok := stores.As[stores.ClockUser](s.inner); ok {
		c.UseClock(now)
	}
}

// Watch implements [stores.Watcher] if the store inside does. It is not counted.
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	if w, ok := stores.As[stores.Watcher](s.inner); ok {
		return w.Watch(ctx, ended)
	}
	return fmt.Errorf("humasesstest: %T sends no hints: %w", s.inner, errors.ErrUnsupported)
}

// Close implements [stores.Closer].
func (s *Store) Close(ctx context.Context) error {
	if c, ok := stores.As[stores.Closer](s.inner); ok {
		return c.Close(ctx)
	}
	return nil
}
