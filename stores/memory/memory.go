package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	defaultMaxSessions = 1_000_000
	defaultMaxPayload  = 1 << 20
	defaultSweepEvery  = time.Minute
)

// Options configures a [Store]. The zero Options is ready to use.
type Options struct {
	// MaxSessions bounds the sessions kept, including expired ones until they
	// are swept. A session costs about half a kilobyte with its payload. The
	// default is 1000000.
	MaxSessions int

	// MaxPayload bounds the encoded data of a session, in bytes. Create and
	// Update answer [stores.ErrTooLarge] for more, and write nothing. The
	// default is 1 MiB.
	MaxPayload int

	// Now is the clock that deadlines are judged on. The store calls it with
	// locks held, so it must be quick and must not call the store. The default
	// is [time.Now].
	Now func() time.Time

	// SweepEvery is how often expired sessions are removed from memory. A
	// goroutine does this. Methods ignore an expired session even before that.
	// With a negative value there is no goroutine, and each Create removes some
	// expired sessions. The default is one minute.
	SweepEvery time.Duration
}

// Store keeps sessions in memory. It is safe for concurrent use.
//
// Lock order: mu, then one shard. Only a goroutine that holds mu takes a second
// shard; see lockReplaced.
type Store struct {
	clock  atomic.Pointer[clock]
	shards [shardCount]shard

	mu        sync.Mutex // guards the fields below, and entry.prev and entry.next
	groups    directory[string, group, *group]
	anonymous group // the sessions without identity, oldest first; never dead
	sizes     sizes
	marks     marks // of revocations
	changes   marks // of changes
	count     int   // sessions kept, without those of dead groups
	max       int
	reaped    int // the shard where the last expired session was found
	watchers  map[*watcher]struct{}

	maxPayload int

	every     time.Duration
	sweeper   *sweeper // nil while none runs
	noSweeper bool
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Index       = (*Store)(nil)
	_ stores.Marker      = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Memoizer    = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.ClockUser   = (*Store)(nil)
	_ stores.Closer      = (*Store)(nil)
	_ stores.Watcher     = (*Store)(nil)
)

// New returns an empty store. It starts no goroutine, because the first session
// does. It panics when MaxSessions or MaxPayload is negative.
func New(opts *Options) *Store {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.MaxSessions < 0 {
		panic(fmt.Sprintf("memory: New called with MaxSessions %d", o.MaxSessions))
	}
	if o.MaxPayload < 0 {
		panic(fmt.Sprintf("memory: New called with MaxPayload %d", o.MaxPayload))
	}
	if o.MaxSessions == 0 {
		o.MaxSessions = defaultMaxSessions
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = defaultMaxPayload
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = defaultSweepEvery
	}
	s := &Store{max: o.MaxSessions, maxPayload: o.MaxPayload, every: o.SweepEvery, noSweeper: o.SweepEvery < 0}
	for i := range s.shards {
		s.shards[i].queue.publish()
	}
	s.marks.start = time.Now()
	s.changes.start = s.marks.start
	s.UseClock(o.Now)
	return s
}

// LoadMany returns the live sessions among ids.
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	records := make([]stores.Record, 0, len(ids))
	for _, id := range ids {
		if r, _, ok := s.read(id); ok {
			r.Payload = clone(r.Payload)
			records = append(records, r)
		}
	}
	return records, nil
}
