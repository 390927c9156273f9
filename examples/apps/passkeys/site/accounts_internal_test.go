package site

import (
	"errors"
	"testing"

	"github.com/go-webauthn/webauthn/webauthn"
)

// TestCreate is about what two tables with unique keys would refuse.
func TestCreate(t *testing.T) {
	all, ada := newAccounts(), User{ID: "u1", Name: "Ada"}
	for _, tt := range []struct {
		name, passkey string
		user          User
		want          error
	}{
		{"first", "a", ada, nil},
		{"the account again, with another passkey", "b", User{ID: "u1", Name: "Eve"}, errTaken},
		{"another account with the passkey", "a", User{ID: "u2"}, errTaken},
		{"another account", "c", User{ID: "u3"}, nil},
	} {
		if err := all.create(tt.user, webauthn.Credential{ID: []byte(tt.passkey)}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if h, err := all.find("u1"); err != nil || h.user != ada || string(h.passkeys[0].ID) != "a" {
		t.Errorf("got %+v and %v, want still Ada with her passkey", h, err)
	}
}

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
