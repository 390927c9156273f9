package humasess

import (
	"github.com/humasess/sessions/humasess/internal/lifecycle"

	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/stores"
)

// zeroIdentity returns the identity of the zero T, which stands for no user.
// Options.Identity must accept the zero T, because an anonymous session that
// Update starts has such data.
func zeroIdentity[T any](identity func(T) string) (zero string, err error) {
	if identity == nil {
		return "", nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("Identity panics for the zero %v, which anonymous sessions have: %v", reflect.TypeFor[T](), p)
		}
	}()
	var t T
	return identity(t), nil
}

// identityOf returns the identity of data, or "" for data without a user.
func (m *Manager[T]) identityOf(data T) string {
	if m.opts.Identity == nil {
		return ""
	}
	return m.realIdentity(m.opts.Identity(data))
}

// realIdentity returns "" for the identity of the zero T. strconv.Itoa, for
// example, gives "0" for data without a user.
func (m *Manager[T]) realIdentity(identity string) string {
	if identity == m.noIdentity {
		return ""
	}
	return identity
}

// owner returns the identity in the form that the store knows. The scheme's key
// separates the users of two managers that share a store.
func (m *Manager[T]) owner(data T) string { return m.qualify(m.identityOf(data)) }

// owns reports whether data have the identity that the store knows as owner. It
// is m.owner(*data) == owner without the allocation.
func (m *Manager[T]) owns(data *T, owner string) bool {
	identity := m.identityOf(*data)
	if identity == "" || owner == "" {
		return identity == owner
	}
	prefix, ok := strings.CutSuffix(owner, identity)
	return ok && len(prefix) == len(m.scheme)+1 && strings.HasPrefix(prefix, m.scheme)
}

func (m *Manager[T]) qualify(identity string) string {
	if identity == "" {
		return ""
	}
	return m.scheme + "/" + identity
}

// identity is the inverse of qualify.
func (m *Manager[T]) identity(owner string) string {
	return strings.TrimPrefix(owner, m.scheme+"/")
}

// admitsAnonymous reports whether an anonymous session satisfies a requirement.
// Without Options.Identity no session has an identity, so every one does.
func (m *Manager[T]) admitsAnonymous() bool {
	return m.opts.Identity == nil || m.opts.AnonymousSuffices
}

// errOtherIdentity is the reason why data that decode are undecodable: a
// renamed field, for example, decodes as an anonymous user.
var errOtherIdentity = errors.New("stored data have another identity than their session")

// matches returns errOtherIdentity unless data have the identity of their record.
func (m *Manager[T]) matches(data *T, owner string) error {
	if m.opts.Identity == nil || m.owns(data, owner) {
		return nil
	}
	return errOtherIdentity
}

var (
	errAnonymous      = errors.New("the data have no identity, so they belong to an anonymous session: start it with Update")
	errBecomesNobody  = errors.New("Update must not take the identity out of the data: end the session with Destroy")
	errIdentityLost   = errors.New("the data come back from the codec with another identity")
	errRolesLost      = errors.New("the data come back from the codec with other roles")
	errDoesNotDecode  = errors.New("the codec cannot decode its own output")
	errIdentityLocked = errors.New("UpdateIdentity must not change the identity")
)

// encode returns data as the store keeps them, and reports whether decoding
// gives exactly the same data. It refuses data that would come back with another
// identity or with other roles: such a session would belong to another user, or
// to none, from the next request on.
func (m *Manager[T]) encode(data *T) (encoded []byte, exact bool, err error) {
	encoded, err = m.values.Encode(data)
	if err != nil {
		return nil, false, fmt.Errorf("encode %T: %w", *data, err)
	}
	if m.values.Exact(data) {
		return encoded, true, nil
	}
	back, err := m.values.Decode(encoded)
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errDoesNotDecode, err)
	case m.opts.Identity != nil && m.opts.Identity(*back) != m.opts.Identity(*data):
		err = errIdentityLost
	case m.opts.Roles != nil && !sameRoles(m.opts.Roles(*back), m.opts.Roles(*data)):
		err = errRolesLost
	}
	if err != nil {
		return nil, false, fmt.Errorf("%T: %w", *data, err)
	}
	return encoded, false, nil
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

func (m *Manager[T]) indexes(identity string) error {
	if m.opts.Identity == nil {
		return gate.Fail(errors.ErrUnsupported, errNoIdentity)
	}
	if m.realIdentity(identity) == "" {
		return gate.Fail(gate.ErrInvalid, fmt.Errorf("the identity %q is that of data without a user: %w", identity, stores.ErrNoIdentity))
	}
	return nil
}

var errNoIdentity = errors.New("Options.Identity is not set")

// activeOwner is the identity of the active session.
func (s *state[T]) activeOwner() string {
	if s.life.Next != lifecycle.NextSame {
		return s.pending.owner
	}
	return s.rec.Identity
}
