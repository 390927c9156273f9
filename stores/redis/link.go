package redis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// recent is how long after an answer of the server the connection counts as up.
const recent = 20 * time.Millisecond

// link knows when the server last answered.
//
// A client that has lost its connection makes one for all of its callers. They wait for the
// first one's attempt, which may last longer than their own contexts. So a call that follows
// no recent answer runs in a goroutine, and its caller leaves when its context ends. The
// goroutine ends with the attempt, and then sends nothing: a client sends no command whose
// context has ended. Under load answers are recent, and no call pays for a goroutine.
type link struct {
	start    time.Time // with a monotonic reading
	answered atomic.Int64
}

func newLink() *link { return &link{start: time.Now()} }

// up reports whether the server answered a moment ago.
func (l *link) up() bool { return int64(time.Since(l.start))-l.answered.Load() < int64(recent) }

// note takes the error of a call. Any answer of the server will do.
func (l *link) note(err error) {
	if _, refused := rueidis.IsRedisErr(err); err == nil || refused || rueidis.IsRedisNil(err) {
		l.answered.Store(int64(time.Since(l.start)))
	}
}

// apart calls f in a goroutine, and returns the context's error if it ends first.
func apart[R any](ctx context.Context, f func() R) (R, error) {
	done := make(chan R, 1)
	go func() { done <- f() }()
	select {
	case r := <-done:
		return r, nil
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
}

// do sends a command to one server, for calls that are not frequent.
func do(ctx context.Context, server rueidis.Client, command rueidis.Completed) rueidis.RedisResult {
	result, err := apart(ctx, func() rueidis.RedisResult { return server.Do(ctx, command) })
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	return result
}
