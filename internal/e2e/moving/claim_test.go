package moving_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/internal/e2e/moving"
)

// TestClaims claims one cookie several times. A claim ends, because its answer may be lost.
func TestClaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		claim := moving.ClaimOnce()
		for _, tt := range []struct {
			pause  time.Duration
			cookie string
			want   bool
		}{{0, "a", true}, {0, "a", false}, {0, "b", true}, {9 * time.Second, "a", false}, {2 * time.Second, "a", true}} {
			time.Sleep(tt.pause) // of the bubble's clock
			if got := claim(t.Context(), tt.cookie); got != tt.want {
				t.Errorf("claim of %q: got %v, want %v", tt.cookie, got, tt.want)
			}
		}
	})
	client := redisClient(t)
	cookie := t.Name() + time.Now().String()
	one, other := moving.ClaimInRedis(client), moving.ClaimInRedis(client)
	if first, second := one(t.Context(), cookie), other(t.Context(), cookie); !first || second {
		t.Errorf("in Redis: got %v and %v, want the first only", first, second)
	}
	keys, err := client.Keys(t.Context(), "claim:*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("got keys %q and %v, want one", keys, err)
	}
	for _, key := range keys {
		if left, err := client.TTL(t.Context(), key).Result(); err != nil || left > 10*time.Second || left == -1 {
			t.Errorf("%s: got %v left and %v, want at most ten seconds", key, left, err)
		}
	}
	_ = client.Close()
	if one(t.Context(), "another") {
		t.Error("got a claim while Redis is down, want none")
	}
}
