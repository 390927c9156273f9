package cookie_test

import (
	"net/http"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

func TestTake(t *testing.T) {
	sealer, revoked := aead(t, key(t)), memory.NewRevocations()
	open := func() *cookie.Store { return cookie.New(sealer, &cookie.Options{Revoked: revoked}) }
	coretest.Take(t, open(), open())
}

// TestTakeReplay has a store that accepts copies of a cookie after the end of its session.
func TestTakeReplay(t *testing.T) {
	r := serve(t, aead(t, key(t)), &cookie.Options{AllowReplayAfterLogout: true})
	c := coretest.SignIn(t, r.handler, "ada")
	coretest.Do(t, c, "POST", "/take", http.StatusNotImplemented)
	coretest.Do(t, c, "GET", "/me", http.StatusOK)
}
