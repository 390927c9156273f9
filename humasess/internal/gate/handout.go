package gate

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// handOut prepares the response for a handler that takes the router's own context or
// writer, for example by humago.Unwrap. The handler may then write without the gate.
//
// The response gets the headers of the session. handOut commits a pending change,
// because later its cookie could not be added to these headers.
func (r *Request) handOut(ctx huma.Context) {
	if r.outcome != undecided {
		return
	}
	for i := range r.sessions {
		if change, _ := r.sessions[i].Unwritten(); change {
			r.begun(ctx, http.StatusOK)
			return
		}
	}
	rules := r.rulesNow(false)
	if !r.exposed || r.plain != nil {
		rules.Complete(ctx)
	}
	r.exposed = true
	if !rules.Private {
		return
	}
	response.Scrub(ctx, false)
	if h := response.StandardHeader(ctx); r.plain == nil || len(h["Cache-Control"]) == 0 {
		ctx.SetHeader("Cache-Control", "no-store")
	}
}

// dropUnsent drops changes that need a cookie, if the handler may have sent its
// response without the gate. The client never receives that cookie.
func (r *Request) dropUnsent() {
	if !r.exposed {
		return
	}
	for i := range r.sessions {
		if _, cookie := r.sessions[i].Unwritten(); cookie {
			// An error has an event of its own.
			_ = r.sessions[i].Commit(http.StatusInternalServerError)
			r.entry.sessions[i].manager.Unsent(r.parent, r.entry.op)
		}
	}
}
