package moving

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// ClaimInRedis is Move.Claim for several processes. While Redis is down no session moves.
func ClaimInRedis(client *redis.Client) func(context.Context, string) bool {
	return func(ctx context.Context, cookie string) bool {
		claimed, err := client.SetNX(ctx, fmt.Sprintf("claim:%x", sha256.Sum256([]byte(cookie))), 1, 10*time.Second).Result()
		return claimed && err == nil
	}
}
