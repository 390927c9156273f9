package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/apps/production/password"
)

const right = "analytical engine"

func TestHash(t *testing.T) {
	t.Parallel()
	h := password.New(1)
	hash, err := h.Hash(t.Context(), right)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("got %q, %v, want the cost in the hash", hash, err)
	}
	if again, _ := h.Hash(t.Context(), right); again == hash {
		t.Error("got the same hash again, want another salt")
	}
	// This is the hash of the reference implementation for "password" with "somesalt".
	const older = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	tests := []struct {
		name, password, stored string
		ok, outdated           bool
	}{
		{"right", right, hash, true, false},
		{"wrong", right + ".", hash, false, false},
		{"an unknown user", right, "", false, false},
		{"of another cost", "password", older, true, true},
		{"of another cost, and wrong", "passwort", older, false, false},
	}
	for _, tt := range tests {
		ok, outdated, err := h.Verify(t.Context(), tt.password, tt.stored)
		if ok != tt.ok || outdated != tt.outdated || err != nil {
			t.Errorf("%s: got %v, outdated %v, error %v, want %v and %v", tt.name, ok, outdated, err, tt.ok, tt.outdated)
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	t.Parallel()
	h := password.New(1)
	for _, stored := range []string{
		"x", "$2a$10$secretsecret", "$argon2id$v=16$m=8,t=1,p=1$c29tc2FsdA$CTFh", "$argon2id$v=19$m=8,t=0,p=1$c29tc2FsdA$CTFh",
		"$argon2id$v=19$m=8,t=1,p=0$c29tc2FsdA$CTFh", "$argon2id$v=19$m=8,t=1,p=1$c29tc2FsdA$", "$argon2id$v=19$m=8,t=1,p=1$?$CTFh",
	} {
		ok, _, err := h.Verify(t.Context(), right, stored)
		if ok || err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, %v, want an error without the hash", stored, ok, err)
		}
	}
}

// TestTurns checks that all work waits for a turn. A hasher without turns never begins,
// so a call that returned another error did not wait, and an unknown user that did not
// wait could be told from the time.
func TestTurns(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := password.New(0)
	if _, err := h.Hash(ctx, right); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: got %v, want the error of the context", err)
	}
	if _, _, err := h.Verify(ctx, right, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify of an unknown user: got %v, want the error of the context", err)
	}
}
