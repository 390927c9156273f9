package redis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"
)

const (
	// A slot of a Cluster migrates one key after another. Until all keys of a
	// group are in one place, its scripts are refused with TRYAGAIN. Pauses are
	// random, so requests do not come back together.
	minRetry = 5 * time.Millisecond
	maxRetry = 50 * time.Millisecond

	// retryWithin bounds the retries of a call whose context has no deadline.
	retryWithin = 3 * time.Second
)

// again reports whether a script has not run and may be sent once more: as full
// text, or after a pause.
func again(err error) bool {
	e, ok := rueidis.IsRedisErr(err)
	return ok && (e.IsNoScript() || e.IsTryAgain())
}

// exec executes a script. It first checks the context, because a call whose
// context has ended must have no effect. After TRYAGAIN nothing has changed, so
// exec sends the script again until the context ends.
func (s *Store) exec(ctx context.Context, script *rueidis.Lua, keys, args []string) (rueidis.RedisMessage, error) {
	if err := ctx.Err(); err != nil {
		return rueidis.RedisMessage{}, err
	}
	var first time.Time // of a TRYAGAIN
	for {
		result := s.once(ctx, script, keys, args)
		err := result.Error()
		if err == nil {
			return result.ToMessage()
		}
		e, ok := rueidis.IsRedisErr(err)
		switch migrating := ok && e.IsTryAgain(); {
		case ctx.Err() != nil && (migrating || !first.IsZero()):
			return rueidis.RedisMessage{}, migratingError(ctx.Err())
		case !migrating:
			return rueidis.RedisMessage{}, explain(err)
		case first.IsZero():
			first = time.Now()
		default:
			if _, bounded := ctx.Deadline(); !bounded && time.Since(first) > retryWithin {
				return rueidis.RedisMessage{}, explain(err)
			}
		}
		timer := time.NewTimer(minRetry + rand.N(maxRetry-minRetry)) //nolint:gosec // spreads load; it is not a secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return rueidis.RedisMessage{}, migratingError(ctx.Err())
		case <-timer.C:
		}
	}
}

// migratingError explains why a call has lasted until its context ended.
func migratingError(err error) error { return fmt.Errorf("redis: %s: %w", migratingText, err) }

// doMulti sends commands together.
func (s *Store) doMulti(ctx context.Context, commands rueidis.Commands) ([]rueidis.RedisResult, error) {
	var results []rueidis.RedisResult
	if s.link.up() {
		results = s.client.DoMulti(ctx, commands...)
	} else {
		var err error
		if results, err = apart(ctx, func() []rueidis.RedisResult { return s.client.DoMulti(ctx, commands...) }); err != nil {
			return nil, explain(err)
		}
	}
	for i := range results {
		s.link.note(results[i].Error())
	}
	return results, nil
}

// once sends a script.
func (s *Store) once(ctx context.Context, script *rueidis.Lua, keys, args []string) rueidis.RedisResult {
	var result rueidis.RedisResult
	if s.link.up() {
		result = script.Exec(ctx, s.client, keys, args)
	} else {
		var err error
		if result, err = apart(ctx, func() rueidis.RedisResult { return script.Exec(ctx, s.client, keys, args) }); err != nil {
			return rueidis.NewErrorResult(err)
		}
	}
	s.link.note(result.Error())
	return result
}
