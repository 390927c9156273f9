package humasess

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// handOut prepares the response for a handler that asks for the router's own
// context or writer, as humago.Unwrap does. The handler may write there without us.
//
// The response gets the headers that follow from the session. A change that is
// pending is committed, because its cookie must be among these headers: this is
// the last moment to put it there.
func (r *request) handOut(ctx huma.Context) {
	if r.outcome != undecided {
		return
	}
	for i := range r.entry.sessions {
		if change, _ := r.session(i).unwritten(); change {
			r.begun(ctx, http.StatusOK)
			return
		}
	}
	rules := r.rulesNow(false)
	if !r.exposed || r.plain != nil {
		rules.complete(ctx)
	}
	r.exposed = true
	if !rules.private {
		return
	}
	scrub(ctx, false)
	if h := standardHeader(ctx); r.plain == nil || len(h["Cache-Control"]) == 0 {
		ctx.SetHeader("Cache-Control", "no-store")
	}
}

// dropUnsent drops changes that need a cookie, if the handler may have sent its
// response without us: the client never receives that cookie.
func (r *request) dropUnsent() {
	if !r.exposed {
		return
	}
	for i := range r.entry.sessions {
		if _, cookie := r.session(i).unwritten(); cookie {
			// An error has an event of its own.
			_ = r.session(i).commit(http.StatusInternalServerError)
			r.entry.sessions[i].manager.unsent(r.parent, r.entry.op)
		}
	}
}

// unwritten reports whether a change is pending that the program asked for, and
// whether it needs a cookie. Renewals that are due do not count, nor does a cookie
// that only has a former scope or key: the next request makes up for them.
func (s *state[T]) unwritten() (change, cookie bool) {
	defer s.unlock(s.lock())
	if s.life.closed {
		return false, false
	}
	p := s.life.plan()
	change = p.create || p.delete || p.endOthers || p.update && !p.optional || s.life.cookie != cookieKeep
	reissue := s.old && p.update && p.rotate == rotateNo && !s.life.travels && s.pending.remember == nil
	return change, change && p.cookie == cookieSet && !reissue
}

func (m *Manager[T]) unsent(ctx context.Context, op *huma.Operation) {
	m.opts.Logger.ErrorContext(outside(ctx), "session change dropped: the handler took the router's writer before the change and wrote the response with it, so no cookie could be sent; "+ //nolint:lll // one message
		"change the session before Unwrap", "operation", operationName(op), "scheme", m.scheme)
}
