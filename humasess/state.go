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

	mu   sync.Mutex
	life lifecycle

	// The base: the record that the request's token opened, or that an
	// earlier commit of the request has written.
	token  security.Token
	former bool // the token is one that a rotation has replaced
	old    bool // the token was sealed with a key that is on its way out
	rec    record[T]
	spare  *T       // decoded from the base and not handed out yet
	needed []string // roles that the session was admitted for

	// What is pending.
	pending  pending[T]
	editRoom [1]func(*T) error // saves the usual request an allocation

	trip  stores.Trip // what the cookies hold, when sessions travel; see store
	room  *travelRoom[T]
	stale bool // the client's cookie is no good any more, by our own doing

	issued      string       // the Set-Cookie that carries the token
	revocations []revocation // by this request
	watches     []*watch     // by Session.Done
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
}

var _ session = (*state[struct{}])(nil)

func (s *state[T]) enter(r *request, b *binding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = r
	s.login = s.login || b != nil && b.login
}

// load looks the request's tokens up. A cookie that opens nothing is no
// error; the same answer follows whatever was wrong with it.
func (s *state[T]) load(ctx context.Context) error {
	var c candidates
	c.find(s.r.scope.humaContext, s.m.opts.Cookie.Name, s)
	switch {
	case c.excess:
		s.rejected(ReasonAmbiguous)
		return nil
	case c.n == 0:
		if c.present {
			s.rejected(ReasonMalformed)
		}
		return nil
	case c.n > 1:
		return s.loadMany(ctx, &c)
	}
	s.old = c.old[0]
	rec, err := s.fetchFor(ctx, c.tokens[0])
	if err != nil {
		return s.loadFailed(c.tokens[0], err)
	}
	who := s.m.ownerOf(&rec, c.tokens[0])
	if who == notOwner {
		s.rejectedAs(&rec, c.tokens[0])
		return nil
	}
	return s.adopt(rec, c.tokens[0], who)
}

// loadMany decides between several different tokens: one live session wins,
// whatever the order.
func (s *state[T]) loadMany(ctx context.Context, c *candidates) error {
	tokens := c.tokens[:c.n]
	ids := make([]stores.ID, 0, len(tokens))
	for _, t := range tokens {
		if id := stores.ID(t.ID()); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	records, err := stores.LoadMany(ctx, s.store(), ids)
	if err != nil {
		return s.loadFailed(tokens[0], err)
	}
	var found record[T]
	var token security.Token
	var reused *record[T]
	best := notOwner
	for _, raw := range records {
		rec, err := s.m.openRecord(raw)
		if err != nil {
			s.undecodable(raw.ID, err)
			continue
		}
		for _, t := range tokens {
			if stores.ID(t.ID()) != rec.ID {
				continue
			}
			who := s.m.ownerOf(&rec, t)
			if who == notOwner {
				if s.m.superseded(&rec, t) {
					reused = &rec
				}
				continue
			}
			if best != notOwner && found.ID != rec.ID {
				s.rejected(ReasonAmbiguous)
				return nil
			}
			if who > best {
				found, token, best = rec, t, who
			}
		}
	}
	switch {
	case best != notOwner:
		// A secret of before beside it is a cookie that the browser still has.
	case reused != nil:
		s.reused(reused)
		return nil
	default:
		s.rejected(ReasonUnknown)
		return nil
	}
	s.old = c.old[slices.Index(tokens, token)]
	return s.adopt(found, token, best)
}

// adopt makes a record the base of the request, if its data can be read.
func (s *state[T]) adopt(rec record[T], token security.Token, who ownership) error {
	if !rec.open.decoded {
		v, err := s.m.decodeOwn(rec.open)
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
	s.mu.Lock()
	defer s.mu.Unlock()
	var zero T
	if !s.life.active() {
		return zero, false
	}
	v, err := s.current()
	if err != nil {
		return zero, false
	}
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
		v, err = s.m.decode(open)
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return *v, nil
}

func (s *state[T]) isActive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life.active()
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
	s.mu.Lock()
	defer s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.next != nextSame:
		return s.pending.id.String()
	case s.life.active():
		return s.rec.ID.String()
	}
	return ""
}

func (s *state[T]) createdAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.next != nextSame:
		return s.m.now()
	case s.life.active():
		return time.Unix(0, s.rec.open.created)
	}
	return time.Time{}
}

func (s *state[T]) expiresAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.next != nextSame:
		idle, absolute := s.lifetimes()
		return s.m.now().Add(min(idle, absolute))
	case s.life.active():
		return s.rec.Expires
	}
	return time.Time{}
}

func (s *state[T]) deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.next != nextSame:
		_, absolute := s.lifetimes()
		return s.m.now().Add(absolute)
	case s.life.active():
		return s.rec.Deadline
	}
	return time.Time{}
}

// untouched reports whether the request is none that extends the session.
func (s *state[T]) untouched() bool { return s.r != nil && s.r.entry.untouch }

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
	if !errors.Is(err, errors.ErrUnsupported) {
		s.emit(Event{Kind: EventStoreFailed, Err: err})
	}
	return unavailable(err)
}
