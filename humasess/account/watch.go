package account

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
)

// AccountSessionEnded is the data of the event "ended" of watch-session: nothing that
// one could not know.
type AccountSessionEnded struct{}

// heartbeat keeps proxies from closing a stream that has nothing to say, and
// finds out that nobody listens any more.
const heartbeat = 25 * time.Second

// watch tells when the session ends, and ends.
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
				_ = send.Data(AccountSessionEnded{}) // whoever is gone need not know
			}
			return
		case <-beat.C:
			if send.Comment("still signed in") != nil {
				return
			}
		}
	}
}

// unbuffered tells nginx to pass the stream on as it comes. It would hold it back
// otherwise, headers and heartbeats included, until its buffer is full.
func unbuffered(ctx huma.Context, next func(huma.Context)) {
	ctx.SetHeader("X-Accel-Buffering", "no")
	next(ctx)
}

// events are those of the stream, by their names.
var events = map[string]any{"ended": AccountSessionEnded{}}
