package site

import (
	"errors"
	"testing"

	"github.com/go-webauthn/webauthn/webauthn"
)

// TestUsedAtOnce is about two copies of a passkey that sign in at the same time. Both have
// been compared with the same counter before.
func TestUsedAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second uint32
		want          error
	}{
		{"the same count", 8, 8, errCloned},
		{"a lower count", 8, 7, errCloned},
		{"a higher count", 8, 9, nil},
		{"synced passkeys count nothing", 0, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, passkey := newAccounts(), webauthn.Credential{ID: []byte("key")}
			if err := all.create(User{ID: "u1"}, passkey); err != nil {
				t.Fatal(err)
			}
			passkey.Authenticator.SignCount = tt.first
			if err := all.used("u1", passkey); err != nil {
				t.Fatal(err)
			}
			passkey.Authenticator.SignCount = tt.second
			if err := all.used("u1", passkey); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
