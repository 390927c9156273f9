package storetest_test

import (
	"context"

	"github.com/humasess/sessions/stores"
)

var _ stores.Watcher = (*honest)(nil)

// Watch compares the sessions at short intervals and reports those that have
// ended.
func (h *honest) Watch(ctx context.Context, ended func(stores.ID)) error {
	heard := make(chan stores.ID, 10_000)
	unlock := h.lock()
	h.ears = append(h.ears, heard)
	unlock()
	ended(stores.ID{})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-heard:
			ended(id)
		}
	}
}

// hint is called with the lock held.
func (h *honest) hint(id stores.ID) {
	for _, ear := range h.ears {
		ear <- id
	}
}
