package humasess

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/internal/credential"
)

// CSRFToken returns a token for the header that Options.CSRFHeader names. The
// page of this session sends it with unsafe requests. It is bound to a random key
// of the session, which rotations keep: so a rotation in one browser tab leaves
// the tokens of the others valid. Start and a change of identity draw a new key,
// and their response carries a token in the same header. Each call returns another
// text. [ErrNoSession] without an active session; [errors.ErrUnsupported] when
// sessions are in their cookies, which have no place for a key.
//
// A session that began before the option was set gets its key from this call,
// with the response.
func (s *Session[T]) CSRFToken() (string, error) { return s.bound().changes().csrfToken() }

func (s changes[T]) csrfToken() (string, error) {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.stored(); err != nil {
		return "", err
	}
	if s.bearer {
		return "", gate.Fail(gate.ErrOtherCarrier, errNoCookie)
	}
	if s.carrier().Renewable() != nil {
		return "", gate.Fail(errors.ErrUnsupported, errNoSecret)
	}
	key := s.view().csrfKey()
	if key == (credential.CSRFKey{}) {
		if err := s.uncommitted(); err != nil {
			return "", err
		}
		var err error
		if key, err = credential.NewCSRFKey(); err != nil {
			return "", err
		}
		s.ownPending().csrf = key
		s.life.Change(false)
	}
	return key.Token()
}

// Forged reports whether a request lacks the CSRF token of its session.
func (s *state[T]) Forged(ctx huma.Context) bool {
	name := s.m.opts.CSRFHeader
	if name == "" {
		return false
	}
	defer s.mu.Unlock(s.mu.Lock())
	if s.login || !s.life.OnBase() || s.rec.Open.CSRF.Verifies(ctx.Header(name)) {
		return false
	}
	s.emit(events.Event{Kind: events.Refused, SessionID: s.rec.ID().String(), Identity: s.rec.Identity, Reason: events.ReasonCSRF, Err: errCSRF})
	return true
}

var errNoSecret = errors.New("sessions in their cookies have no secret to bind a CSRF token to")

var errCSRF = errors.New("the CSRF token is missing, or not that of the session")
