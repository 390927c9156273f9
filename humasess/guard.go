package humasess

import (
	"errors"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/gate"
)

// Guard decides by the session's data whether the session may use an
// operation. [Guarded] lists the other methods of a guard. A zero value is
// used, concurrently; behind a pointer it is not nil.
//
// Every method that decides must be exported. An exported method that is never
// called is refused, but reflection does not show the unexported ones. So a guard
// with Check and roles() is accepted, and roles() is never called.
//
// Check runs before the body is read and must not read it; path, query and
// headers are visible. [From] finds the session in ctx.Context(), for example for its
// Authentication. It has exactly the data that Check got, and refuses every change with
// [ErrInvalid]; its Done is closed. A [huma.StatusError] is sent as it is, for example a
// 503 when the guard's own database is down. So are the errors of this package:
// [ErrNoSession] is the 401 of a request without a session, and [ErrReauthenticate] asks
// for a new sign-in. Any other error is a 403 that says nothing, with the text in the log.
// After a concurrent change of the session Check may run again.
type Guard[T any] interface {
	Check(ctx huma.Context, data T) error
}

// Admits compares the session with a requirement. It must be active, and it must
// have a user where sessions have users. The user of another credential is no session.
func (s *state[T]) Admits(roles []string) gate.Admission {
	if s.Brought() || !s.hasUser() {
		return gate.NoSession
	}
	if !s.view().hasRoles(roles) {
		return gate.RolesMissing
	}
	return gate.Admitted
}

func (s *state[T]) hasUser() bool {
	defer s.mu.Unlock(s.mu.Lock())
	return s.life.Active() && (s.m.anonymousSuffices || s.activeOwner() != "")
}

// hasRoles reports whether the session has all of the roles.
func (s view[T]) hasRoles(roles []string) bool {
	if len(roles) == 0 {
		return true
	}
	v, ok := s.peek()
	return ok && s.m.users.Covers(v, roles)
}

// Describe returns the part of an event that the session knows. A user is the one of
// another credential.
func (s *state[T]) Describe(user any, roles []string) gate.Described {
	d := gate.Described{Reason: s.view().reason()}
	v, ok := user.(T)
	if !ok {
		v, ok = s.peek()
		d.SessionID = s.view().id()
	}
	if ok {
		d.Identity, d.Lacks = s.m.users.Of(v), s.m.users.Lacks(v, roles)
	}
	return d
}

// Check asks a guard. Text of errors that are no answers stays inside.
func (s *state[T]) Check(ctx huma.Context, guard any) error {
	v, ok := s.peek()
	if !ok {
		return gate.Fail(gate.ErrNoSession, nil)
	}
	return guard.(Guard[T]).Check(ctx, v)
}

// Judge compares the user of another credential with the requirements for that of a session.
func (s *state[T]) Judge(user any, roles []string) gate.Admission {
	v := user.(T)
	switch {
	case s.m.users.Owner(v) == "" && !s.m.anonymousSuffices:
		_ = s.changes().invalid(errors.New("Schemes: the function returned neither an error nor a user with an identity"))
		return gate.NoSession
	case !s.m.users.Covers(v, roles):
		return gate.RolesMissing
	}
	if _, err := s.m.values.Own(&v); err != nil {
		_ = s.changes().invalid(fmt.Errorf("Schemes: %w", err))
		return gate.NoSession
	}
	return gate.Admitted
}

// Bring makes the user of another credential the one of the request, unless it has an
// active session.
func (s *state[T]) Bring(user any, scheme string) {
	v := user.(T)
	owner := s.m.users.Owner(v)
	defer s.mu.Unlock(s.mu.Lock())
	if !s.life.Active() {
		s.ownRare().user = broughtUser{data: &v, owner: owner, scheme: scheme}
		s.life.Brought = true
	}
}

// Empty reports whether the request has presented no session, not even a hidden one.
func (s *state[T]) Empty() bool {
	defer s.mu.Unlock(s.mu.Lock())
	return s.life.None() && !s.former && !s.clash && !s.excess
}

// Brought reports whether another credential has brought the user.
func (s *state[T]) Brought() bool {
	defer s.mu.Unlock(s.mu.Lock())
	return s.life.OnCredential()
}

// Needs keeps the list of the only requirement, which never changes.
func (s *state[T]) Needs(roles *[]string) {
	switch {
	case len(*roles) == 0:
	case s.needed == nil:
		s.needed = roles
	default:
		all := slices.Concat(*s.needed, *roles)
		s.needed = &all
	}
}
