package redis_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// rights returns the rules of the user that the manual describes.
func rights(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?s)ACL SETUSER app on >\S+ (.*?)\n` + "```").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/redis.md has no ACL SETUSER")
	}
	return strings.ReplaceAll(string(m[1]), "\\\n", " ")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings []string
		want     []string // a part of each sentence
	}{
		{"as it should be", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy noeviction"}, nil},
		{"evicts", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy allkeys-lru"}, []string{"maxmemory-policy allkeys-lru). Then it logs users out early"}},
		{"would evict", []string{"appendonly yes", "maxmemory-policy volatile-ttl"}, []string{"has no maxmemory; with one, it would evict"}},
		{"keeps nothing", nil, []string{"Set appendonly to yes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartRedis(t, tt.settings...)
			wantSentences(t, redis.New(dial(t, server), nil), tt.want)
		})
	}
	t.Run("has evicted", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartRedis(t, "appendonly yes", "maxmemory-policy allkeys-random")
		store := redis.New(dial(t, server), nil)
		for range 10 {
			mustAdd(t, store, "")
		}
		server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "1")
		_, _ = add(t.Context(), store, "") // makes it evict
		server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "0")
		server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory-policy", "noeviction")
		wantSentences(t, store, []string{"since it started, and some may have been sessions"})
	})
	t.Run("sentinel", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisSentinel(t)
		wantSentences(t, redis.New(dial(t, server), nil), []string{"Set appendonly to yes", "min-replicas-to-write"})
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisCluster(t)
		wantSentences(t, redis.New(dial(t, server), nil), []string{
			"Set appendonly to yes", "min-replicas-to-write",
			"Set appendonly to yes", "min-replicas-to-write",
			"Set appendonly to yes", "min-replicas-to-write",
		})
	})
	t.Run("replica reads", func(t *testing.T) {
		t.Parallel()
		server := servertest.RedisSentinel(t)
		replica := &servertest.Redis{Addrs: server.Addrs[1:2]}
		wantSentences(t, redis.New(dial(t, replica), nil), []string{"sends session scripts to a replica"})
	})
	t.Run("clock skew", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartRedis(t, "appendonly yes")
		for by, want := range map[int][]string{
			60: {"has a clock that is 1m0s from"}, -3600: {"has a clock that is -1h0m0s from"}, 1: nil,
		} {
			wantSentences(t, redis.New(dial(t, &servertest.Redis{Addrs: []string{skewed(t, server.Addrs[0], by)}}), nil), want)
		}
	})
	t.Run("server gone", func(t *testing.T) {
		t.Parallel()
		server := servertest.StartRedis(t)
		store := redis.New(dial(t, server, func(o *rueidis.ClientOption) { o.DisableRetry = true }), nil)
		server.Kill(t, server.Addrs[0])
		if found, err := store.Check(t.Context()); err == nil {
			t.Errorf("got %q and no error", found)
		}
	})
}

func wantSentences(t *testing.T, store *redis.Store, want []string) {
	t.Helper()
	found, err := coretest.CheckInTime(t, store)
	if err != nil || len(found) != len(want) {
		t.Fatalf("got %q and error %v, want %d sentences", found, err, len(want))
	}
	for i := range want {
		if !strings.Contains(found[i], want[i]) {
			t.Errorf("got %q, want %q in it", found[i], want[i])
		}
	}
}

var clockAnswer = regexp.MustCompile(`\*2\r\n\$10\r\n(\d{10})\r\n\$`)

// skewed returns the address of a server whose clock differs by that many
// seconds.
func skewed(t *testing.T, server string, by int) string {
	t.Helper()
	return servertest.NewChangingProxy(t, server, func(data []byte) []byte {
		return clockAnswer.ReplaceAllFunc(data, func(b []byte) []byte {
			at, _ := strconv.Atoi(string(b[9:19]))
			return slices.Concat(b[:9], []byte(strconv.Itoa(at+by)), b[19:])
		})
	}).Addr
}
