//go:build !race

package postgres_test

import (
	"context"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
)

// TestDeadlineAllocations bounds the allocations that the deadline of a context
// adds to a call.
func TestDeadlineAllocations(t *testing.T) {
	store, _ := open(t, shared(t))
	id := mustAdd(t, store)
	load := func(ctx context.Context) float64 {
		return testing.AllocsPerRun(200, func() {
			if _, err := store.Load(ctx, id); err != nil {
				t.Fatal(err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	plain, bounded := load(context.Background()), load(ctx)
	t.Logf("%v allocations without a deadline, %v with one", plain, bounded)
	if bounded > plain+1 {
		t.Errorf("got %v allocations with a deadline, want %v and one at most", bounded, plain)
	}
}

// TestAPIAllocations bounds the allocations that a session adds to an
// operation, those of the client included.
func TestAPIAllocations(t *testing.T) {
	store, _ := open(t, shared(t))
	coretest.APIAllocations(t, store, 18, 30)
}
