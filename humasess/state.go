package humasess

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// state is one session in one request: what was loaded, and what the handler
// makes of it.
type state[T any] struct {
	m     *Manager[T]
	r     *request  // nil outside a request
	since time.Time // when the work began, outside a request
	bound bool
	login bool // the operation's job is to start the session
	read  bool // the handler has got data of the base
	gone  bool // the base had ended when the request was to end it

	caller  context.Context // of the program, while it asks for a write
	refused bool            // the request was refused, or an operation inside Manager.Handler

	mu      sync.Mutex
	editing editing
	life    lifecycle

	// The base: the record that the request's token opened, or that an
	// earlier commit of the request has written.
	token  security.Token
	former bool // the token is one that a rotation has replaced
	old    bool // the cookie has a key that is on its way out, or may have a former scope
	rec    record[T]
	spare  *T       // decoded from the base and not handed out yet
	needed []string // roles that the session was admitted for

	// What is pending.
	pending  pending[T]
	editRoom [1]func(*T) error // saves the usual request an allocation

	trip  stores.Trip // what the cookies hold, when sessions travel; see store
	room  *travelRoom[T]
	stale bool // the client's cookie is no good any more, by our own doing

	// Sessions of the request's other cookies: live ones of which none wins,
	// and client-side ones of which the copy at hand has expired.
	others []stores.ID
	clash  bool // several of them are live
	excess bool // the request has more cookies than are looked up

	orphan    []stores.Replaced // a session of this request of which the answer to Create was lost
	early     early
	tentative tentative[T] // the changes that a transaction of the program may take back

	issued  string   // the Set-Cookie that carries the token
	marks   []mark   // that this request has left
	watches []*watch // by Session.Done
}

// pending is what the request asks for and has not written yet.
type pending[T any] struct {
	id    stores.ID // of the session to create
	owner string
	data  []byte // encoded, nil when unchanged

	edits    []func(*T) error // that led from the base to data
	shared   *opened[T]       // what data decode to, if that is known
	remember *bool
	ttl      time.Duration // 0 is none
	proof    proof
	again    bool // the session to create is the base under another ID
	csrf     security.CSRFKey
}

var _ session = (*state[struct{}])(nil)

func (s *state[T]) enter(r *request, b *binding) {
	defer s.unlock(s.lock())
	s.r = r
	s.login = s.login || b != nil && b.login
}

// load looks the request's tokens up. A cookie that opens nothing is no
// error; the same answer follows whatever was wrong with it.
func (s *state[T]) load(ctx context.Context) error {
	var c candidates
	c.find(s.r.scope.humaContext, s.m.names, s)
	switch {
	case c.excess:
		s.excess = true
		s.rejected(ReasonAmbiguous)
		return nil
	case c.n == 0:
		if c.present {
			s.rejected(ReasonMalformed)
		}
		return nil
	case c.n > 1:
		return s.loadMany(ctx, c.all())
	}
	s.old = c.first.old
	token := c.first.token
	rec, err := s.fetchFor(ctx, token)
	if err != nil {
		s.noteCopies([]stores.ID{token.ID()}, err)
		return s.loadFailed(token, err)
	}
	who := s.m.ownerOf(&rec, token)
	if who == notOwner {
		s.rejectedAs(&rec, token)
		return nil
	}
	return s.adopt(rec, token, who)
}

// loadMany decides between several different tokens. Exactly one live session
// wins, in any order of the cookies. With two or more the request has none of
// them: an attacker may have set one.
func (s *state[T]) loadMany(ctx context.Context, all []candidate) error {
	ids := make([]stores.ID, 0, len(all))
	for _, c := range all {
		if id := stores.ID(c.token.ID()); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	records, err := stores.LoadMany(ctx, s.store(), ids)
	if err != nil {
		return s.loadFailed(all[0].token, err)
	}
	var live []presented[T]
	var reused *record[T]
	for _, raw := range records {
		rec, err := s.m.openRecord(raw)
		if err != nil {
			s.undecodable(raw.ID, err)
			continue
		}
		best := presented[T]{record: rec}
		for _, c := range all {
			if stores.ID(c.token.ID()) != rec.ID {
				continue
			}
			switch who := s.m.ownerOf(&rec, c.token); {
			case who > best.who:
				best.who, best.candidate = who, c
			case who == notOwner && s.m.superseded(&rec, c.token):
				reused = &rec
			}
		}
		if best.who != notOwner {
			live = append(live, best)
		}
	}
	s.noteCopies(slices.DeleteFunc(ids, func(id stores.ID) bool {
		return slices.ContainsFunc(live, func(p presented[T]) bool { return p.record.ID == id })
	}), stores.ErrNotFound)
	if len(live) > 1 {
		live = s.readable(live)
	}
	switch {
	case len(live) == 1:
		// A superseded secret beside it is a cookie that the browser still has.
		s.old = live[0].old
		return s.adopt(live[0].record, live[0].token, live[0].who)
	case len(live) > 1:
		s.ambiguous(live)
	case reused != nil:
		s.reused(reused)
	default:
		s.rejected(ReasonUnknown)
	}
	return nil
}

// readable leaves out sessions whose data do not decode, unless there are no
// others: they are as good as none, and Start and Destroy end them.
func (s *state[T]) readable(live []presented[T]) []presented[T] {
	var readable []presented[T]
	hidden := s.others
	for i := range live {
		if _, err := s.m.decode(&live[i].record); err != nil {
			hidden = append(hidden, live[i].record.ID)
			continue
		}
		readable = append(readable, live[i])
	}
	if len(readable) == 0 {
		return live
	}
	s.life.others = s.life.others || len(hidden) > len(s.others)
	s.others = hidden
	return readable
}

// presented is a live session of which the request has presented a token.
type presented[T any] struct {
	candidate
	record record[T]
	who    ownership
}

// noteCopies notes client-side sessions that were found to be over. The copy at
// hand may have been idle for too long while others are in use, so Start and
// Destroy end them.
func (s *state[T]) noteCopies(ids []stores.ID, err error) {
	if s.trip != nil && len(ids) > 0 && errors.Is(err, stores.ErrNotFound) {
		s.life.others = true
		s.others = append(s.others, ids...)
	}
}

// ambiguous notes several live sessions, for Start and Destroy to end.
func (s *state[T]) ambiguous(live []presented[T]) {
	s.life.others, s.clash = true, true
	failed := false // the next write would most likely fail as well
	for i := range live {
		s.others = append(s.others, live[i].record.ID)
		if p := &live[i]; !failed && p.who == owner && p.record.open.unconfirmed() {
			failed = !s.confirmRecord(&p.record)
		}
	}
	s.rejected(ReasonAmbiguous)
}

// adopt makes a record the base of the request, if its data can be read.
func (s *state[T]) adopt(rec record[T], token security.Token, who ownership) error {
	if rec.open.decoded && s.m.matches(&rec.open.value, rec.Identity) != nil {
		rec.open = &opened[T]{payload: rec.full()} // decoded by a manager with another Identity
	}
	if !rec.open.decoded {
		v, err := s.m.decodeOwn(&rec)
		if err != nil {
			s.undecodable(rec.ID, err)
			if !errors.Is(err, ErrHide) {
				return err
			}
			s.rec, s.token, s.former = rec, token, who == formerOwner
			s.life.hide()
			return nil
		}
		s.spare = v
	}
	s.rec, s.token, s.former = rec, token, who == formerOwner
	s.life.load()
	s.life.reissue = s.life.reissue || s.old
	s.life.confirm = who == owner && rec.open.unconfirmed()
	s.life.due = s.rotationDue()
	return nil
}

func (s *state[T]) loadFailed(token security.Token, err error) error {
	if errors.Is(err, stores.ErrNotFound) {
		s.rejected(ReasonUnknown)
		return nil
	}
	if errors.Is(err, errPayload) {
		s.undecodable(token.ID(), err)
		return nil
	}
	return s.storeFailed(err)
}

// get implements [Session.Get].
func (s *state[T]) get() (T, bool) {
	defer s.unlock(s.lock())
	var zero T
	if !s.life.active() {
		return zero, false
	}
	v, err := s.current()
	if err != nil {
		return zero, false
	}
	s.read = s.read || s.life.onBase()
	return v, true
}

// own returns a copy of the active session's data for the caller to change,
// and the zero T without one.
func (s *state[T]) own() (*T, error) {
	if v := s.spare; v != nil && s.pending.data == nil && s.life.active() {
		s.spare = nil
		return v, nil
	}
	data := new(T)
	if !s.life.active() {
		return data, nil
	}
	var err error
	*data, err = s.current()
	return data, err
}

// current returns the active session's data as the caller's own.
func (s *state[T]) current() (T, error) {
	if shared := s.pending.shared; shared != nil {
		return s.m.values.copy(&shared.value), nil
	}
	if v := s.spare; v != nil && s.pending.data == nil {
		s.spare = nil
		return *v, nil
	}
	var v *T
	var err error
	switch open := s.rec.open; {
	case s.pending.data != nil:
		v, err = s.m.values.decode(s.pending.data)
	case open.decoded:
		return s.m.values.copy(&open.value), nil
	default:
		v, err = s.m.decode(&s.rec)
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return *v, nil
}

func (s *state[T]) isActive() bool {
	defer s.unlock(s.lock())
	return s.life.active()
}

// admits reports whether the session satisfies a requirement: it is active, and
// it has a user where sessions have users.
func (s *state[T]) admits() bool {
	defer s.unlock(s.lock())
	return s.life.active() && (s.m.admitsAnonymous() || s.activeOwner() != "")
}

// hasRoles reports whether the session has all of the roles.
func (s *state[T]) hasRoles(roles []string) bool {
	if len(roles) == 0 {
		return true
	}
	v, ok := s.peek()
	return ok && s.m.covers(v, roles)
}

func (m *Manager[T]) covers(v T, roles []string) bool {
	if len(roles) == 0 {
		return true
	}
	if m.opts.Roles == nil {
		return false
	}
	has := m.opts.Roles(v)
	return !slices.ContainsFunc(roles, func(role string) bool { return !slices.Contains(has, role) })
}

// check asks a guard. Text of errors that are no answers stays inside.
func (s *state[T]) check(ctx huma.Context, guard any) error {
	v, ok := s.peek()
	if !ok {
		return fail(ErrNoSession, nil)
	}
	return guard.(Guard[T]).Check(ctx, v)
}

// peek returns the data that the handler would get, for the program's own
// functions, which leave them as they are: what was decoded for the handler
// stays there for it. The program is called without the lock.
func (s *state[T]) peek() (T, bool) {
	defer s.unlock(s.lock())
	var zero T
	if !s.life.active() {
		return zero, false
	}
	if s.spare != nil && s.pending.data == nil {
		return *s.spare, true
	}
	v, err := s.current()
	return v, err == nil
}

func (s *state[T]) needs(roles []string) {
	for _, role := range roles {
		if !slices.Contains(s.needed, role) {
			s.needed = append(s.needed, role)
		}
	}
}

func (s *state[T]) isBound() bool { return s.bound }

func (s *state[T]) id() string {
	defer s.unlock(s.lock())
	return s.activeID()
}

func (s *state[T]) activeID() string {
	switch {
	case s.life.next != nextSame:
		return s.pending.id.String()
	case s.life.active():
		return s.rec.ID.String()
	}
	return ""
}

// untouched reports whether the request is none that extends the session.
func (s *state[T]) untouched() bool { return s.refused || s.r != nil && s.r.entry.untouch }

// Events of a request carry the operation.

func (s *state[T]) emit(e Event) {
	ctx := context.Background()
	if s.r != nil {
		ctx = s.r.parent
		e.Operation = operationName(s.r.entry.op)
	}
	s.m.emit(ctx, e)
}

// rejected reports a cookie that opened nothing. The ID in it is what the
// client says: without its secret it may be anybody's.
func (s *state[T]) rejected(reason string) {
	s.emit(Event{Kind: EventRejected, Reason: reason})
}

func (s *state[T]) rejectedAs(rec *record[T], token security.Token) {
	switch {
	case rec.open.scheme != s.m.scheme:
		s.rejected(ReasonForeign)
		return
	case s.m.superseded(rec, token):
		s.reused(rec)
		return
	}
	s.emit(Event{Kind: EventRejected, SessionID: rec.ID.String(), Reason: ReasonMismatch})
}

func (s *state[T]) undecodable(id stores.ID, err error) {
	s.emit(Event{Kind: EventUndecodable, SessionID: id.String(), Err: err})
}

func (s *state[T]) storeFailed(err error) error {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case s.r != nil && hungUp(s.r.loading()), hungUp(s.caller):
		s.emit(Event{Kind: EventHungUp, Err: err})
	default:
		s.emit(Event{Kind: EventStoreFailed, Err: err})
	}
	return unavailable(err)
}
