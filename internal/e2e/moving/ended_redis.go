package moving

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// EndedInRedis is the list as keys in Redis.
type EndedInRedis struct{ *redis.Client }

// Add notes an end.
func (e EndedInRedis) Add(ctx context.Context, s Found) error {
	return e.Set(ctx, endedKey(s), 1, max(time.Until(s.Ends), time.Second)).Err()
}

// Has reports whether a session has ended.
func (e EndedInRedis) Has(ctx context.Context, s Found) (bool, error) {
	n, err := e.Exists(ctx, endedKey(s)).Result()
	return n > 0, err
}
