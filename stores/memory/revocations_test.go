package memory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

func TestRevocations(t *testing.T) {
	storetest.RunRevocations(t, func(*testing.T) stores.Revocations { return memory.NewRevocations() })
}

// Marks outlive every cookie, and not by much.
func TestRevocationsForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ctx := memory.NewRevocations(), t.Context()
		if err := r.End(ctx, stores.ID{1}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := r.RevokeIdentity(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		check := func(after time.Duration, ended, marked bool) {
			t.Helper()
			time.Sleep(after)
			_ = r.End(ctx, stores.ID{2, byte(after.Hours())}, time.Nanosecond) // a write sweeps
			st, err := r.Check(ctx, stores.ID{1}, "ada")
			if err != nil || st.Ended != ended || (st.Mark != 0) != marked {
				t.Errorf("after %v more: got %+v, %v, want ended %v, marked %v", after, st, err, ended, marked)
			}
		}
		check(59*time.Minute, true, true)
		check(2*time.Minute, false, true)
		check(stores.LongestSession-2*time.Hour, false, true)
		check(2*time.Hour, false, false)
	})
}
