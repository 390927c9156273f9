package account

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
)

// AccountSessionEnded is the data of the event "ended" of watch-session. It is empty.
type AccountSessionEnded struct{}

// heartbeat is the interval of comments in the stream. They keep proxies from closing
// an idle stream, and they reveal that the client has gone.
const heartbeat = 25 * time.Second

// watch sends an event when the session ends, and returns.
func (h *handlers[T, V]) watch(ctx context.Context, in *requiredInput[T], send sse.Sender) {
	ended := in.Session.Done()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			if ctx.Err() == nil {
				_ = send.Data(AccountSessionEnded{}) // an error means that the client has gone
			}
			return
		case <-beat.C:
			if send.Comment("still signed in") != nil {
				return
			}
		}
	}
}

// unbuffered sets a header that disables nginx's buffer for the stream. Otherwise
// nginx holds back headers and heartbeats until its buffer is full.
func unbuffered(ctx huma.Context, next func(huma.Context)) {
	ctx.SetHeader("X-Accel-Buffering", "no")
	next(ctx)
}

// events maps the names of the stream's events to their data.
var events = map[string]any{"ended": AccountSessionEnded{}}
