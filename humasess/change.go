package humasess

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/editlock"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// The methods of changes only note the change. The commit writes it; see commit.go.

// uncommitted returns ErrCommitted when nothing would write a change any more.
func (s *state[T]) uncommitted() error {
	switch {
	case s.notes.Is(report.ShownToGuard):
		return s.changes().invalid(errInGuard)
	case s.life.Closed:
		return gate.Fail(gate.ErrCommitted, nil)
	}
	return nil
}

var errInGuard = errors.New("a guard must not change the session")

func (s changes[T]) start(data T) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.uncommitted(); err != nil {
		return err
	}
	if s.beside() {
		return gate.Fail(gate.ErrBesideToken, nil)
	}
	return s.signIn("Start", data)
}

// beside reports whether the client has a token and not a cookie, so that a cookie would
// be lost.
func (s changes[T]) beside() bool { return s.bearer || s.r != nil && s.r.Bearer() }

// signIn makes a new session of the data.
func (s changes[T]) signIn(method string, data T) error {
	if s.excess {
		return gate.Fail(gate.ErrTooManyCookies, nil)
	}
	if s.former && !s.login {
		return gate.Fail(gate.ErrConflict, nil) // or a thief would have the session renewed
	}
	owner := s.m.users.Owner(data)
	if owner == "" && s.m.users.Known() {
		return s.invalid(fmt.Errorf("%s: %w", method, errAnonymous))
	}
	encoded, _, err := s.m.records.Encode(&data)
	if err != nil {
		return s.refuseData(method, owner, err)
	}
	return s.begin(encoded, owner, s.life.Start)
}

// invalid reports a call that can never work. The client gets a 500 without the
// reason, so the log has it.
func (s changes[T]) invalid(err error) error { return s.mistake(gate.ErrInvalid, err) }

// mistake logs a mistake of the program, and returns the error for the handler.
func (s changes[T]) mistake(sentinel, err error) error {
	ctx, operation := context.Background(), ""
	if s.r != nil {
		ctx, operation = gate.Outside(s.r.Client()), s.r.OperationName()
	}
	s.m.report.Invalid(ctx, operation, err)
	return gate.Fail(sentinel, err)
}

// refuseData reports data that the store could not give back.
func (s changes[T]) refuseData(method, owner string, err error) error {
	err = fmt.Errorf("%s: %w", method, err)
	s.emit(events.Event{Kind: events.Undecodable, Identity: owner, Err: err})
	return gate.Fail(gate.ErrInvalid, err)
}

// begin makes the pending session one that is to be created.
func (s changes[T]) begin(data []byte, owner string, note func()) error {
	id, err := s.newID(owner)
	if err != nil {
		return s.storeFailed(err)
	}
	var csrf credential.CSRFKey
	if s.m.opts.CSRFHeader != "" && !s.bearer {
		if csrf, err = credential.NewCSRFKey(); err != nil {
			return s.storeFailed(err)
		}
	}
	note()
	s.notes &^= report.LostMeanwhile // of the session before
	s.pending = &pending[T]{id: id, owner: owner, data: data, csrf: csrf}
	return nil
}

// newID makes an ID for a session to create. The store may have to ask a server
// for it, long before the commit, so each call has a budget of its own.
func (s changes[T]) newID(owner string) (stores.ID, error) {
	if _, makes := stores.As[stores.IDMaker](s.carrier().Store()); !makes {
		return stores.RandomID()
	}
	ctx := context.Background()
	if s.r != nil {
		ctx = context.WithoutCancel(s.r.Client())
	}
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	return stores.NewID(ctx, s.carrier().Store(), owner)
}

func (s changes[T]) update(change func(*T) error) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.uncommitted(); err != nil {
		return err
	}
	if s.life.OnCredential() {
		return gate.Fail(gate.ErrNoSession, errNotStored)
	}
	if !s.life.Active() {
		// A new session would be one more cookie beside those that clash.
		switch {
		case s.beside():
			return gate.Fail(gate.ErrBesideToken, nil)
		case s.excess:
			return gate.Fail(gate.ErrTooManyCookies, nil)
		case s.clash && !s.life.OthersDoomed:
			return gate.Fail(gate.ErrSeveral, nil)
		}
	}
	data, err := s.own()
	if err != nil {
		return gate.Fail(record.ErrUndecodable, err)
	}
	if err := s.runEdit(change, data); err != nil {
		return err
	}
	return s.apply(data, change)
}

// apply takes over the result of an edit.
func (s changes[T]) apply(data *T, edit func(*T) error) error {
	if s.life.Active() && s.activeOwner() != "" && s.m.users.Of(*data) == "" {
		return s.invalid(errBecomesNobody)
	}
	encoded, exact, err := s.m.records.Encode(data)
	if err != nil {
		return s.refuseData("Update", s.m.users.Owner(*data), err)
	}
	switch {
	case !s.life.Active():
		if s.former && !s.login && s.m.users.Of(*data) != "" {
			return gate.Fail(gate.ErrConflict, nil)
		}
		return s.begin(encoded, s.m.users.Owner(*data), func() { s.life.Change(false) })
	case s.life.Next == lifecycle.NextStart:
		if err := s.assign(s.m.users.Owner(*data)); err != nil {
			return err
		}
		s.pending.data = encoded
		return nil
	}
	edits := s.ownPending().edits
	edits = append(edits, edit)
	switch {
	case !s.m.users.Owns(data, s.rec.Identity):
		err = s.move(encoded, s.m.users.Owner(*data))
	case s.pending.again:
		err = s.assign(s.rec.Identity)
	default:
		s.life.Retain()
		s.life.Change(false)
		s.share(data, exact)
	}
	if err != nil {
		return err
	}
	own := s.ownPending()
	own.data, own.edits = encoded, edits
	return nil
}

// move notes that the data belong to another identity now.
func (s changes[T]) move(data []byte, owner string) error {
	if s.former {
		return gate.Fail(gate.ErrConflict, nil)
	}
	if s.life.Next == lifecycle.NextReplace {
		return s.assign(owner)
	}
	before := s.pending
	if err := s.begin(data, owner, func() { s.life.Change(true) }); err != nil {
		return err
	}
	s.pending.remember, s.pending.ttl, s.pending.proof = before.remember, before.ttl, before.proof
	return nil
}

// assign gives the pending session to another identity. Its ID changes too: a
// store may put the identity's whereabouts into the IDs that it makes.
func (s changes[T]) assign(owner string) error {
	if owner == s.pending.owner {
		return nil
	}
	id, err := s.newID(owner)
	if err != nil {
		return s.storeFailed(err)
	}
	s.rename(id)
	s.pending.owner = owner
	return nil
}

// share keeps a copy of the data for the next reader, if the codec gives the next
// reader exactly these data.
func (s changes[T]) share(data *T, exact bool) {
	own := s.ownPending()
	own.shared = nil
	if s.m.records.Memoizer != nil && exact && s.m.values.CanKeep() {
		var base *T
		if s.rec.Open != nil && s.rec.Open.Checked != nil {
			base = &s.rec.Open.Value
		}
		shared := &record.Opened[T]{Checked: s.m.users}
		s.m.values.Keep(&shared.Value, data, base)
		own.shared = shared
	}
}

func (s changes[T]) destroy() error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.uncommitted(); err != nil {
		return err
	}
	if s.excess {
		return gate.Fail(gate.ErrTooManyCookies, nil)
	}
	if s.life.OnCredential() {
		return gate.Fail(gate.ErrNoSession, errNotStored)
	}
	s.doomEarly()
	s.life.Destroy()
	s.forget()
	return nil
}

func (s changes[T]) renew() error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return err
	}
	if err := s.carrier().Renewable(); err != nil {
		return gate.Fail(errors.ErrUnsupported, err)
	}
	s.askRotation(lifecycle.RotateGrace)
	return nil
}

// need refuses a call after the commit, or without a session.
func (s changes[T]) need() error {
	if err := s.uncommitted(); err != nil {
		return err
	}
	return s.stored()
}

// stored refuses a call without a session, and one for a user that another credential
// has brought.
func (s changes[T]) stored() error {
	switch {
	case s.life.OnCredential():
		return gate.Fail(gate.ErrNoSession, errNotStored)
	case !s.life.Active():
		return gate.Fail(gate.ErrNoSession, nil)
	}
	return nil
}

func (s changes[T]) remember(on bool) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return err
	}
	if s.bearer {
		return gate.Fail(gate.ErrOtherCarrier, errNoCookie)
	}
	if s.life.OnBase() && s.terms().remembered() == on {
		return nil
	}
	s.ownPending().remember = &on
	s.life.Remember()
	return nil
}

func (s changes[T]) setTTL(d time.Duration) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return err
	}
	if d < time.Second {
		return s.invalid(fmt.Errorf("SetTTL called with %v: less than a second; use Destroy to end a session", d))
	}
	if s.pending.ttl == 0 || d < s.pending.ttl {
		s.ownPending().ttl = d
	}
	if s.life.Next == lifecycle.NextSame {
		s.life.Remember()
	}
	return nil
}

// runEdit runs a function of the program on the data.
func (s changes[T]) runEdit(edit func(*T) error, data *T) error {
	err := s.mu.Run(func() error { return edit(data) })
	if err == editlock.ErrReentered { //nolint:errorlint // an error of the program may wrap it
		return s.invalid(fmt.Errorf("Update: %w", err))
	}
	return err
}

// rename gives the session that is to be created another ID.
func (s changes[T]) rename(id stores.ID) {
	for _, w := range s.few().waits {
		if w.fresh && w.id == s.pending.id {
			w.id = id
		}
	}
	s.pending.id = id
}

var (
	errAnonymous      = errors.New("the data have no identity, so they belong to an anonymous session: start it with Update")
	errBecomesNobody  = errors.New("Update must not take the identity out of the data: end the session with Destroy")
	errIdentityLocked = errors.New("UpdateIdentity must not change the identity")
	errNoCookie       = errors.New("the client has a bearer token, and no cookie")
	errNotStored      = errors.New("another credential of the request has brought the user, so nothing is stored: use Start")
	errReplay         = errors.New("the session is in its cookie, and the store accepts copies of it after its end")
	errNoIdentity     = errors.New("Options.Identity is not set")
)
