package memory_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// TestChurn makes all kinds of calls in parallel on a full store, with a
// sweeper that hardly pauses. Then all counts must add up.
func TestChurn(t *testing.T) {
	const most, ids, identities = 40, 200, 5
	s := open(t, &memory.Options{MaxSessions: most, SweepEvery: 100 * time.Microsecond})
	identity := func(n int) string {
		if n %= identities; n > 0 {
			return fmt.Sprint("user", n)
		}
		return ""
	}
	ctx := context.Background()
	known := func(label string, err error) {
		if err != nil && !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrConflict) &&
			!errors.Is(err, stores.ErrExists) && !errors.Is(err, stores.ErrFull) {
			t.Errorf("%s: %v", label, err)
		}
	}
	var clients sync.WaitGroup
	for client := range uint64(8) {
		clients.Go(func() {
			rng := rand.New(rand.NewPCG(3, client))
			for range 4000 {
				n := 1 + rng.IntN(ids)
				idle := time.Duration(1 + rng.IntN(int(2*time.Millisecond)))
				switch p := rng.IntN(100); {
				case p < 50:
					_, err := s.Create(ctx, stores.Create{
						ID: id(n), Identity: identity(n), Idle: idle, Absolute: time.Hour, Limit: rng.IntN(20),
					})
					known("Create", err)
				case p < 60:
					_, err := s.Touch(ctx, id(n), idle)
					known("Touch", err)
				case p < 70:
					_, err := s.Update(ctx, stores.Update{ID: id(n), Version: 1, Idle: idle})
					known("Update", err)
				case p < 80:
					known("Delete", s.Delete(ctx, id(n), stores.Condition{}))
				case p < 90:
					r, err := s.Load(ctx, id(n))
					known("Load", err)
					if err == nil && r.Identity != identity(n) {
						t.Errorf("session %d is of %q, want %q", n, r.Identity, identity(n))
					}
				case p < 95:
					_, err := s.RevokeIdentity(ctx, identity(n-n%identities+1), id(n))
					known("RevokeIdentity", err)
				default:
					_, err := s.List(ctx, identity(n-n%identities+2))
					known("List", err)
				}
				if got := s.Len(); got > most {
					t.Errorf("Len = %d, want %d at most", got, most)
				}
			}
		})
	}
	clients.Wait()

	for n := range ids {
		// The session is live, expired or missing. Afterwards it is created and
		// deleted.
		known("Delete", s.Delete(ctx, id(n+1), stores.Condition{}))
		if _, err := s.Create(ctx, spec(n+1, "last")); err != nil {
			t.Errorf("Create: %v", err)
		}
		if err := s.Delete(ctx, id(n+1), stores.Condition{}); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if got := s.Len(); got != 0 {
		t.Errorf("after all was deleted Len = %d, want 0", got)
	}
	// If groups or sizes leaked, the wrong session would be removed.
	for n := range most {
		create(t, s, spec(n+1, fmt.Sprint("user", n%2)))
	}
	create(t, s, spec(most+1, "new"))
	if got := s.Len(); got != most {
		t.Errorf("Len = %d, want %d", got, most)
	}
	for user := range 2 {
		records, err := s.List(ctx, fmt.Sprint("user", user))
		if err != nil || len(records) < most/2-1 {
			t.Errorf("user%d has %d sessions, error %v, want %d or more", user, len(records), err, most/2-1)
		}
	}
}
