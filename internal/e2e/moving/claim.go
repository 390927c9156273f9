package moving

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// docs: begin claim

// ClaimOnce is Move.Claim for one process. A claim counts for ten seconds, because the answer
// with our cookie may get lost.
func ClaimOnce() func(context.Context, string) bool {
	var claimed sync.Map
	return func(_ context.Context, cookie string) bool {
		_, taken := claimed.LoadOrStore(cookie, true)
		if !taken {
			time.AfterFunc(10*time.Second, func() { claimed.Delete(cookie) })
		}
		return !taken
	}
}

// ClaimInRedis is Move.Claim for several processes. While Redis is down no session moves.
func ClaimInRedis(client *redis.Client) func(context.Context, string) bool {
	return func(ctx context.Context, cookie string) bool {
		claimed, err := client.SetNX(ctx, fmt.Sprintf("claim:%x", sha256.Sum256([]byte(cookie))), 1, 10*time.Second).Result()
		return claimed && err == nil
	}
}

// docs: end
