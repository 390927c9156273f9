package storetest

import (
	"time"

	"github.com/humasess/sessions/stores"
)

// Options configures [Run]. The zero Options suits a store with its own clock
// and all capabilities that the promises need. A negative Unit, Concurrency or
// Rounds is the default, too.
type Options struct {
	// Exempt maps the numbers of promises that the store does not make to the
	// reasons. [Run] logs each. The default is none.
	Exempt map[int]string

	// Advance moves the clock of the stores under test. By default the suite
	// sets a clock in a [stores.ClockUser], and waits for any other store.
	Advance func(d time.Duration)

	// Wait makes the suite wait on the real clock even if the store is a
	// [stores.ClockUser]. It is ignored if Advance is set. The default is
	// false.
	Wait bool

	// Unit is the unit of time when the suite waits. Sessions that should
	// expire do so after one unit, and other sessions live for at least fifty.
	// No check waits for more than thirty. [Run] repeats a check with a longer
	// unit when it took so long that other sessions ended, too; [Check.Run]
	// returns an error that says so. The default is 100 milliseconds.
	Unit time.Duration

	// Concurrency is the number of goroutines that race each other. The
	// default is 8.
	Concurrency int

	// MaxPayload is the limit of the stores under test, in bytes. A negative
	// value means that they have no limit. The default is 1 MiB.
	MaxPayload int

	// Rounds is how often a race is repeated. The default is 50.
	Rounds int
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.Unit <= 0 {
		r.Unit = 100 * time.Millisecond
	}
	if r.Concurrency <= 0 {
		r.Concurrency = 8
	}
	if r.MaxPayload == 0 {
		r.MaxPayload = 1 << 20
	}
	if r.Rounds <= 0 {
		r.Rounds = 50
	}
	return r
}

// fakes reports whether only the suite moves the clock.
func (o *Options) fakes(store stores.Store) bool {
	if o.Advance != nil {
		return true
	}
	_, ok := stores.As[stores.ClockUser](store)
	return ok && !o.Wait
}
