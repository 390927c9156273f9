package redis_test

import (
	"context"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/humasess/sessions/stores/storetest"
)

func TestRevocations(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, f.server(t))
			storetest.RunRevocations(t, func(t *testing.T) stores.Revocations {
				return redis.NewRevocations(client, &redis.Options{Prefix: prefix(t)})
			})
		})
	}
}

// Marks have no time to live. If they are lost, cookies from before are
// refused.
func TestRevocationsAreKept(t *testing.T) {
	t.Parallel()
	client := dial(t, forms[0].server(t))
	p := prefix(t)
	r := redis.NewRevocations(client, &redis.Options{Prefix: p})
	if _, err := r.RevokeIdentity(t.Context(), "ada", 0); err != nil {
		t.Fatal(err)
	}
	before, err := r.Check(t.Context(), stores.ID{1}, "ada")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{p + "{revoked}marks", p + "{revoked}due"} {
		if ttl, err := client.Do(context.Background(), client.B().Ttl().Key(key).Build()).AsInt64(); ttl != -1 || err != nil {
			t.Errorf("%s: got a time to live of %d, %v, want none", key, ttl, err)
		}
	}
	if err := client.Do(context.Background(), client.B().Del().Key(p+"{revoked}marks").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if after, err := r.Check(t.Context(), stores.ID{1}, "ada"); err != nil || after.Era == before.Era {
		t.Errorf("after a loss: got %+v, %v, want another era than %d", after, err, before.Era)
	}
}

// TestRevocationTrips counts the round trips of each call.
func TestRevocationTrips(t *testing.T) {
	proxy := servertest.NewProxy(t, servertest.RedisSingle(t).Addrs[0])
	client := dial(t, &servertest.Redis{Addrs: []string{proxy.Addr}}, oneConnection)
	r := redis.NewRevocations(client, &redis.Options{Prefix: prefix(t)})
	coretest.RevocationTrips(t, r, proxy.Trips)
}
