//go:build !race

package redis_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
)

// TestAllocations bounds the allocations of a call in this process, those of
// the client included.
func TestAllocations(t *testing.T) {
	store := open(t, dial(t, servertest.RedisSingle(t)))
	ctx := t.Context()
	id := mustAdd(t, store, "ada")
	version := int64(1)
	payload := make([]byte, 200)
	tests := []struct {
		name string
		run  func() error
		most float64
	}{
		{"Load", func() error { _, err := store.Load(ctx, id); return err }, 6},
		{"Update", func() error {
			u, err := store.Update(ctx, stores.Update{ID: id, Version: version, Payload: payload, Idle: time.Hour})
			version = u.Version
			return err
		}, 8},
		{"Create and Delete", func() error {
			id, err := add(ctx, store, "bob")
			if err != nil {
				return err
			}
			return store.Delete(ctx, id, stores.Condition{})
		}, 24},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := coretest.Allocations(func() {
				if err := tt.run(); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("got %v allocations, want %v at most", got, tt.most)
			}
		})
	}
}

// TestAPIAllocations bounds the allocations that a session adds to an
// operation.
func TestAPIAllocations(t *testing.T) {
	coretest.APIAllocations(t, open(t, dial(t, servertest.RedisSingle(t))), 16, 28)
}
