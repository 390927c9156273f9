package redis_test

import (
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// form is a way to run Redis.
type form struct {
	name   string
	server func(testing.TB) *servertest.Redis
}

var forms = []form{
	{"single", servertest.RedisSingle},
	{"sentinel", servertest.RedisSentinel},
	{"cluster", servertest.RedisCluster},
}

// dial connects a client as a program would. The test closes it.
func dial(tb testing.TB, r *servertest.Redis, change ...func(*rueidis.ClientOption)) rueidis.Client {
	tb.Helper()
	o := rueidis.ClientOption{InitAddress: r.Addrs, ForceSingleClient: len(r.Addrs) == 1}
	if len(r.Sentinels) > 0 {
		o.InitAddress, o.Sentinel.MasterSet = r.Sentinels, r.Primary
	}
	for _, f := range change {
		f(&o)
	}
	client, err := rueidis.NewClient(o)
	if err != nil {
		tb.Fatalf("NewClient: %v", err)
	}
	tb.Cleanup(client.Close)
	return client
}

// open returns a store whose keys no other test uses.
func open(tb testing.TB, client rueidis.Client) *redis.Store {
	tb.Helper()
	return redis.New(client, &redis.Options{Prefix: prefix(tb)})
}

// alone returns a store that deletes its keys at the end of the test.
func alone(tb testing.TB, server *servertest.Redis, client rueidis.Client, o redis.Options) *redis.Store {
	tb.Helper()
	o.Prefix = prefix(tb)
	server.Forget(tb, o.Prefix)
	return redis.New(client, &o)
}

func prefix(tb testing.TB) string {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	return id.String() + ":"
}
