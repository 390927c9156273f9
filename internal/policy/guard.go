package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Methods that a guard may have beside Check.
type (
	roleGuard   interface{ Roles() []string }
	freshGuard  interface{ Fresh() time.Duration }
	methodGuard interface{ Methods() []string }
)

// GuardedBy declares a guard. The guard's method Check has the signature of the
// interface check, whose data argument has the type data. A mistake in the guard's
// type is part of the declaration, so that the operation is refused with it.
func GuardedBy(guardType, check, data reflect.Type) (d Declaration) {
	d = Declaration{Kind: Guarded, GuardType: guardType}
	defer func() {
		if p := recover(); p != nil {
			d.Err = fmt.Errorf("guard %v panics with its zero value: %v", guardType, p)
		}
	}()
	guard, err := newGuard(guardType, check, data)
	if err != nil {
		d.Err = fmt.Errorf("guard %v %w", guardType, err)
		return d
	}
	if reflect.TypeOf(guard).Implements(check) {
		d.Guard = guard
	}
	if g, ok := guard.(roleGuard); ok {
		d.Roles = slices.Clone(g.Roles())
		if len(d.Roles) == 0 || slices.Contains(d.Roles, "") {
			d.Err = fmt.Errorf("guard %v requires the roles %q: its Roles must return at least one, and none that is empty", guardType, d.Roles)
		}
	}
	if g, ok := guard.(methodGuard); ok {
		d.Methods = slices.Clone(g.Methods())
		if len(d.Methods) == 0 || slices.ContainsFunc(d.Methods, func(m string) bool { return !ValidMethod(m) }) {
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
func newGuard(t, check, data reflect.Type) (any, error) {
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
		"Check":   {guard.Type().Implements(check), fmt.Sprintf("Check(huma.Context, %v) error", data)},
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

// maxMethodLength bounds the name of a method of authentication, in bytes.
const maxMethodLength = 32

// ValidMethod reports whether s may name a method of authentication (RFC 8176).
func ValidMethod(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxMethodLength
}
