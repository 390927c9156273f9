package gate

import (
	"context"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// Request is one request to an operation that uses sessions. The goroutine of the
// handler uses it, as with huma. The sessions lock themselves.
type Request struct {
	scope  scope
	outer  *Request     // the request around this one, which lends it sessions
	gate   *Gate        // nil outside an API
	plain  *plainWriter // nil inside an API
	entry  *entry
	parent context.Context
	began  time.Time // on the monotonic clock, before credentials were checked

	sessions []slot  // of entry.sessions, in order
	one      [1]slot // saves the usual request an allocation

	held     response.Headers
	rules    response.Rules // once the handler's response is committed
	body     response.Body
	proved   bool // a scheme of the program has brought the user
	exposed  bool // the handler may write past the gate; see handOut
	loads    loadContext
	writes   commitContext
	notes    commitContext // of writes that follow from tokens; see confirmRecord and reused
	outcome  outcome
	admitted bool
	returned bool
	asked    bool   // huma has looked for a marker, so it is embedded by value
	handle   string // names the request to a marker; see binding
	misbound bool   // huma has looked for a marker of a kind that is not declared

	// Whether the session is extended when the answer is an error; see extends.
	reached atomic.Bool // huma has called the handler
	unfresh atomic.Bool // the session has told the handler that the user must authenticate again

	// For Session.Done.
	taken    bool // a stream or a hijacker goes on after the handler
	watching atomic.Uint32
}

// outcome is the result of the commit.
type outcome uint8

const (
	undecided outcome = iota
	committed
	failed // the gate has written the answer; the handler's is discarded
)

// newRequest prepares a request to an operation. Inside of [Handler] it borrows the
// sessions of the outer request.
func newRequest(e *entry, ctx huma.Context) *Request {
	outer := lender(ctx)
	r := e.allocate(outer)
	for i := len(r.sessions); i < len(e.sessions); i++ {
		s := outer.lend(e.sessions[i].manager)
		if s.Session == nil {
			s.Session = e.sessions[i].manager.NewState()
		}
		r.sessions = append(r.sessions, s)
	}
	r.entry, r.outer = e, outer
	r.parent, r.began = ctx.Context(), time.Now()
	if outer != nil {
		r.began = outer.began
	}
	r.loads.parent, r.loads.budget = r.parent, &e.budget
	r.writes.parent, r.writes.budget = r.parent, &e.budget
	r.notes.parent, r.notes.budget = r.parent, &e.budget
	r.scope = scope{humaContext: ctx, r: r}
	r.scope.ctx = &r.scope
	for i := range r.sessions {
		r.sessions[i].Enter(r, e.sessions[i].login())
	}
	return r
}

// allocate returns a request and its first session, in one piece if the session is
// not a borrowed one. An operation with schemes of the program alone has none.
func (e *entry) allocate(outer *Request) *Request {
	if len(e.sessions) == 0 {
		return &Request{}
	}
	var r *Request
	first := outer.lend(e.sessions[0].manager)
	if first.Session == nil {
		r, first.Session = e.sessions[0].manager.NewRequest()
	} else {
		r = &Request{}
	}
	r.one[0] = first
	r.sessions = r.one[:]
	return r
}

// OperationName is for events and logs.
func (r *Request) OperationName() string { return OperationName(r.entry.op) }

// Incoming returns the context that the gate was called with.
func (r *Request) Incoming() huma.Context { return r.scope.humaContext }

// Client returns the context of the client's request.
func (r *Request) Client() context.Context { return r.parent }

// Writing returns the context for the commit.
func (r *Request) Writing() context.Context { return &r.writes }

// Noting returns the context for writes that follow from tokens.
func (r *Request) Noting() context.Context { return &r.notes }

// BeganAt returns the time of the request, before its credentials were checked.
func (r *Request) BeganAt() time.Time { return r.began }

// ExtendsNothing reports whether the operation is marked with NoTouch.
func (r *Request) ExtendsNothing() bool { return r.entry.untouch }

// NotFresh notes that the handler learned that the user must authenticate again.
func (r *Request) NotFresh() { r.unfresh.Store(true) }

// Around returns the request of [Handler] that this one is inside of, or
// nil.
func (r *Request) Around() *Request { return r.outer }

// Count returns the number of sessions.
func (r *Request) Count() int { return len(r.sessions) }

// At returns one of the sessions.
func (r *Request) At(i int) Session { return r.sessions[i].Session }

// byScheme returns nil for a scheme that is not a session of this request.
func (r *Request) byScheme(key string) Session {
	for i := range r.sessions {
		if r.entry.sessions[i].scheme == key {
			return r.sessions[i].Session
		}
	}
	return nil
}

// Loading returns the client's context while sessions are loaded, and nil later,
// because a commit does not end when the client disconnects.
func (r *Request) Loading() context.Context {
	if r.admitted || r.outcome != undecided {
		return nil
	}
	return r.parent
}

// refuseSessions notes that a refused request has presented new tokens. Otherwise the
// former tokens would remain valid.
func (r *Request) refuseSessions() {
	for i := range r.sessions {
		r.sessions[i].Refused(r.sessions[i].lender == nil)
	}
}

func (r *Request) anyActive() bool {
	for i := range r.sessions {
		if r.sessions[i].Active() {
			return true
		}
	}
	return false
}

// serve runs the rest of the chain, and commits if the response has not begun.
func (r *Request) serve(next func(huma.Context)) {
	defer r.conclude()
	r.reached.Store(false) // checks of the policy may have asked for the context
	next(wrapScope(&r.scope))
	r.seal()
	if r.outcome == undecided {
		// A stream that wrote nothing, a middleware that answers nothing, or a
		// handler that has written without us.
		r.dropUnsent()
		r.begun(r.scope.humaContext, http.StatusOK)
	}
	r.returned = true
}

// conclude releases the resources of the request. After a panic it commits nothing,
// and deletes a session that Commit has created. A nil dereference of a session that
// was embedded by pointer gets an answer, because its reason is hard to guess.
func (r *Request) conclude() {
	r.releaseHandle()
	if !r.returned && r.outcome == undecided {
		r.refuseSessions()
		for i := range r.sessions {
			r.sessions[i].Undo()
		}
		if r.gate != nil && !r.asked && !r.allBound() {
			if p := recover(); p != nil {
				if err, ok := p.(runtime.Error); !ok || err.Error() != nilDereference {
					panic(p)
				}
				r.entry.sessions[0].manager.Panicked(r.parent, r.entry.op, debug.Stack())
				r.refuseWith(huma.NewErrorWithContext(&r.scope, http.StatusInternalServerError, misplaced(r.entry.op)), nil)
			}
		}
	}
	r.giveBack()
	if !r.taken {
		r.unwatch()
	}
}

const nilDereference = "runtime error: invalid memory address or nil pointer dereference"

func (r *Request) allBound() bool {
	for i := range r.sessions {
		if r.entry.sessions[i].binding != nil && !r.sessions[i].bound {
			return false
		}
	}
	return true
}

// interim releases headers for a response that announces another one. A
// commit that fails later cannot take them back.
func (r *Request) interim(ctx huma.Context) {
	if r.outcome != undecided {
		return
	}
	r.held.Each(func(h response.Header) { h.Send(ctx) })
	r.held.Reset()
}

// begun is called before the first byte of a response, and reports whether
// the handler's response may go out.
func (r *Request) begun(ctx huma.Context, status int) bool {
	if r.outcome != undecided {
		return r.outcome == committed
	}
	if r.misbound || r.entry.misbound.Load() {
		r.abandon(len(r.sessions), http.StatusInternalServerError)
		r.refuseWith(huma.NewErrorWithContext(&r.scope, http.StatusInternalServerError, misbound(r.entry.op)), nil)
		return false
	}
	if !r.extends(status) {
		r.refuseSessions()
	}
	for i := range r.sessions {
		if err := r.sessions[i].Commit(status); err != nil {
			a := answerTo(err)
			r.abandon(i, a.status)
			r.refuse(a)
			return false
		}
	}
	r.outcome = committed
	r.releaseHeaders(ctx)
	return true
}

// extends reports whether a request that is answered with the status extends its
// sessions. An error does not, if huma has not called the handler, as after a
// failed validation, or if the user must authenticate again.
func (r *Request) extends(status int) bool {
	return status < 400 || r.reached.Load() && !r.unfresh.Load()
}

// abandon ends a request whose session i could not be written. Sessions that the
// request created are deleted, even those already written by Commit, because the
// client never receives their token. The sessions after i still end the sessions
// that the handler wanted to end.
func (r *Request) abandon(i, status int) {
	for j := range r.sessions {
		s := &r.sessions[j]
		if j > i {
			// The failure has an event of its own, and the answer is already an error.
			_ = s.Commit(status)
		}
		s.Undo()
	}
}

func (r *Request) releaseHeaders(ctx huma.Context) {
	if r.plain != nil {
		r.plain.hold(&r.held)
	}
	sent := false
	for i := range r.sessions {
		of := r.sessions[i].Issued()
		if of.Cookie != "" {
			// After the handler's own, which may replace earlier cookies. The present
			// cookie comes last: to clients of RFC 6265 § 5.3 a cookie of the host is
			// the same as one whose Domain is that host.
			for _, expired := range of.Former {
				r.held.Hold(response.Header{Name: "Set-Cookie", Value: expired, Add: true})
			}
			r.held.Hold(response.Header{Name: "Set-Cookie", Value: of.Cookie, Add: true})
			sent = true
		}
		if of.CSRFName != "" {
			r.held.Hold(response.Header{Name: of.CSRFName, Value: of.CSRFValue})
		}
		if of.ClearSiteData != "" {
			r.held.Hold(response.Header{Name: "Clear-Site-Data", Value: of.ClearSiteData, Add: true})
		}
	}
	r.rules = r.rulesNow(sent)
	r.held.Release(ctx, r.rules, r.exposed && r.plain == nil)
}

// seal mends headers that go out after the handler has returned.
func (r *Request) seal() {
	if r.outcome != committed || r.taken {
		return
	}
	r.body.Seal(false)
	if w, ok := response.RouterWriter(r.scope.humaContext).(http.ResponseWriter); ok && response.Unsent(w) {
		r.rules.Enforce(w.Header())
	}
}
