package storetest_test

import (
	"context"
	"fmt"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

// forgetful is a store whose Create overwrites sessions.
type forgetful struct{ *memory.Store }

func (s forgetful) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	if err := s.Delete(ctx, c.ID, stores.Condition{}); err != nil && err != stores.ErrNotFound {
		return stores.Created{}, err
	}
	return s.Store.Create(ctx, c)
}

// A check can also run by itself. A store's own test calls Run instead.
func ExampleChecks() {
	ctx := context.Background()
	for _, check := range storetest.Checks() {
		if check.Name != "T7 create never overwrites" {
			continue
		}
		fmt.Println("memory:", check.Run(ctx, memory.New(nil), nil))
		if check.Run(ctx, forgetful{memory.New(nil)}, nil) != nil {
			fmt.Println("forgetful:", check.Violation)
		}
	}
	// Output:
	// memory: <nil>
	// forgetful: Create replaced a session that had the ID.
}

// A history can be kept as JSON for a checker that is not part of this module.
func ExampleRecord() {
	store := memory.New(nil)
	history := storetest.Record(context.Background(), store, 1, &storetest.Options{Concurrency: 2})
	fmt.Println(len(history.Events), "calls,", history.Check())
	// Output: 80 calls, <nil>
}
