package humasess

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/carrier"
	"github.com/humasess/sessions/humasess/internal/editlock"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/watch"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// state is one session in one request: the record that was loaded, and
// the changes of the handler.
type state[T any] struct {
	m       *Manager[T]
	carrier carrier.Carrier[T]
	r       *gate.Request // nil outside a request
	since   time.Time     // when the work began, outside a request
	login   bool          // the operation's job is to start the session
	read    bool          // the handler has got data of the base
	gone    bool          // the base had ended when the request was to end it

	caller  context.Context // of the program, while it asks for a write
	ignored bool            // the request was refused, or an operation inside Manager.Handler

	mu   editlock.Mutex
	life lifecycle.State

	// The base: the record that the request's token opened, or that an
	// earlier commit of the request has written.
	token  security.Token
	former bool // the token is one that a rotation has replaced
	old    bool // the cookie has a key that is on its way out, or may have a former scope
	rec    record.Record[T]
	spare  *T       // decoded from the base and not handed out yet
	needed []string // roles that the session was admitted for

	// The changes that are pending.
	pending  pending[T]
	editRoom [1]func(*T) error // saves the usual request an allocation

	// Sessions of the request's other cookies: live ones of which none wins,
	// and client-side ones of which the copy at hand has expired.
	others []stores.ID
	clash  bool // several of them are live
	excess bool // the request has more cookies than are looked up

	orphan    []stores.Replaced // a session of this request of which the answer to Create was lost
	early     early
	tentative tentative[T] // the changes that a transaction of the program may take back

	line  string       // the Set-Cookie that carries the token
	marks []marks.Mark // that this request has left
	waits []*waiting   // by Session.Done
}

// pending has the changes that the request asks for and has not written yet.
type pending[T any] struct {
	id    stores.ID // of the session to create
	owner string
	data  []byte // encoded, nil when unchanged

	edits    []func(*T) error  // that led from the base to data
	shared   *record.Opened[T] // the decoded data, if they are known
	remember *bool
	ttl      time.Duration // 0 is none
	proof    proof
	again    bool // the session to create is the base under another ID
	csrf     security.CSRFKey
}

// The steps of a request are types of their own, which differ in their methods only.
type (
	// opening finds the session that the request's token opens: load.go, rotation.go.
	opening[T any] struct{ *state[T] }

	// view reads the session for the program.
	view[T any] struct{ *state[T] }

	// changes note the calls of the program: change.go, reauthenticate.go, revoke.go,
	// list.go.
	changes[T any] struct{ *state[T] }

	// terms are the timeouts and deadlines that the changes lead to: deadline.go.
	terms[T any] struct{ *state[T] }

	// writes carry the plan of the lifecycle out: commit.go, update.go, end.go, replay.go,
	// transaction.go, setcookie.go.
	writes[T any] struct{ *state[T] }

	// creation writes a new session: create.go, revocation.go.
	creation[T any] struct{ *state[T] }
)

func (s *state[T]) opening() opening[T]   { return opening[T]{s} }
func (s *state[T]) view() view[T]         { return view[T]{s} }
func (s *state[T]) changes() changes[T]   { return changes[T]{s} }
func (s *state[T]) terms() terms[T]       { return terms[T]{s} }
func (s *state[T]) writes() writes[T]     { return writes[T]{s} }
func (s *state[T]) creation() creation[T] { return creation[T]{s} }

var _ gate.Session = (*state[struct{}])(nil)

func (s *state[T]) Enter(r *gate.Request, login bool) {
	defer s.mu.Unlock(s.mu.Lock())
	s.r = r
	s.login = s.login || login
}

// get implements [Session.Get].
func (s view[T]) get() (T, bool) {
	defer s.mu.Unlock(s.mu.Lock())
	var zero T
	if !s.life.Active() {
		return zero, false
	}
	v, err := s.current()
	if err != nil {
		return zero, false
	}
	s.read = s.read || s.life.OnBase()
	return v, true
}

// own returns a copy of the active session's data for the caller to change,
// and the zero T without one.
func (s changes[T]) own() (*T, error) {
	if v := s.spare; v != nil && s.pending.data == nil && s.life.Active() {
		s.spare = nil
		return v, nil
	}
	data := new(T)
	if !s.life.Active() {
		return data, nil
	}
	var err error
	*data, err = s.current()
	return data, err
}

// current returns the active session's data as the caller's own.
func (s *state[T]) current() (T, error) {
	if shared := s.pending.shared; shared != nil {
		return s.m.values.Copy(&shared.Value), nil
	}
	if v := s.spare; v != nil && s.pending.data == nil {
		s.spare = nil
		return *v, nil
	}
	var v *T
	var err error
	switch open := s.rec.Open; {
	case s.pending.data != nil:
		v, err = s.m.values.Decode(s.pending.data)
	case open.Decoded:
		return s.m.values.Copy(&open.Value), nil
	default:
		v, err = s.m.records.Decode(&s.rec)
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return *v, nil
}

func (s *state[T]) Active() bool {
	defer s.mu.Unlock(s.mu.Lock())
	return s.life.Active()
}

// Admits compares the session with a requirement. It must be active, and it must
// have a user where sessions have users.
func (s *state[T]) Admits(roles []string) gate.Admission {
	if !s.hasUser() {
		return gate.NoSession
	}
	if !s.hasRoles(roles) {
		return gate.RolesMissing
	}
	return gate.Admitted
}

func (s *state[T]) hasUser() bool {
	defer s.mu.Unlock(s.mu.Lock())
	return s.life.Active() && (s.m.anonymousSuffices || s.activeOwner() != "")
}

// hasRoles reports whether the session has all of the roles.
func (s *state[T]) hasRoles(roles []string) bool {
	if len(roles) == 0 {
		return true
	}
	v, ok := s.peek()
	return ok && s.m.users.Covers(v, roles)
}

// Check asks a guard. Text of errors that are no answers stays inside.
func (s *state[T]) Check(ctx huma.Context, guard any) error {
	v, ok := s.peek()
	if !ok {
		return gate.Fail(gate.ErrNoSession, nil)
	}
	return guard.(Guard[T]).Check(ctx, v)
}

// peek returns the data that the handler would get, for the program's own
// functions, which leave them as they are. Data that were decoded for the
// handler stay there for it. The program is called without the lock.
func (s *state[T]) peek() (T, bool) {
	defer s.mu.Unlock(s.mu.Lock())
	var zero T
	if !s.life.Active() {
		return zero, false
	}
	if s.spare != nil && s.pending.data == nil {
		return *s.spare, true
	}
	v, err := s.current()
	return v, err == nil
}

func (s *state[T]) Needs(roles []string) {
	for _, role := range roles {
		if !slices.Contains(s.needed, role) {
			s.needed = append(s.needed, role)
		}
	}
}

func (s view[T]) id() string {
	defer s.mu.Unlock(s.mu.Lock())
	return s.activeID()
}

func (s *state[T]) activeID() string {
	switch {
	case s.life.Next != lifecycle.NextSame:
		return s.pending.id.String()
	case s.life.Active():
		return s.rec.ID.String()
	}
	return ""
}

// activeOwner is the identity of the active session.
func (s *state[T]) activeOwner() string {
	if s.life.Next != lifecycle.NextSame {
		return s.pending.owner
	}
	return s.rec.Identity
}

// untouched reports whether the request is none that extends the session.
func (s *state[T]) untouched() bool { return s.ignored || s.r != nil && s.r.ExtendsNothing() }

// early holds the ends of sessions that early writes have put off.
type early struct {
	writing bool // an early write is under way
	ends    []stores.Replaced
}

// tentative has the writes of the request in a transaction of the program, by
// Commit or a revocation. An error response suggests that the program has rolled
// the transaction back, so nothing of it must show in the cookie or in events
// unless the store confirms it.
type tentative[T any] struct {
	any      bool
	revoked  bool           // the session itself, by RevokeAll
	ended    []stores.ID    // by Destroy
	replaced []stores.ID    // by Start
	events   []events.Event // of revocations
}

// waiting is a call of [Session.Done] in a request.
type waiting struct {
	watch.Wait

	id    stores.ID
	fresh bool // the request has not created the session yet
}
