package cookie

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// maxCookie is the limit of browsers for a cookie's name and value, in bytes
// (RFC 6265bis § 5.6).
const maxCookie = 4096

// Options configures a [Store]. Set exactly one of the two fields, otherwise
// humasess.New refuses the store.
type Options struct {
	// Revoked remembers which sessions have ended, so that no copy of a cookie
	// works after a logout. Use redis.NewRevocations, postgres.NewRevocations,
	// or memory.NewRevocations for one process. The default is nil.
	Revoked stores.Revocations

	// AllowReplayAfterLogout accepts that a copy of a cookie works until the
	// session's deadline, even after a logout or a revocation. The default is
	// false.
	AllowReplayAfterLogout bool
}

// Store makes client-side sessions, which are sealed in their cookies. It is
// safe for concurrent use. Its methods of [stores.Store] answer
// [errors.ErrUnsupported].
type Store struct {
	sealer  security.Sealer
	revoked stores.Revocations
	chosen  error
	clock   atomic.Pointer[func() time.Time]
}

var (
	_ stores.Replayable = (*Store)(nil)
	_ stores.ClockUser  = (*Store)(nil)
)

// New returns a store whose cookies the sealer seals. It panics when the
// sealer is nil.
func New(sealer security.Sealer, opts *Options) *Store {
	if sealer == nil {
		panic("cookie: New called with a nil sealer")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	s := &Store{sealer: sealer, revoked: o.Revoked}
	switch {
	case o.Revoked == nil && !o.AllowReplayAfterLogout:
		s.chosen = errors.New("cookie: a copy of a cookie would work after a logout; set Options.Revoked, or accept this with Options.AllowReplayAfterLogout")
	case o.Revoked != nil && o.AllowReplayAfterLogout:
		s.chosen = errors.New("cookie: Options.Revoked and Options.AllowReplayAfterLogout exclude each other")
	}
	s.UseClock(nil)
	return s
}

// AllowsReplay reports Options.AllowReplayAfterLogout.
func (s *Store) AllowsReplay() bool { return s.revoked == nil }

// UseClock replaces the clock that deadlines are judged on; nil is [time.Now].
func (s *Store) UseClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.clock.Store(&now)
}

// Bind implements [stores.ClientSide].
func (s *Store) Bind(cookie, manager string) (func() stores.RequestStore, error) {
	if s.chosen != nil {
		return nil, s.chosen
	}
	c := &carrier{store: s, binding: security.Binding{Cookie: cookie, Manager: manager, Purpose: "session"}}
	return func() stores.RequestStore { return &requestStore{carrier: c} }, nil
}

// SizeError is returned when a session is too large for its cookie. It matches
// [stores.ErrTooLarge].
type SizeError struct {
	Size int // of the cookie's name and value, in bytes
}

// Error implements error.
func (e *SizeError) Error() string {
	return fmt.Sprintf("cookie: name and value would have %d bytes, but browsers keep %d; store less in the session, "+
		"or use a server-side store (stores/memory, redis, postgres, sqlite)", e.Size, maxCookie)
}

// Unwrap returns [stores.ErrTooLarge].
func (e *SizeError) Unwrap() error { return stores.ErrTooLarge }

var errElsewhere = fmt.Errorf("cookie: the server keeps no list of sessions, because each is in its cookie: %w", errors.ErrUnsupported)

// Load answers [errors.ErrUnsupported].
func (s *Store) Load(context.Context, stores.ID) (stores.Record, error) {
	return stores.Record{}, errElsewhere
}

// Create answers [errors.ErrUnsupported].
func (s *Store) Create(context.Context, stores.Create) (stores.Created, error) {
	return stores.Created{}, errElsewhere
}

// Update answers [errors.ErrUnsupported].
func (s *Store) Update(context.Context, stores.Update) (stores.Updated, error) {
	return stores.Updated{}, errElsewhere
}

// Touch answers [errors.ErrUnsupported].
func (s *Store) Touch(context.Context, stores.ID, time.Duration) (time.Time, error) {
	return time.Time{}, errElsewhere
}

// Delete answers [errors.ErrUnsupported].
func (s *Store) Delete(context.Context, stores.ID, stores.Condition) error { return errElsewhere }
