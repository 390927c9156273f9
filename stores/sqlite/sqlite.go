package sqlite

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	defaultPrefix      = "humasess_"
	defaultSweepEvery  = time.Minute
	defaultMaxPayload  = 1 << 20
	defaultBusyTimeout = 5 * time.Second
)

// Options configures a [Store]. The zero Options is ready to use.
type Options struct {
	// Prefix begins the name of each table and index. Any text without a NUL
	// byte is allowed, because it is quoted. The default is "humasess_".
	Prefix string

	// Now is the clock that deadlines are judged on. Processes that share a
	// file need the same clock. The default is [time.Now].
	Now func() time.Time

	// BusyTimeout bounds how long a call waits for other writers of the file, and for
	// a connection of the DB. The default is five seconds.
	BusyTimeout time.Duration

	// MaxPayload bounds the encoded data of a session, in bytes. Create and
	// Update answer [stores.ErrTooLarge] for more, and write nothing. The
	// default is 1 MiB.
	MaxPayload int

	// SweepEvery is how often expired sessions are removed from the file. A
	// goroutine does this; it starts with the first session created and ends
	// with [Store.Close]. Methods ignore an expired session even before that.
	// With a negative value only [Store.Sweep] removes them. The default is one
	// minute.
	SweepEvery time.Duration

	// Logger gets a warning when expired sessions could not be removed. The
	// default is [slog.Default].
	Logger *slog.Logger
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.Prefix == "" {
		r.Prefix = defaultPrefix
	}
	if strings.ContainsRune(r.Prefix, 0) {
		panic(fmt.Sprintf("sqlite: New called with Prefix %q, which contains a NUL byte", r.Prefix))
	}
	if r.MaxPayload < 0 {
		panic(fmt.Sprintf("sqlite: New called with MaxPayload %d", r.MaxPayload))
	}
	if r.BusyTimeout < 0 {
		panic(fmt.Sprintf("sqlite: New called with BusyTimeout %v", r.BusyTimeout))
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.BusyTimeout == 0 {
		r.BusyTimeout = defaultBusyTimeout
	}
	if r.MaxPayload == 0 {
		r.MaxPayload = defaultMaxPayload
	}
	if r.SweepEvery == 0 {
		r.SweepEvery = defaultSweepEvery
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	return r
}

// Store keeps sessions in SQLite. It is safe for concurrent use.
type Store struct {
	db         *sql.DB
	now        atomic.Pointer[func() time.Time]
	names      names
	text       statements
	wait       time.Duration
	maxPayload int
	writer     chan struct{} // full while a call of this process has the turn
	sweeper    sweeper
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Index       = (*Store)(nil)
	_ stores.Marker      = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.ClockUser   = (*Store)(nil)
	_ stores.Closer      = (*Store)(nil)
)

// New returns a store that uses db. The caller keeps db and closes it. New does
// not open the file; see [Store.Migrate]. It panics when db is nil or an option
// is invalid.
func New(db *sql.DB, opts *Options) *Store {
	if db == nil {
		panic("sqlite: New called with a nil DB")
	}
	o := opts.withDefaults()
	n := newNames(o.Prefix)
	s := &Store{
		db: db, names: n, text: newStatements(n), wait: o.BusyTimeout, maxPayload: o.MaxPayload, writer: make(chan struct{}, 1),
	}
	s.sweeper.every, s.sweeper.logger, s.sweeper.closed = o.SweepEvery, o.Logger, o.SweepEvery < 0
	s.UseClock(o.Now)
	return s
}

// UseClock replaces the clock; nil is [time.Now].
func (s *Store) UseClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.now.Store(&now)
}

// clock returns the time in the form of the file.
func (s *Store) clock() int64 { return nanos((*s.now.Load())()) }

// sameMoment is the longest time between two readings of clocks that count as one.
const sameMoment = 10 * time.Microsecond

// clocks returns the machine's time and the store's at one moment. The age of a mark is by
// the one, and Created.Now by the other. If the process pauses between the readings, a mark
// seems to be later than it is, and a sign-in after it is refused.
func (s *Store) clocks() (machine, store int64) {
	for range 3 {
		now := time.Now()
		machine, store = nanos(now), s.clock()
		if time.Since(now) < sameMoment {
			break
		}
	}
	return machine, store
}
