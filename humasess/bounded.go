package humasess

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/stores"
)

// bounded returns ctx with a budget of its own, for a call outside a request and
// for one that the program makes with its own context.
func (m *Manager[T]) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.opts.StoreTimeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.opts.StoreTimeout)
}

// newID makes an ID for a session to create. The store may have to ask a server
// for it, long before the commit, so each call has a budget of its own.
func (s *state[T]) newID(owner string) (stores.ID, error) {
	if _, asks := stores.As[stores.ContextIDMaker](s.carrier.store()); !asks {
		return stores.NewID(s.carrier.store(), owner)
	}
	ctx := context.Background()
	if s.r != nil {
		ctx = context.WithoutCancel(s.r.Client())
	}
	ctx, cancel := s.m.bounded(gate.Outside(ctx))
	defer cancel()
	return stores.NewIDContext(ctx, s.carrier.store(), owner)
}

// hungUp reports whether the caller has gone away, so that an error says nothing
// about the store.
func hungUp(asked context.Context) bool {
	return asked != nil && errors.Is(asked.Err(), context.Canceled)
}
