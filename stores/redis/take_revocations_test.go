package redis_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/redis"
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
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			client, p := dial(t, f.server(t)), prefix(t)
			open := func() *cookie.Store {
				return cookie.New(sealer, &cookie.Options{Revoked: redis.NewRevocations(client, &redis.Options{Prefix: p})})
			}
			coretest.Take(t, open(), open())
		})
	}
}
