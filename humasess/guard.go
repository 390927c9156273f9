package humasess

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// Methods that a guard may have beside Check.
type (
	roleGuard   interface{ Roles() []string }
	freshGuard  interface{ Fresh() time.Duration }
	methodGuard interface{ Methods() []string }
)

// guardedBy declares a guard of T. A mistake in the guard's type is part of
// the declaration, so that the operation is refused with it.
func guardedBy[T any](guardType reflect.Type) (d policy.Declaration) {
	d = policy.Declaration{Kind: policy.Guarded, GuardType: guardType}
	defer func() {
		if p := recover(); p != nil {
			d.Err = fmt.Errorf("guard %v panics with its zero value: %v", guardType, p)
		}
	}()
	guard, err := newGuard[T](guardType)
	if err != nil {
		d.Err = fmt.Errorf("guard %v %w", guardType, err)
		return d
	}
	if g, ok := guard.(Guard[T]); ok {
		d.Guard = g
	}
	if g, ok := guard.(roleGuard); ok {
		d.Roles = slices.Clone(g.Roles())
		if len(d.Roles) == 0 || slices.Contains(d.Roles, "") {
			d.Err = fmt.Errorf("guard %v requires the roles %q: its Roles must return at least one, and none that is empty", guardType, d.Roles)
		}
	}
	if g, ok := guard.(methodGuard); ok {
		d.Methods = slices.Clone(g.Methods())
		if len(d.Methods) == 0 || slices.ContainsFunc(d.Methods, func(m string) bool { return !validMethod(m) }) {
			d.Err = fmt.Errorf("guard %v asks for the authentication methods %q: its Methods must return at least one, each of 1 to 32 letters, digits and . _ -", guardType, d.Methods)
		}
	}
	if g, ok := guard.(freshGuard); ok {
		if d.Fresh = g.Fresh(); d.Fresh == 0 {
			d.Fresh = -1 // a setting that was not read must not admit every user
		}
	}
	return d
}

// newGuard returns a pointer to a zero guard. The method set of a pointer has
// the methods of both kinds of receivers. A method that the session layer does
// not see would be a check that never runs, so newGuard refuses the type.
func newGuard[T any](t reflect.Type) (any, error) {
	switch {
	case t.Kind() == reflect.Interface:
		return nil, errors.New("is an interface: name the type that implements it, because its zero value is used")
	case t.Kind() == reflect.Pointer:
		t = t.Elem()
	}
	guard := reflect.New(t)
	signatures := map[string]struct {
		has  bool
		want string
	}{
		"Roles":   {isA[roleGuard](guard), "Roles() []string"},
		"Fresh":   {isA[freshGuard](guard), "Fresh() time.Duration"},
		"Methods": {isA[methodGuard](guard), "Methods() []string"},
		"Check":   {isA[Guard[T]](guard), fmt.Sprintf("Check(huma.Context, %v) error", reflect.TypeFor[T]())},
	}
	found := false
	for i := range guard.NumMethod() {
		name := guard.Type().Method(i).Name
		signature, known := signatures[name]
		switch {
		case known && !signature.has:
			return nil, fmt.Errorf("has a method %s with the signature %v, which is never called: it must be %s", name, guard.Method(i).Type(), signature.want)
		case !known && name != "String":
			return nil, fmt.Errorf("has a method %s, which is never called: a guard has Roles, Check, Fresh or Methods, and beside them only String", name)
		}
		found = found || known
	}
	for name := range signatures {
		if _, has := guard.Type().MethodByName(name); !has && shadowed(t, name, nil) {
			return nil, fmt.Errorf("has a field %s, or embeds several types with a method %s, so that it has no such method itself: declare the method on the guard", name, name)
		}
	}
	if !found {
		return nil, errors.New("checks nothing: it must have at least one of the methods Roles() []string, Check, Fresh() time.Duration and Methods() []string")
	}
	return guard.Interface(), nil
}

// isA reports whether the guard implements I.
func isA[I any](guard reflect.Value) bool {
	_, ok := reflect.TypeAssert[I](guard)
	return ok
}

// shadowed reports whether a struct has a field of the name, or embeds a type
// that has a method of it.
func shadowed(t reflect.Type, name string, seen []reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(seen, t) {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == name {
			return true
		}
		if !f.Anonymous {
			continue
		}
		embedded := f.Type
		if embedded.Kind() != reflect.Pointer && embedded.Kind() != reflect.Interface {
			embedded = reflect.PointerTo(embedded)
		}
		if _, has := embedded.MethodByName(name); has || shadowed(f.Type, name, append(seen, t)) {
			return true
		}
	}
	return false
}

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

func (guardedKind[T, G]) declare() policy.Declaration { return guardedBy[T](reflect.TypeFor[G]()) }

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
