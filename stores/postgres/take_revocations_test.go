package postgres_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
)

// TestTakeByRevocations has client-side sessions of two processes. The mark of the end
// decides which request gets the data.
func TestTakeByRevocations(t *testing.T) {
	t.Parallel()
	key, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := security.NewAEAD(key)
	if err != nil {
		t.Fatal(err)
	}
	revoked := openRevocations(t, shared(t))
	open := func() *cookie.Store { return cookie.New(sealer, &cookie.Options{Revoked: revoked}) }
	coretest.Take(t, open(), open())
}
