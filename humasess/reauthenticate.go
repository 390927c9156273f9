package humasess

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/record"
)

// Reauthenticated notes that the user has just proved their identity again, by
// a method such as "pwd" or "otp" (RFC 8176), which the program has checked.
// The token is renewed without grace, and both timeouts begin anew (NIST
// SP 800-63B-4 § 5.2, ASVS 7.2.4). After Start in the same request it names
// the method of the sign-in.
//
// A session that is in its cookie can only be renewed as another one, with a
// new ID and the same data: the old ID is ended, as by Start.
//
// [ErrNoSession] without an active session; [ErrConflict] for the bearer of a
// token that was renewed meanwhile; [ErrInvalid] for a method that is not 1 to
// 32 letters, digits and ". _ -".
func (s *Session[T]) Reauthenticated(method string) error {
	return s.bound().changes().reauthenticated(Authentication{Methods: []Method{{Name: method}}})
}

// ReauthenticatedWith is Reauthenticated with more details of the proof: several
// methods, a class, and the time if another service has checked it:
//
//	err := in.Session.ReauthenticatedWith(claims.Authentication()) // of an ID token
//
// A time that is zero or in the future is now. After Start in the same request
// the time may lie in the past: users sign in with a provider that has not
// asked them for hours. [ErrReauthenticate] when the session has a proof that
// is as late: the provider has not asked again. [ErrInvalid] also for a class
// that is longer than 255 characters or not of visible ASCII.
func (s *Session[T]) ReauthenticatedWith(a Authentication) error {
	return s.bound().changes().reauthenticated(a)
}

// Authentication returns when and how the user of the session has proved
// their identity, the zero value without one.
func (s *Session[T]) Authentication() Authentication { return s.bound().view().authentication() }

// RequireFresh returns nil when the user has proved their identity within that
// time, and else [ErrReauthenticate], for the handler to return: 403 with the
// type "urn:humasess:problem:reauthentication-required". Where it never
// depends on the request's data, give the guard a method Fresh instead, which
// is documented. No proof is within 0, so RequireFresh(0) asks in any case.
// [ErrNoSession] without an active session.
func (s *Session[T]) RequireFresh(within time.Duration) error {
	st := s.bound()
	if !st.hasUser() {
		return gate.Fail(gate.ErrNoSession, nil)
	}
	if within <= 0 || !st.Proven(nil, within) {
		st.askAgain()
		return gate.Fail(gate.ErrReauthenticate, nil)
	}
	return nil
}

// askAgain notes that the session asks for a new authentication.
func (s *state[T]) askAgain() {
	if s.r != nil {
		s.r.NotFresh()
	}
}

func (s changes[T]) reauthenticated(a Authentication) error {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return s.invalid(err)
	}
	if s.m.users.Known() && s.activeOwner() == "" {
		return gate.Fail(gate.ErrNoSession, nil) // a visitor has proved nothing
	}
	if s.life.OnBase() && s.former && !s.opening().lost() {
		return gate.Fail(gate.ErrConflict, nil) // or a thief would outlast the owner
	}
	p := a.proof(s.m.now())
	if (s.life.OnBase() || s.pending.again || s.terms().inherits()) && !a.Time.IsZero() && !p.at.After(time.Unix(0, s.rec.Open.Authenticated)) {
		s.askAgain()
		return gate.Fail(gate.ErrReauthenticate, errProvenBefore)
	}
	if s.life.OnBase() && s.carrier().Renewable() != nil {
		if err := s.startAgain(); err != nil {
			return err
		}
	}
	s.ownPending().proof = s.pending.proof.and(p)
	s.askRotation(lifecycle.RotateAtOnce)
	return nil
}

var errProvenBefore = errors.New("the authentication is not later than the one that the session has")

// startAgain replaces the session by another one with the same data, which ends all
// copies of its cookie. It stands in for a rotation, where a session has no secret.
func (s changes[T]) startAgain() error {
	was := *s.pending
	if was.data == nil {
		data, err := s.current()
		if err != nil {
			return gate.Fail(record.ErrUndecodable, err)
		}
		if was.data, err = s.m.values.Encode(&data); err != nil {
			return s.invalid(fmt.Errorf("Reauthenticated: encode %T: %w", data, err))
		}
	}
	if until := s.rec.Open.Until; until != 0 {
		left := max(time.Unix(0, until).Sub(s.m.now()), time.Second)
		if was.ttl == 0 || left < was.ttl {
			was.ttl = left
		}
	}
	if err := s.begin(was.data, s.rec.Identity, func() { s.life.Change(true) }); err != nil {
		return err
	}
	was.id, was.owner, was.again = s.pending.id, s.pending.owner, true
	s.pending = &was
	return nil
}

// Proven reports whether the user has authenticated within that time, if it is not
// 0, and by all of the methods, each within that time.
func (s *state[T]) Proven(methods []string, within time.Duration) bool {
	proof, now := s.view().authentication(), s.m.now()
	recent := func(a Authentication) bool { return within == 0 || a.Fresh(within, now) }
	return recent(proof) && !slices.ContainsFunc(methods, func(name string) bool {
		return !slices.ContainsFunc(proof.Methods, func(m Method) bool {
			return m.Name == name && recent(Authentication{Time: m.Time})
		})
	})
}

func (s view[T]) authentication() Authentication {
	defer s.mu.Unlock(s.mu.Lock())
	switch {
	case s.life.Next != lifecycle.NextSame && !s.terms().inherits():
		p := &s.pending.proof
		a := Authentication{Time: p.at, Methods: s.creation().methods(), Class: p.class}
		if a.Time.IsZero() && (s.pending.owner != "" || !s.m.users.Known()) {
			a.Time = s.m.now()
		}
		return a
	case s.life.Active() && !s.life.OnCredential():
		a := s.m.authentication(s.rec)
		if p := &s.pending.proof; !p.at.IsZero() {
			a = Authentication{Time: p.at, Methods: withMethods(a.Methods, p.methods), Class: p.class}
		}
		return a
	}
	return Authentication{}
}

// authentication returns that of a record. An anonymous user has proved nothing.
func (m *Manager[T]) authentication(rec *record.Record[T]) Authentication {
	if rec.Identity == "" && m.users.Known() {
		return Authentication{}
	}
	p := &rec.Open.Fields
	return Authentication{Time: time.Unix(0, p.Authenticated), Methods: decodeMethods(p.Methods), Class: p.Class}
}
