package humasess

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
type request struct {
	scope  scope
	outer  *request     // that this one is inside of, and lends it sessions
	gate   *gate        // nil outside an API
	plain  *plainWriter // nil inside an API
	entry  *entry
	parent context.Context
	began  time.Time // on the monotonic clock, before credentials were checked

	first session // of entry.sessions, in order
	rest  []session

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

// session is what a request sees of a session's state.
type session interface { //nolint:interfacebloat // one type implements it, for each T
	// enter makes r the request that the session is asked about, and that
	// writes it.
	enter(r *request, b *binding)

	load(ctx context.Context) error
	isActive() bool
	admits() bool
	hasRoles(roles []string) bool
	fresh(within time.Duration) bool
	provenBy(methods []string, within time.Duration) bool
	check(ctx huma.Context, guard any) error

	// needs notes what the session was admitted for, to be checked again
	// when a concurrent change makes the request start over.
	needs(roles []string)

	// commit writes what is pending; abandon forgets it, and undo also takes a
	// session back that commit has created. cookie is the Set-Cookie that follows, if
	// any, with those that expire the cookie's former scopes.
	commit(status int) error
	unwritten() (change, cookie bool)
	confirm() // that the token was presented, when the request is refused
	refuseInside()
	abandon()
	undo()
	cookie() (line string, former []string)

	// release ends what waits for [Session.Done], because the request is over.
	release()

	// clears is the Clear-Site-Data of the response, or "".
	clears() string

	// forged and csrfHeader are about Options.CSRFHeader.
	forged(ctx huma.Context) bool
	csrfHeader() (name, value string)

	isBound() bool
}

// newRequest prepares a request to an operation. Inside of [Manager.Handler]
// it borrows the sessions that are loaded already.
func newRequest(e *entry, ctx huma.Context) *request {
	outer := lender(ctx)
	r, first := e.allocate(outer)
	for i := 1; i < len(e.sessions); i++ {
		s := outer.lend(e.sessions[i].manager)
		if s == nil {
			s = e.sessions[i].manager.newState()
		}
		r.rest = append(r.rest, s)
	}
	r.entry, r.first, r.outer = e, first, outer
	r.parent, r.began = ctx.Context(), time.Now()
	if outer != nil {
		r.began = outer.began
	}
	r.loads.parent, r.loads.budget = r.parent, &e.budget
	r.writes.parent, r.writes.budget = r.parent, &e.budget
	r.notes.parent, r.notes.budget = r.parent, &e.budget
	r.scope = scope{humaContext: ctx, r: r}
	r.scope.ctx = &r.scope
	for i := range e.sessions {
		r.session(i).enter(r, e.sessions[i].binding)
	}
	return r
}

// allocate returns a request and its first session, in one piece if the session is
// not a borrowed one. An operation with schemes of the program alone has none.
func (e *entry) allocate(outer *request) (*request, session) {
	if len(e.sessions) == 0 {
		return &request{}, nil
	}
	if first := outer.lend(e.sessions[0].manager); first != nil {
		return &request{}, first
	}
	return e.sessions[0].manager.newRequest()
}

func (r *request) session(i int) session {
	if i == 0 {
		return r.first
	}
	return r.rest[i-1]
}

// byScheme returns nil for a scheme that is not a session of this request.
func (r *request) byScheme(key string) session {
	for i := range r.entry.sessions {
		if r.entry.sessions[i].scheme == key {
			return r.session(i)
		}
	}
	return nil
}

// loading returns the client's context while sessions are loaded, and nil later:
// a commit does not end when the client hangs up.
func (r *request) loading() context.Context {
	if r.admitted || r.outcome != undecided {
		return nil
	}
	return r.parent
}

// confirmRotations notes that new tokens were presented, for a request that is
// refused. The former tokens would live on otherwise.
func (r *request) confirmRotations() {
	for i := range r.entry.sessions {
		r.session(i).confirm()
	}
}

func (r *request) anyActive() bool {
	for i := range r.entry.sessions {
		if r.session(i).isActive() {
			return true
		}
	}
	return false
}

// serve runs the rest of the chain and commits what nothing else has.
func (r *request) serve(next func(huma.Context)) {
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
func (r *request) conclude() {
	r.releaseHandle()
	if !r.returned && r.outcome == undecided {
		r.confirmRotations()
		for i := range r.entry.sessions {
			r.session(i).undo()
		}
		if r.gate != nil && !r.asked && !r.allBound() {
			if p := recover(); p != nil {
				if err, ok := p.(runtime.Error); !ok || err.Error() != nilDereference {
					panic(p)
				}
				r.entry.sessions[0].manager.panicked(r.parent, r.entry.op, debug.Stack())
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

func (r *request) allBound() bool {
	for i := range r.entry.sessions {
		if r.entry.sessions[i].binding != nil && !r.session(i).isBound() {
			return false
		}
	}
	return true
}

// interim releases headers for a response that announces another one. A
// commit that fails later cannot take them back.
func (r *request) interim(ctx huma.Context) {
	if r.outcome != undecided {
		return
	}
	r.held.each(func(h heldHeader) { h.send(ctx) })
	r.held.reset()
}

// begun is called before the first byte of a response, and reports whether
// the handler's response may go out.
func (r *request) begun(ctx huma.Context, status int) bool {
	if r.outcome != undecided {
		return r.outcome == committed
	}
	if r.misbound || r.entry.misbound.Load() {
		r.abandon(len(r.entry.sessions), http.StatusInternalServerError)
		r.refuseWith(huma.NewErrorWithContext(&r.scope, http.StatusInternalServerError, misbound(r.entry.op)), nil)
		return false
	}
	if !r.extends(status) {
		r.confirmRotations()
		for i := range r.entry.sessions {
			r.session(i).refuseInside()
		}
	}
	for i := range r.entry.sessions {
		if err := r.session(i).commit(status); err != nil {
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
func (r *request) extends(status int) bool {
	return status < 400 || r.reached.Load() && !r.unfresh.Load()
}

// abandon ends a request whose session i could not be written: nothing that
// it has started stays, not even by Commit, for nobody will hold its token.
// What the sessions after i were to end still ends.
func (r *request) abandon(i, status int) {
	for j := range r.entry.sessions {
		s := r.session(j)
		if j > i {
			// The failure has an event of its own; the answer is an error already.
			_ = s.commit(status)
		}
		s.undo()
	}
}

func (r *request) releaseHeaders(ctx huma.Context) {
	if r.plain != nil {
		r.plain.hold(&r.held)
	}
	sent := false
	for i := range r.entry.sessions {
		if c, former := r.session(i).cookie(); c != "" {
			// After the handler's own, which may replace what is there. The present
			// cookie comes last: to clients of RFC 6265 § 5.3 a cookie of the host is
			// the same as one whose Domain is that host.
			for _, expired := range former {
				r.held.hold(heldHeader{name: "Set-Cookie", value: expired, add: true})
			}
			r.held.hold(heldHeader{name: "Set-Cookie", value: c, add: true})
			sent = true
		}
		if name, v := r.session(i).csrfHeader(); name != "" {
			r.held.hold(heldHeader{name: name, value: v})
		}
		if v := r.session(i).clears(); v != "" {
			r.held.hold(heldHeader{name: "Clear-Site-Data", value: v, add: true})
		}
	}
	r.rules = r.rulesNow(sent)
	r.held.release(ctx, r.rules, r.exposed && r.plain == nil)
}
