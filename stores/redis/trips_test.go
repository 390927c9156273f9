package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// oneConnection makes a client use one connection, so that parallel trips
// follow each other. It also keeps the client from opening a connection during
// the count.
func oneConnection(o *rueidis.ClientOption) { o.PipelineMultiplex = -1 }

// counted returns a store behind a proxy that counts round trips.
func counted(t *testing.T) coretest.Counted {
	t.Helper()
	server := servertest.RedisSingle(t)
	proxy := servertest.NewProxy(t, server.Addrs[0])
	p := prefix(t)
	store := redis.New(dial(t, &servertest.Redis{Addrs: []string{proxy.Addr}}, oneConnection), &redis.Options{Prefix: p})
	return coretest.Counted{Store: store, Trips: proxy.Trips, Age: func(t *testing.T, id stores.ID, unused time.Duration) {
		t.Helper()
		plain := store.Plain(id)
		setUnused(t, server, fmt.Sprintf("%s{%x}s", p, store.Tag(id)), plain[:], unused)
	}}
}

// TestRoundTrips counts the round trips for each operation of an API. A session
// and the one that it replaces may be on different servers, so that takes a step
// more.
func TestRoundTrips(t *testing.T) { counted(t).RoundTrips(t, 3) }

func TestStoreRoundTrips(t *testing.T) { counted(t).StoreRoundTrips(t) }
