package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/storetest"
)

func TestHonestStorePasses(t *testing.T) {
	for _, test := range []struct {
		name string
		opts *storetest.Options
	}{
		{"fake clock", nil},
		{"real clock", &storetest.Options{Wait: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(*testing.T) stores.Store { return newHonest() }, test.opts)
		})
	}
}

// TestBrokenStores tests the suite itself. Each broken store must fail the
// checks for its fault, with the sentence of the check.
func TestBrokenStores(t *testing.T) {
	proven := make(map[string]bool)
	promises := make(map[int]bool)
	for _, f := range slices.Concat(writeFaults, expiryFaults, indexFaults, byteFaults, clockFaults, scanFaults, refuseFaults, watchFaults,
		changeFaults, replaceFaults, boundFaults, ageFaults) {
		promises[f.promise] = true
		for _, name := range f.caught {
			proven[name] = true
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if c := checkNamed(t, f.caught[0]); c.Promise != f.promise {
				t.Errorf("%q is about promise %d, want %d", c.Name, c.Promise, f.promise)
			}
			for _, name := range f.caught {
				c := checkNamed(t, name)
				err := failure(t, c, f)
				if err == nil {
					t.Errorf("%q does not notice", name)
				} else if !strings.Contains(err.Error(), c.Violation) {
					t.Errorf("%q fails with %q, want it to say %q", name, err, c.Violation)
				}
			}
		})
	}
	for promise := 1; promise <= 11; promise++ {
		if !promises[promise] {
			t.Errorf("no store breaks promise %d", promise)
		}
	}
	for _, c := range storetest.Checks() {
		if !proven[c.Name] {
			t.Errorf("no broken store proves that %q can fail", c.Name)
		}
	}
}

// failure returns the error of the check for a store with this fault. A fault
// that depends on timing gets a few tries.
func failure(t *testing.T, c storetest.Check, f fault) error {
	ctx := t.Context()
	if strings.Contains(c.Name, "hint") || strings.Contains(c.Name, "watches") {
		var cancel context.CancelFunc // so that a check does not wait for a hint that never comes
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	for range 5 {
		b := newBroken()
		f.spoil(b)
		if err := c.Run(ctx, b, nil); err != nil {
			return err
		}
	}
	return nil
}

func checkNamed(t *testing.T, name string) storetest.Check {
	t.Helper()
	checks := storetest.Checks()
	i := slices.IndexFunc(checks, func(c storetest.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check is named %q", name)
	}
	return checks[i]
}

func TestChecksAreWellFormed(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range storetest.Checks() {
		if seen[c.Name] {
			t.Errorf("two checks are named %q", c.Name)
		}
		seen[c.Name] = true
		if c.Promise < 1 || c.Promise > 11 {
			t.Errorf("%q is about promise %d", c.Name, c.Promise)
		}
		if !strings.HasSuffix(c.Violation, ".") {
			t.Errorf("%q says %q, want a sentence", c.Name, c.Violation)
		}
	}
}

// plain is a store without any capability.
type plain struct{ store *honest }

func (p plain) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return p.store.Load(ctx, id)
}

func (p plain) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	return p.store.Create(ctx, c)
}

func (p plain) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	return p.store.Update(ctx, u)
}

func (p plain) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	return p.store.Touch(ctx, id, idle)
}

func (p plain) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	return p.store.Delete(ctx, id, when)
}

// TestWithoutIndex shows that a store without index passes only if it exempts
// the promises.
func TestWithoutIndex(t *testing.T) {
	clock := time.Now()
	open := func() stores.Store {
		h := newHonest()
		h.UseClock(func() time.Time { return clock })
		return plain{h}
	}
	opts := &storetest.Options{
		Exempt:  map[int]string{5: "it has no index", 7: "it has no index"},
		Advance: func(d time.Duration) { clock = clock.Add(d) },
	}
	storetest.Run(t, func(*testing.T) stores.Store { return open() }, opts)
	for _, c := range storetest.Checks() {
		err := c.Run(t.Context(), open(), opts)
		if lacks := errors.Is(err, errors.ErrUnsupported); lacks != (err != nil) {
			t.Errorf("%q: %v", c.Name, err)
		} else if lacks && !c.Optional && opts.Exempt[c.Promise] == "" {
			t.Errorf("%q needs an index", c.Name)
		}
	}
}
