package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

// promises is the number of promises in package stores.
const promises = 11

// patience bounds a check, so that a store that hangs fails with the check's
// name.
const patience = 2 * time.Minute

// Run runs all checks as subtests of t. Open returns an empty store for each.
// Other stores must not see its sessions.
func Run(t *testing.T, open func(t *testing.T) stores.Store, opts *Options) {
	t.Helper()
	o := opts.withDefaults()
	for promise := range o.Exempt {
		if promise < 1 || promise > promises {
			t.Fatalf("storetest: Run called with an exemption for promise %d", promise)
		}
	}
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if why, ok := o.Exempt[c.Promise]; ok {
				t.Logf("not checked, promise %d is exempt: %s", c.Promise, why)
				return
			}
			err := runPatiently(t, c, open, o)
			switch {
			case err == nil:
			case c.Optional && errors.Is(err, errors.ErrUnsupported):
				t.Log("not checked, an optional capability:", err)
			default:
				t.Error(err)
			}
		})
	}
}

// runPatiently runs a check. While the store proves too slow for the unit of
// time, it runs it again with a longer one.
func runPatiently(t *testing.T, c Check, open func(t *testing.T) stores.Store, o Options) error {
	t.Helper()
	const tries = 3
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := c.Run(ctx, open(t), &o)
		cancel()
		if slow := (slowError{}); try == tries || !errors.As(err, &slow) {
			return err
		}
		o.Unit *= 4
		t.Logf("again with %v for a unit of time: %v", o.Unit, err)
	}
}
