package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// Check is one requirement on a store.
type Check struct {
	Name      string // unique; also the name of the subtest
	Promise   int    // of package stores, 1 to 11
	Violation string // the broken promise when it fails, as a sentence

	// Optional is set for a capability that a store may lack. Then Run returns
	// an error that matches errors.ErrUnsupported.
	Optional bool

	// Run returns nil if an empty store passes, otherwise all failures. It
	// leaves sessions behind. Nil Options are the default ones. If the store was
	// too slow for Options.Unit, the error has a method Timeout that returns true.
	Run func(ctx context.Context, store stores.Store, opts *Options) error
}

// Checks returns all checks.
func Checks() []Check {
	return slices.Concat(createChecks, updateChecks, deleteChecks, expiryChecks, revokeChecks,
		changeChecks, ageChecks, limitChecks, refuseChecks, replaceChecks, indexChecks, byteChecks, sizeChecks, contextChecks, clockChecks,
		boundChecks, capabilityChecks, scanChecks, watchChecks)
}

func newCheck(promise int, name, violation string, f func(e *env)) Check {
	return Check{
		Name:      name,
		Promise:   promise,
		Violation: violation,
		Run: func(ctx context.Context, store stores.Store, opts *Options) error {
			e := newEnv(ctx, store, opts)
			err := e.run(f)
			switch {
			case err == nil:
				return nil
			case e.late():
				return slowError{e.unit, err}
			default:
				return fmt.Errorf("promise %d is broken: %s\n%w", promise, violation, err)
			}
		},
	}
}

func newOptional(promise int, name, violation string, f func(e *env)) Check {
	c := newCheck(promise, name, violation, f)
	c.Optional = true
	return c
}

// slowError is the failure of a check that took so long that sessions ended
// which should have lived. It says nothing about the store.
type slowError struct {
	unit time.Duration
	err  error
}

func (e slowError) Error() string {
	return fmt.Sprintf("the store was too slow for Options.Unit = %v, raise it\n%v", e.unit, e.err)
}
func (e slowError) Unwrap() error { return e.err }

// Timeout is true, as for any error of a time that was too short.
func (e slowError) Timeout() bool { return true }

// lacksError ends a check that needs a missing capability.
type lacksError struct{ capability string }

func (e lacksError) Error() string        { return "the store has no stores." + e.capability }
func (e lacksError) Is(target error) bool { return target == errors.ErrUnsupported }
