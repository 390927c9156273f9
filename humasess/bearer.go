package humasess

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
)

// StartBearer is [Session.Start] for a client without cookies. The session is written
// before StartBearer returns. It replaces the session that the request presented, whose
// cookie expires. If the response is 400 or more, the new session is deleted again. After an
// error the commit tries once more, as after [Session.Commit], and then the header
// Session-Token has the token; so return the error.
//
// Errors are those of Start and of its commit, and [errors.ErrUnsupported] without
// Options.Bearer.
func (s *Session[T]) StartBearer(data T) (BearerToken, error) {
	return s.bound().changes().startBearer(data)
}

// RenewBearer gives the session a new token, which is written before RenewBearer returns,
// and stays valid whatever the response is. The old token is valid until a request
// presents the new one, and then for Options.RotationGrace. So a client that has lost the
// answer can try again.
//
// [ErrNoSession] without an active session; [errors.ErrUnsupported] for a session in a
// cookie; [ErrConflict], with Retry-After, for an old token within the grace of a renewal
// of which the answer may still arrive.
func (s *Session[T]) RenewBearer() (BearerToken, error) { return s.bound().changes().renewBearer() }

// Carrier returns what the client keeps: "cookie", or "bearer" for a token. For a user
// that Options.Schemes has brought it is the key of the scheme. It is "" without an active
// session.
func (s *Session[T]) Carrier() string { return s.bound().view().carriedBy() }

func (s view[T]) carriedBy() string {
	defer s.mu.Unlock(s.mu.Lock())
	switch {
	case s.life.OnCredential():
		return s.few().user.scheme
	case !s.life.Active():
		return ""
	}
	return carrierName(s.bearer)
}

// signInBearer makes a new session of the data, for a client without cookies.
func (s changes[T]) signInBearer(method string, data T) error {
	if s.m.bearer == nil {
		return s.mistake(gate.ErrOtherCarrier, fmt.Errorf("%s: %w", method, errNoBearer))
	}
	was := s.bearer
	s.bearer = true
	err := s.signIn(method, data)
	if err != nil {
		s.bearer = was
	}
	return err
}

func (s changes[T]) startBearer(data T) (BearerToken, error) {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.uncommitted(); err != nil {
		return BearerToken{}, err
	}
	cookie := !s.beside() && (s.life.Base || s.life.Others)
	if err := s.signInBearer("StartBearer", data); err != nil {
		return BearerToken{}, err
	}
	s.ownRare().stale = s.rare.stale || cookie
	return s.writes().tokenNow()
}

func (s changes[T]) renewBearer() (BearerToken, error) {
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.need(); err != nil {
		return BearerToken{}, err
	}
	if !s.bearer {
		return BearerToken{}, gate.Fail(gate.ErrOtherCarrier, errCookie)
	}
	if s.former && !s.opening().lost() {
		return BearerToken{}, s.renewedElsewhere()
	}
	s.life.Renew(lifecycle.RotateGrace)
	return s.writes().tokenNow()
}

// renewedElsewhere refuses a renewal with a former token. The answer with the present one
// may still arrive.
func (s changes[T]) renewedElsewhere() error {
	return gate.FailFor(gate.ErrJustRenewed, s.m.opts.RotationGrace)
}

// tokenNow writes the session and returns its new token. The call has a budget of its
// own, because the commit may come much later.
func (s writes[T]) tokenNow() (BearerToken, error) {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(context.WithoutCancel(s.r.Client())))
	defer cancel()
	own := s.ownRare()
	own.early.writing = s.life.Next == lifecycle.NextStart && s.independent() && !s.transacts(ctx)
	defer func() { own.early.writing = false }()
	if err := s.write(ctx); err != nil {
		return BearerToken{}, err
	}
	if s.former { // another request has renewed it since this one began
		return BearerToken{}, s.changes().renewedElsewhere()
	}
	own.given = true
	return s.token(), nil
}

// token returns the token that was written last.
func (s writes[T]) token() BearerToken {
	left := s.rec.Expires.Sub(s.rec.StoreNow(s.m.now()))
	return BearerToken{AccessToken: s.few().line, TokenType: "Bearer", ExpiresIn: int(left / time.Second)}
}

var (
	errNoBearer = errors.New("Options.Bearer is not set")
	errCookie   = errors.New("the session is in a cookie: use Renew")
)
