package redis_test

import (
	"context"
	"testing"

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

// Marks have no time to live, and cookies from before are refused when they
// are lost.
func TestRevocationsAreKept(t *testing.T) {
	t.Parallel()
	client := dial(t, forms[0].server(t))
	p := prefix(t)
	r := redis.NewRevocations(client, &redis.Options{Prefix: p})
	if _, err := r.RevokeIdentity(t.Context(), "ada"); err != nil {
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
