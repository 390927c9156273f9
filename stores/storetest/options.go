package storetest

import (
	"time"

	"github.com/humasess/sessions/stores"
)

// Options configures [Run]. The zero Options suits a store with a clock of its
// own and all capabilities that promises need.
type Options struct {
	// Exempt tells which promises the store does not make, by number, and
	// why. [Run] reports each. The default is none.
	Exempt map[int]string

	// Advance moves the clock of the stores under test. The default hands a
	// clock to a [stores.ClockUser], and waits for any other store.
	Advance func(d time.Duration)

	// Wait makes the suite wait for real even where the store is a
	// [stores.ClockUser]. It is ignored when Advance is set. The default is
	// false.
	Wait bool

	// Unit is what the suite measures time in when it waits: sessions that
	// are meant to expire do so after one unit, those that are meant to stay
	// have fifty at least, and no check waits for more than ten. Raise it for
	// a store whose calls take long. The default is 100 milliseconds.
	Unit time.Duration

	// Concurrency is the number of goroutines that race each other. The
	// default is 8.
	Concurrency int

	// MaxPayload is the limit of the stores under test, in bytes. A negative
	// value says that they have none. The default is 1 MiB.
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

// fakes reports whether time passes only when the suite says so.
func (o *Options) fakes(store stores.Store) bool {
	if o.Advance != nil {
		return true
	}
	_, ok := stores.As[stores.ClockUser](store)
	return ok && !o.Wait
}
