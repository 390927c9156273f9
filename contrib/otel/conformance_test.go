package humasessotel_test

import (
	"testing"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

// The tests of Redis, PostgreSQL and SQLite are in internal/e2e/telemetry.
func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) stores.Store {
		return newRig(t, humasessotel.Options{SessionID: true, Identity: true}).Store(memory.New(nil))
	}, &storetest.Options{Rounds: 10})
}

// The promises of the core hold on an observed store, too.
func TestCore(t *testing.T) {
	for _, b := range coretest.Behaviours {
		inner := memory.New(nil)
		one, other := newRig(t, humasessotel.Options{}), newRig(t, humasessotel.Options{})
		b.Run(t, coretest.Shared{One: one.Store(inner), Other: other.Store(inner)})
	}
}

// A client-side store works as before, and the calls of its revocations have spans.
func TestClientSide(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	store := r.Store(cookie.New(sealer(t), &cookie.Options{Revoked: r.Revocations(memory.NewRevocations())}))
	handler, _ := r.serve(t, store, nil)
	c := newClient(handler)
	c.must(t, "POST", "/login", 204)
	c.must(t, "GET", "/me", 200)
	c.must(t, "POST", "/logout", 204)
	equal(t, "spans", r.names(), []string{
		"POST /login > check revocation", "POST /login",
		"GET /me > check revocation", "GET /me",
		"POST /logout > check revocation", "POST /logout > check revocation", "POST /logout > end revocation", "POST /logout",
	})
}

func sealer(tb testing.TB) security.Sealer {
	tb.Helper()
	key, err := security.GenerateKey()
	if err != nil {
		tb.Fatal(err)
	}
	s, err := security.NewAEAD(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
