package site

import (
	"bytes"
	"errors"
	"slices"
	"sync"

	"github.com/go-webauthn/webauthn/webauthn"
)

// holder is an account with its passkeys. It implements [webauthn.User].
type holder struct {
	user     User
	passkeys []webauthn.Credential
}

var _ webauthn.User = holder{}

// WebAuthnID returns the user handle, which the passkey stores. It says nothing about the
// user.
func (h holder) WebAuthnID() []byte { return []byte(h.user.ID) }

// WebAuthnName returns the name that the browser shows beside the passkey.
func (h holder) WebAuthnName() string { return h.user.Name }

// WebAuthnDisplayName is as WebAuthnName.
func (h holder) WebAuthnDisplayName() string { return h.user.Name }

// WebAuthnCredentials returns the passkeys.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.passkeys }

var (
	errTaken   = errors.New("the account exists, or the passkey belongs to another one")
	errUnknown = errors.New("the account does not exist")
	errCloned  = errors.New("the counter of the passkey went back, so there may be a copy of it")
)

// accounts stands for two tables of a database: accounts, and passkeys with the columns
// credential ID (unique), account ID and webauthn.Credential as JSON. Each method would
// be a transaction.
type accounts struct {
	mu   sync.Mutex
	byID map[string]holder
}

func newAccounts() *accounts { return &accounts{byID: map[string]holder{}} }

// create adds an account with its first passkey, and never changes one that exists. A
// credential ID belongs to one account (WebAuthn § 7.1).
func (a *accounts) create(user User, passkey webauthn.Credential) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, exists := a.byID[user.ID]; exists {
		return errTaken
	}
	for _, h := range a.byID {
		if indexOf(h, passkey.ID) >= 0 {
			return errTaken
		}
	}
	a.byID[user.ID] = holder{user, []webauthn.Credential{passkey}}
	return nil
}

// find returns the account with a user handle.
func (a *accounts) find(id string) (holder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.byID[id]
	if !ok {
		return holder{}, errUnknown
	}
	h.passkeys = slices.Clone(h.passkeys)
	return h, nil
}

// used stores a passkey after its use. Some authenticators count the uses of a passkey; a
// counter that does not grow is the mark of a copy. The library has compared it with the
// counter that find returned. It is compared again here, because two copies may sign in
// at the same time. The counter of synced passkeys is always 0 and shows nothing.
func (a *accounts) used(id string, passkey webauthn.Credential) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.byID[id]
	i := indexOf(h, passkey.ID)
	if !ok || i < 0 {
		return errUnknown
	}
	before, after := h.passkeys[i].Authenticator.SignCount, passkey.Authenticator.SignCount
	if passkey.Authenticator.CloneWarning || before != 0 && after <= before {
		return errCloned // and keep the higher counter, so that the copy stays refused
	}
	h.passkeys = slices.Clone(h.passkeys)
	h.passkeys[i] = passkey
	a.byID[id] = h
	return nil
}

// remove deletes an account with its passkeys.
func (a *accounts) remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byID, id)
}

func indexOf(h holder, credentialID []byte) int {
	return slices.IndexFunc(h.passkeys, func(c webauthn.Credential) bool { return bytes.Equal(c.ID, credentialID) })
}
