package humasess_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// stuck is a store whose look-ups of watched sessions do not return before it is
// released, not even when their context ends.
type stuck struct {
	*memory.Store
	released chan struct{}
}

func (*stuck) Watch(context.Context, func(stores.ID)) error { return errors.ErrUnsupported }

func (s *stuck) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	<-s.released
	return s.Store.LoadMany(ctx, ids)
}

// Close waits for a call of the store while its context lasts.
func (s *stuck) Close(ctx context.Context) error {
	select {
	case <-s.released:
		return s.Store.Close(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestCloseEndsWithItsContext closes a manager while the store does not answer.
func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stuck{Store: memory.New(nil), released: make(chan struct{})}
		p := newProcess(t, store)
		stream := p.wait(p.login("ada"))
		synctest.Wait() // the session is looked up

		const patience = 100 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		start := time.Now()
		if err := p.sessions.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want that of the context", err)
		}
		if took := time.Since(start); took != patience {
			t.Errorf("it took %v, want %v", took, patience)
		}
		wantOver(t, stream, true, "by Close, though the store does not answer")

		close(store.released)
		if err := p.sessions.Close(t.Context()); err != nil {
			t.Errorf("once the store answers: %v", err)
		}
	})
}
