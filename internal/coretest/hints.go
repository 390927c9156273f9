package coretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

// Listen returns the IDs that a Watch reports, from its first subscription on. The
// Watch ends with the test.
func Listen[S stores.Watcher](t *testing.T, store S) <-chan stores.ID {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	heard, end := make(chan stores.ID, 1000), make(chan error, 1)
	go func() { end <- store.Watch(ctx, func(id stores.ID) { heard <- id }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-end:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch: got %v, want context.Canceled", err)
			}
		case <-time.After(patience):
			t.Error("Watch goes on after its context has ended")
		}
	})
	Hears(t, heard, stores.ID{})
	return heard
}

// Hears requires exactly these hints to come next, in this order.
func Hears(t *testing.T, heard <-chan stores.ID, want ...stores.ID) {
	t.Helper()
	for i, id := range want {
		if got := NextHint(t, heard); got != id {
			t.Fatalf("hint %d: got %v, want %v", i, got, id)
		}
	}
}

// NextHint waits for the next hint.
func NextHint(t *testing.T, heard <-chan stores.ID) stores.ID {
	t.Helper()
	select {
	case id := <-heard:
		return id
	case <-time.After(patience):
		t.Fatal("got no hint")
		return stores.ID{}
	}
}

// HintsOfMany revokes more and more sessions at once. From 65 on one hint stands for
// all of them. The store of heard is another one than store.
func HintsOfMany(t *testing.T, store stores.Index, heard <-chan stores.ID) {
	t.Helper()
	for _, tt := range []struct{ sessions, hints int }{{1, 1}, {64, 64}, {65, 1}} {
		t.Run(fmt.Sprintf("%d revoked at once", tt.sessions), func(t *testing.T) {
			ids := make(map[stores.ID]bool)
			for range tt.sessions {
				ids[Add(t, store, "ada")] = true
			}
			if _, err := store.RevokeIdentity(t.Context(), "ada", stores.ID{}); err != nil {
				t.Fatalf("RevokeIdentity: %v", err)
			}
			// The last session has the same identity, so its hint comes last:
			// different servers of a Cluster send hints in no order.
			last := Add(t, store, "ada")
			if err := store.Delete(t.Context(), last, stores.Condition{}); err != nil {
				t.Fatalf("Delete: %v", err)
			}
			n := 0
			for ; ; n++ {
				id := NextHint(t, heard)
				if id == last {
					break
				}
				if ids[id] != (tt.sessions == tt.hints) || !ids[id] && !id.IsZero() {
					t.Errorf("got the hint %v", id)
				}
			}
			if n != tt.hints {
				t.Errorf("got %d hints, want %d", n, tt.hints)
			}
		})
	}
}
