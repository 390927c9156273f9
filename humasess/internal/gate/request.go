package gate

import (
	"context"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// request is one request to an operation that uses sessions. Handlers use it
// from one goroutine, as huma does; sessions lock themselves.
type Request struct {
	scope  scope
	outer  *Request     // that this one is inside of, and lends it sessions
	gate   *Gate        // nil outside an API
	plain  *plainWriter // nil inside an API
	entry  *entry
	parent context.Context
	began  time.Time // on the monotonic clock, before credentials were checked

	sessions []slot  // of entry.sessions, in order
	one      [1]slot // saves the usual request an allocation

	held     heldHeaders
	rules    cacheRules // once the handler's response is committed
	body     bodyWriter
	proved   bool // a scheme of the program has brought the user
	exposed  bool // the handler may write without us; see handOut
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

	// What Session.Done needs to know about the request.
	taken    bool // over by somebody who may go on after it
	watching atomic.Uint32
}

// outcome is what became of the commit.
type outcome uint8

const (
	undecided outcome = iota
	committed
	failed // our answer went out; the handler's goes nowhere
)

// session is one session of a request, as the gate sees it.
type Session interface { //nolint:interfacebloat // one type implements it, for each T
	// enter makes r the request that the session belongs to, and that writes it.
	// login says that the operation's job is to start the session.
	Enter(r *Request, login bool)

	Load(ctx context.Context) error
	Active() bool

	// admits compares the session with a requirement. needs notes the roles that
	// it was admitted for, to be checked again when a concurrent change makes the
	// request start over.
	Admits(roles []string) Admission
	Needs(roles []string)

	// proven reports whether the user has authenticated within that time, if it is
	// not 0, and by all of the methods, each within that time.
	Proven(methods []string, within time.Duration) bool
	Check(ctx huma.Context, guard any) error
	Forged(ctx huma.Context) bool // the CSRF token is missing or wrong

	// unwritten reports whether a change is pending that the program asked for,
	// and whether it needs a cookie. commit writes the pending changes.
	Unwritten() (change, cookie bool)
	Commit(status int) error

	// abandon forgets the pending changes. undo also deletes a session that the
	// request has created, and ends the session's part in the request.
	Abandon()
	Undo()

	// refused notes that the request was refused, so it does not extend the
	// session. With confirm it also notes that the request presented the token.
	Refused(confirm bool)

	Issued() Issued // the headers of the response that follow from the session
	Release()       // ends the channels of [Session.Done], because the request is over
}

// admission is the result of comparing a session with a requirement.
type Admission uint8

const (
	NoSession    Admission = iota // or one without a user
	RolesMissing                  // a session that lacks one of the roles
	Admitted
)

// issued holds the response headers of one session. Empty ones are not sent.
type Issued struct {
	Cookie              string   // Set-Cookie
	Former              []string // Set-Cookie lines that expire the cookie's former scopes
	CSRFName, CSRFValue string   // of Options.CSRFHeader
	ClearSiteData       string
}

// slot is the place of one session in a request.
type slot struct {
	Session

	lender *Request // the request around this one that commits the session; nil if this one does
	bound  bool     // the operation's input holds the session
}

// newRequest prepares a request to an operation. Inside of [Manager.Handler]
// it borrows the sessions that are loaded already.
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

// operation returns the operation that was called.
func (r *Request) operation() *huma.Operation { return r.entry.op }

// operationName is for events and logs.
func (r *Request) OperationName() string { return OperationName(r.entry.op) }

// incoming returns the context that the gate was called with.
func (r *Request) Incoming() huma.Context { return r.scope.humaContext }

// client returns the context of the client's request.
func (r *Request) Client() context.Context { return r.parent }

// writing returns the context for the commit, and noting the one for writes that
// follow from tokens.
func (r *Request) Writing() context.Context { return &r.writes }

func (r *Request) Noting() context.Context { return &r.notes }

// beganAt returns when the request came, before its credentials were checked.
func (r *Request) BeganAt() time.Time { return r.began }

// extendsNothing reports whether the operation is marked with NoTouch.
func (r *Request) ExtendsNothing() bool { return r.entry.untouch }

// notFresh notes that the handler learned that the user must authenticate again.
func (r *Request) NotFresh() { r.unfresh.Store(true) }

// around returns the request of [Manager.Handler] that this one is inside of, or
// nil.
func (r *Request) Around() *Request { return r.outer }

// count returns the number of sessions, and at one of them.
func (r *Request) Count() int { return len(r.sessions) }

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

// loading returns the client's context while sessions are loaded, and nil later:
// a commit does not end when the client hangs up.
func (r *Request) Loading() context.Context {
	if r.admitted || r.outcome != undecided {
		return nil
	}
	return r.parent
}

// refuseSessions notes that new tokens were presented by a request that is
// refused. The former tokens would live on otherwise.
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

// serve runs the rest of the chain and commits what nothing else has.
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

// conclude releases what the request holds, and after a panic cleans up:
// nothing is committed, and a session that Commit has created goes again. A
// nil dereference of a session that was embedded by pointer is answered,
// because nobody would guess its reason.
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
	r.held.each(func(h heldHeader) { h.send(ctx) })
	r.held.reset()
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

// abandon ends a request whose session i could not be written: nothing that
// it has started stays, not even by Commit, for nobody will hold its token.
// What the sessions after i were to end still ends.
func (r *Request) abandon(i, status int) {
	for j := range r.sessions {
		s := &r.sessions[j]
		if j > i {
			// The failure has an event of its own; the answer is an error already.
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
			// After the handler's own, which may replace what is there. The present
			// cookie comes last: to clients of RFC 6265 § 5.3 a cookie of the host is
			// the same as one whose Domain is that host.
			for _, expired := range of.Former {
				r.held.hold(heldHeader{name: "Set-Cookie", value: expired, add: true})
			}
			r.held.hold(heldHeader{name: "Set-Cookie", value: of.Cookie, add: true})
			sent = true
		}
		if of.CSRFName != "" {
			r.held.hold(heldHeader{name: of.CSRFName, value: of.CSRFValue})
		}
		if of.ClearSiteData != "" {
			r.held.hold(heldHeader{name: "Clear-Site-Data", value: of.ClearSiteData, add: true})
		}
	}
	r.rules = r.rulesNow(sent)
	r.held.release(ctx, r.rules, r.exposed && r.plain == nil)
}
