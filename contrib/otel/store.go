package humasessotel

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
	"go.opentelemetry.io/otel/trace"
)

// Store returns a store that observes the calls of another store. It has exactly the
// capabilities of that store. Spans are children of the span in the context of a call.
//
// Calls of NewID, Close, Watch and InTransaction are not observed. A
// [stores.ClientSide] store keeps its request stores, which call no server. Observe its
// server with [Telemetry.Revocations].
func (t *Telemetry) Store(inner stores.Store) stores.Store {
	if inner == nil {
		return nil // New of package humasess reports it
	}
	system := systemOf(innermost(inner))
	kind := trace.SpanKindClient
	if _, ok := stores.As[stores.Memoizer](inner); ok || inProcess[system] {
		kind = trace.SpanKindInternal
	}
	s := &store{inner: inner, observer: newObserver(t, system, kind, "session")}
	s.next = s.capabilities()
	return s
}

// store observes the methods that every store has. Unwrap leads to its capabilities.
type store struct {
	*observer
	inner stores.Store
	next  stores.Store
}

var _ stores.Store = (*store)(nil)

// Load implements [stores.Store].
func (s *store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	c := s.begin(ctx, load)
	defer c.panicked()
	r, err := s.inner.Load(c.ctx, id)
	c.about(id, r.Identity)
	c.end(err)
	return r, err
}

// Create implements [stores.Store].
func (s *store) Create(ctx context.Context, described stores.Create) (stores.Created, error) {
	c := s.begin(ctx, create)
	defer c.panicked()
	c.about(described.ID, described.Identity)
	created, err := s.inner.Create(c.ctx, described)
	c.end(err)
	return created, err
}

// Update implements [stores.Store].
func (s *store) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	c := s.begin(ctx, update)
	defer c.panicked()
	c.about(u.ID, "")
	updated, err := s.inner.Update(c.ctx, u)
	c.end(err)
	return updated, err
}

// Touch implements [stores.Store].
func (s *store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	c := s.begin(ctx, touch)
	defer c.panicked()
	c.about(id, "")
	expires, err := s.inner.Touch(c.ctx, id, idle)
	c.end(err)
	return expires, err
}

// Delete implements [stores.Store].
func (s *store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	c := s.begin(ctx, remove)
	defer c.panicked()
	c.about(id, when.Identity)
	err := s.inner.Delete(c.ctx, id, when)
	c.end(err)
	return err
}

// Unwrap returns the first of the capabilities.
func (s *store) Unwrap() stores.Store { return s.next }
