package humasess

import (
	"errors"
	"fmt"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/stores"
)

var (
	errAnonymous      = errors.New("the data have no identity, so they belong to an anonymous session: start it with Update")
	errBecomesNobody  = errors.New("Update must not take the identity out of the data: end the session with Destroy")
	errIdentityLocked = errors.New("UpdateIdentity must not change the identity")
	errNoIdentity     = errors.New("Options.Identity is not set")
)

// admitsAnonymous reports whether an anonymous session satisfies a requirement.
// Without Options.Identity no session has an identity, so every one does.
func (m *Manager[T]) admitsAnonymous() bool {
	return !m.users.Known() || m.opts.AnonymousSuffices
}

// indexes refuses an identity that has no sessions.
func (m *Manager[T]) indexes(identity string) error {
	if !m.users.Known() {
		return gate.Fail(errors.ErrUnsupported, errNoIdentity)
	}
	if m.users.Real(identity) == "" {
		return gate.Fail(gate.ErrInvalid, fmt.Errorf("the identity %q is that of data without a user: %w", identity, stores.ErrNoIdentity))
	}
	return nil
}
