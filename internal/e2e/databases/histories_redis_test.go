package databases_test

import (
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// redisKinds are the forms of Redis.
var redisKinds = []kind{
	redisKind("redis", servertest.RedisSingle),
	redisKind("redis sentinel", servertest.RedisSentinel),
	redisKind("redis cluster", servertest.RedisCluster),
}

// redisKind keeps each test's sessions under a separate prefix.
func redisKind(name string, server func(testing.TB) *servertest.Redis) kind {
	return kind{name, func(tb testing.TB) place {
		tb.Helper()
		r := server(tb)
		addrs := r.Addrs
		if len(r.Sentinels) > 0 {
			addrs = r.Sentinels
		}
		prefix := newName(tb) + ":"
		r.Forget(tb, prefix)
		return placeAt(name, strings.Join([]string{strings.Join(addrs, ","), prefix, r.Primary}, " "))
	}}
}

// openRedis opens a store on a client of its own.
func openRedis(tb testing.TB, where string) stores.Store {
	tb.Helper()
	parts := strings.Split(where, " ")
	o := rueidis.ClientOption{InitAddress: strings.Split(parts[0], ",")}
	o.ForceSingleClient = len(o.InitAddress) == 1
	o.Sentinel.MasterSet = parts[2]
	client, err := rueidis.NewClient(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	return redis.New(client, &redis.Options{Prefix: parts[1]})
}
