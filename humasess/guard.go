package humasess

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
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
// headers are visible. A [huma.StatusError] is sent as it is, for example a
// 503 when the guard's own database is down. Any other error is a 403 that
// says nothing, with the text in the log. After a concurrent change of the
// session Check may run again.
type Guard[T any] interface {
	Check(ctx huma.Context, data T) error
}

// Guarded is a [Required] that also passes a guard: 401 without a session,
// else 403 unless the session passes everything that the guard G asks for.
//
// G has at least one of these methods, with value or pointer receivers:
//
//   - Roles() []string: the session must have all of them.
//   - Fresh() time.Duration: the user must have authenticated within that time
//     ([Session.Reauthenticated]), which is more than 0.
//   - Methods() []string: the session's [Authentication] must contain all of
//     them (RFC 8176, such as "pwd" and "otp"), with Fresh each within its time.
//   - Check: see [Guard].
//
// They are asked in this order, and all but Check are read at registration and
// documented. Without the roles the answer is a 403; without Fresh or Methods
// it is a 403 of the type
// "urn:humasess:problem:reauthentication-required".
//
// huma panics when it registers an operation whose G has none of the methods,
// one of them with another signature, or any other exported method except
// String: a misspelled Roles would admit every user. Methods of embedded types
// count. G must not be an interface, because its zero value is used.
type Guarded[T, G any] struct {
	Session[T]

	// GuardedMarker shows the session to huma. It is not for use.
	GuardedMarker kindMarker[T, guardedKind[T, G]] `header:"Humasess-Guarded" required:"true" default:"null"`
}

type guardedKind[T, G any] struct{}

func (guardedKind[T, G]) declare() policy.Declaration {
	return policy.GuardedBy(reflect.TypeFor[G](), reflect.TypeFor[Guard[T]](), reflect.TypeFor[T]())
}

func (guardedKind[T, G]) is() (policy.Kind, reflect.Type) {
	return policy.Guarded, reflect.TypeFor[G]()
}

// Resolve is as for [Required].
func (s *Guarded[T, G]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, guardedKind[T, G]{})
}

// Value is as for [Required].
func (s *Guarded[T, G]) Value() T {
	t, _ := s.Get()
	return t
}
