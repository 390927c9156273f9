package humasess

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/carrier"
	"github.com/humasess/sessions/humasess/internal/editlock"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/humasess/internal/watch"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// state is one session in one request: the record that was loaded, and the changes of
// the handler. Each request to an operation with sessions has one, so it is small. A
// part that few requests need is behind a pointer, and memory of the request's own only
// after the first write to it: see ownPending and ownRare.
type state[T any] struct {
	content[T]
	rarely

	r    *gate.Request // nil outside a request
	mu   editlock.Mutex
	life lifecycle.State

	login   bool // the operation's job is to start the session
	read    bool // the handler has got data of the base
	gone    bool // the base had ended when the request was to end it
	ignored bool // the request was refused, or an operation inside Manager.Handler
	former  bool // the token is one that a rotation has replaced
	old     bool // the cookie has a key that is on its way out, or may have a former scope
	clash   bool // several of the sessions of other cookies are live
	excess  bool // the request has more cookies than are looked up
	bearer  bool // the token goes in the header Authorization, and not in a cookie
	notes   report.Notes

	needed *[]string // roles that the session was admitted for
}

// content is the session that a request has and what it changes.
type content[T any] struct {
	m       *Manager[T]
	carried *carrier.ClientSide[T] // of a client-side session
	rec     *record.Record[T]      // the base, which an earlier commit of the request may have written
	pending *pending[T]
}

// ownPending returns the pending changes for writing.
func (s *content[T]) ownPending() *pending[T] {
	if s.pending == &s.m.none.pending {
		s.pending = new(first[T]).empty()
	}
	return s.pending
}

// forget drops the pending changes.
func (s *content[T]) forget() { s.pending = &s.m.none.pending }

// ownRec returns the base for writing.
func (s *content[T]) ownRec() *record.Record[T] {
	if s.rec == &s.m.none.rec {
		s.rec = new(record.Record[T])
	}
	return s.rec
}

// setBase makes a record the base. The token has opened it.
func (s *content[T]) setBase(rec record.Record[T], token credential.Token) {
	rec.Token = token
	*s.ownRec() = rec
}

// carrier carries the session between the client and the core.
func (s *state[T]) carrier() carrier.Carrier[T] {
	if s.bearer {
		return s.m.bearer
	}
	if s.m.carriers.Requests == nil {
		return s.m.tokens
	}
	if s.carried == nil {
		s.carried = &carrier.ClientSide[T]{Common: &s.m.carriers}
	}
	return s.carried
}

// rare has the fields that only some requests need.
type rare struct {
	since  time.Time       // when the work began, outside a request
	caller context.Context // of the program, while it asks for a write

	// Sessions of the request's other cookies: live ones of which none wins,
	// and client-side ones of which the copy at hand has expired.
	others []stores.ID
	owners map[stores.ID]string // of sessions that the request has and that are not the base

	orphan    []stores.Replaced // a session of this request of which the answer to Create was lost
	early     early
	tentative tentative // the changes that a transaction of the program may take back

	line  string // the Set-Cookie or the bearer token for the client
	given bool   // the program has got the bearer token, so no header has it
	stale bool   // the cookie of a session that StartBearer has ended
	user  broughtUser
	marks []marks.Mark // that this request has left
	waits []*waiting   // by Session.Done
}

// broughtUser is the user of another credential than a session.
type broughtUser struct {
	data   any    // *T
	owner  string // the identity
	scheme string // the key of the credential's security scheme
}

var noRare rare

// rarely holds the rare fields. Most requests have none.
type rarely struct{ rare *rare }

// few returns the rare fields for reading.
func (s *rarely) few() *rare {
	if s.rare == nil {
		return &noRare
	}
	return s.rare
}

// ownRare returns the rare fields for writing.
func (s *rarely) ownRare() *rare {
	if s.rare == nil {
		s.rare = new(rare)
	}
	return s.rare
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
	if s.r != nil {
		defer s.mu.Unlock(s.mu.Lock())
	}
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
	if v := s.rec.Spare; v != nil && s.pending.data == nil && s.life.Active() {
		s.rec.Spare = nil
		return v, nil
	}
	data := s.room()
	if !s.life.Active() {
		return data, nil
	}
	var err error
	*data, err = s.current()
	return data, err
}

// room returns memory for the data of an edit. That of the first edit is in one piece
// with the changes.
func (s changes[T]) room() *T {
	if s.pending != &s.m.none.pending {
		return new(T)
	}
	u := new(usual[T])
	s.pending = u.empty()
	return &u.work
}

// current returns the active session's data as the caller's own.
func (s *state[T]) current() (T, error) {
	if s.notes.Is(report.ShownToGuard) {
		return s.m.values.Own(&s.pending.shared.Value)
	}
	if shared := s.pending.shared; shared != nil {
		return s.m.values.Copy(&shared.Value), nil
	}
	if v := s.rec.Spare; v != nil && s.pending.data == nil {
		s.rec.Spare = nil
		return *v, nil
	}
	if s.life.OnCredential() {
		return s.m.values.Own(s.few().user.data.(*T))
	}
	var v *T
	var err error
	switch open := s.rec.Open; {
	case s.pending.data != nil:
		v, err = s.m.values.Decode(s.pending.data)
	case open.Checked != nil:
		return s.m.values.Copy(&open.Value), nil
	default:
		v, err = s.m.records.Decode(s.rec)
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

// peek returns the data that the handler would get, for the program's own
// functions, which leave them as they are. Data that were decoded for the
// handler stay there for it. The program is called without the lock.
func (s *state[T]) peek() (T, bool) {
	defer s.mu.Unlock(s.mu.Lock())
	return s.shared()
}

// shared is peek for a caller that holds the lock.
func (s *state[T]) shared() (T, bool) {
	var zero T
	if !s.life.Active() {
		return zero, false
	}
	if v := s.rec.Spare; v != nil && s.pending.data == nil {
		return *v, true
	}
	v, err := s.current()
	return v, err == nil
}

// judged returns the session that a guard judges, for the guard to read.
func (s view[T]) judged() *state[T] {
	defer s.mu.Unlock(s.mu.Lock())
	if s.notes.Is(report.ShownToGuard) {
		return s.state
	}
	v, _ := s.shared()
	return s.frozen(v, s.life, s.pending)
}

// frozen returns a copy of the session that refuses every change and belongs to no
// request. It has the data, the plan and the changes that are given.
func (s view[T]) frozen(v T, life lifecycle.State, changes *pending[T]) *state[T] {
	life.Closed = true
	rec, own := *s.rec, *changes
	rec.Spare = nil
	if copied, err := s.m.values.Own(&v); err == nil {
		v = copied // shares nothing with the handler's
	}
	own.shared = &record.Opened[T]{Value: v}
	f := &state[T]{
		content: content[T]{m: s.m, rec: &rec, pending: &own},
		life:    life, login: s.login, former: s.former, old: s.old, clash: s.clash, excess: s.excess, bearer: s.bearer, notes: s.notes | report.ShownToGuard,
	}
	f.ownRare().user = s.few().user
	return f
}

func (s view[T]) id() string {
	defer s.mu.Unlock(s.mu.Lock())
	return s.activeID()
}

func (s *state[T]) activeID() string {
	switch {
	case s.life.OnCredential():
		return ""
	case s.life.Next != lifecycle.NextSame:
		return s.pending.id.String()
	case s.life.Active():
		return s.rec.ID().String()
	}
	return ""
}

// activeOwner is the identity of the active session.
func (s *state[T]) activeOwner() string {
	switch {
	case s.life.OnCredential():
		return s.few().user.owner
	case s.life.Next != lifecycle.NextSame:
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
type tentative struct {
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
