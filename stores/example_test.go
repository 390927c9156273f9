package stores_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// slowLog reports sign-ins that take long. Unwrap keeps the capabilities of the
// store inside. Their calls do not pass through the wrapper, so LoadMany and
// LoadMemo load sessions too.
type slowLog struct{ stores.Store }

func (s slowLog) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	began := time.Now()
	defer func() {
		if d := time.Since(began); d > time.Second {
			log.Printf("creating session %v took %v", c.ID, d)
		}
	}()
	return s.Store.Create(ctx, c)
}

// Unwrap returns the store inside.
func (s slowLog) Unwrap() stores.Store { return s.Store }

// A wrapper has the capabilities of the store inside.
func ExampleAs() {
	wrapped := slowLog{memory.New(nil)}
	_, direct := any(wrapped).(stores.Index)
	_, found := stores.As[stores.Index](wrapped)
	fmt.Println(direct, found)
	// Output: false true
}

// These are the calls of the core on a store.
func ExampleStore() {
	ctx, store := context.Background(), memory.New(nil)
	id, err := stores.NewID(context.Background(), store, "ada")
	if err != nil {
		log.Fatal(err)
	}
	created, err := store.Create(ctx, stores.Create{
		ID: id, Identity: "ada", Payload: []byte("first"), Idle: time.Minute, Absolute: time.Hour,
	})
	fmt.Println(created.Version, err)
	updated, err := store.Update(ctx, stores.Update{ID: id, Version: created.Version, Payload: []byte("second")})
	fmt.Println(updated.Version, err)
	_, err = store.Update(ctx, stores.Update{ID: id, Version: created.Version, Payload: []byte("late")})
	fmt.Println(err)
	fmt.Println(store.Delete(ctx, id, stores.Condition{}))
	_, err = store.Load(ctx, id)
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// 2 <nil>
	// stores: session has another version
	// <nil>
	// stores: session not found
}
