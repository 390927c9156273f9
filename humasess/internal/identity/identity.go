// Package identity knows which user session data belong to, and with which roles.
package identity

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Type knows the identity and the roles of data of one type. It is safe for concurrent
// use if the functions of the program are.
type Type[T any] struct {
	of     func(T) string
	roles  func(T) []string
	scheme string
	zero   string // identity of the zero T, which stands for no user
}

// New returns a Type for the scheme of a manager. Both functions may be nil. The
// identity function must accept the zero T, because an anonymous session that Update
// starts has such data.
func New[T any](scheme string, of func(T) string, roles func(T) []string) (t *Type[T], err error) {
	t = &Type[T]{of: of, roles: roles, scheme: scheme}
	if of == nil {
		return t, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("Identity panics for the zero %v, which anonymous sessions have: %v", reflect.TypeFor[T](), p)
		}
	}()
	var v T
	t.zero = of(v)
	return t, nil
}

// Known reports whether data have identities at all.
func (t *Type[T]) Known() bool { return t.of != nil }

// Of returns the identity of data, or "" for data without a user.
func (t *Type[T]) Of(data T) string {
	if t.of == nil {
		return ""
	}
	return t.Real(t.of(data))
}

// Real returns "" for the identity of the zero T. strconv.Itoa, for example, gives "0"
// for data without a user.
func (t *Type[T]) Real(identity string) string {
	if identity == t.zero {
		return ""
	}
	return identity
}

// Owner returns the identity in the form that the store knows. The scheme's key
// separates the users of two managers that share a store.
func (t *Type[T]) Owner(data T) string { return t.Qualify(t.Of(data)) }

// Owns reports whether data have the identity that the store knows as owner. It is
// Owner(*data) == owner without the allocation.
func (t *Type[T]) Owns(data *T, owner string) bool {
	identity := t.Of(*data)
	if identity == "" || owner == "" {
		return identity == owner
	}
	prefix, ok := strings.CutSuffix(owner, identity)
	return ok && len(prefix) == len(t.scheme)+1 && strings.HasPrefix(prefix, t.scheme)
}

// Qualify returns the owner for an identity.
func (t *Type[T]) Qualify(identity string) string {
	if identity == "" {
		return ""
	}
	return t.scheme + "/" + identity
}

// Unqualify is the inverse of Qualify.
func (t *Type[T]) Unqualify(owner string) string {
	if rest, ok := strings.CutPrefix(owner, t.scheme); ok && strings.HasPrefix(rest, "/") {
		return rest[1:]
	}
	return owner
}

// ErrOther is the reason why data that decode are undecodable: a renamed field, for
// example, decodes as an anonymous user.
var ErrOther = errors.New("stored data have another identity than their session")

// Match returns ErrOther unless data have the identity of their record.
func (t *Type[T]) Match(data *T, owner string) error {
	if t.of == nil || t.Owns(data, owner) {
		return nil
	}
	return ErrOther
}

// Covers reports whether data have all of the roles.
func (t *Type[T]) Covers(data T, roles []string) bool {
	if len(roles) == 0 {
		return true
	}
	if t.roles == nil {
		return false
	}
	has := t.roles(data)
	return !slices.ContainsFunc(roles, func(role string) bool { return !slices.Contains(has, role) })
}

// Lacks returns the roles that data do not have.
func (t *Type[T]) Lacks(data T, roles []string) (lacks []string) {
	for i, role := range roles {
		if !t.Covers(data, roles[i:i+1]) {
			lacks = append(lacks, role)
		}
	}
	return lacks
}

var (
	errIdentityLost = errors.New("the data come back from the codec with another identity")
	errRolesLost    = errors.New("the data come back from the codec with other roles")
)

// Kept returns an error if data came back from the codec with another identity or with
// other roles.
func (t *Type[T]) Kept(data, back *T) error {
	switch {
	case t.of != nil && t.of(*back) != t.of(*data):
		return errIdentityLost
	case t.roles != nil && !sameRoles(t.roles(*back), t.roles(*data)):
		return errRolesLost
	}
	return nil
}

// sameRoles compares sets: Roles may range over a map.
func sameRoles(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
