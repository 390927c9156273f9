package storetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/storetest"
)

// slow is a correct store that needs a while for each Load.
type slow struct {
	*honest
	needs time.Duration
}

func (s slow) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	time.Sleep(s.needs)
	return s.honest.Load(ctx, id)
}

// TestSlowStore shows that a busy machine is not taken for a broken promise.
func TestSlowStore(t *testing.T) {
	const name = "R2 revoke is atomic against updates and touches"
	store := slow{newHonest(), 5 * time.Millisecond}
	err := checkNamed(t, name).Run(t.Context(), store, &storetest.Options{Wait: true, Unit: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "too slow for Options.Unit = 1ms") || strings.Contains(err.Error(), "promise") {
		t.Errorf("the check returns %v, want that the unit is too short", err)
	}
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("the check returns a %T, want a timeout", err)
	}
}
