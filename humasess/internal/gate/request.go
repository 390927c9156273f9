package gate

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/response"
	"github.com/humasess/sessions/internal/policy"
)

// Request is one request to an operation that uses sessions. The goroutine of the
// handler uses it, as with huma. The sessions lock themselves.
//
// Each request to an operation with sessions has one, so it is small. A part that few
// requests need is behind a pointer, and made when it is needed.
type Request struct {
	scope  scope
	outer  *Request // the request around this one, which lends it sessions
	entry  *entry
	parent context.Context
	began  time.Duration // since epoch, before credentials were checked

	one  [1]slot // the only session, if the operation has one
	more *[]slot // all sessions, if it has several

	budgets atomic.Pointer[spent]
	plain   *served // inside Handler
	rare    *rare

	// The response; see reply.
	held    response.Headers
	outcome outcome
	exposed bool // the handler may write past the gate; see handOut
	private bool // shared caches must not store the committed response
	cookie  bool // the committed response sets a cookie
	late    bool // the router keeps the headers until the first byte

	proved   bool // a scheme of the program has brought the user
	admitted bool
	returned bool
	asked    bool // huma has looked for a marker, so it is embedded by value
	misbound bool // huma has looked for a marker of a kind that is not declared
	taken    bool // a stream or a hijacker goes on after the handler
	bearer   bool // the request has a bearer token of a session, which alone decides

	marks  atomic.Uint32 // set by several goroutines
	polled atomic.Int64  // when the context of the commit was first asked for its end, since epoch
}

// Marks of a request.
const (
	// reached says that huma has called the handler, and unfresh that the session has
	// told the handler that the user must authenticate again. If the answer is an error,
	// they decide whether the session is extended; see commit.
	reached = 1 << iota
	unfresh

	// For the channels of [Session.Release].
	watched
	watchOver

	// secret says that the program has a new bearer token for its answer.
	secret
)

// is reports whether the request has the mark.
func (r *Request) is(mark uint32) bool { return r.marks.Load()&mark != 0 }

// rare has the fields that only some requests need.
type rare struct {
	handle  string // names the request to a marker; see binding
	body    *response.Body
	present []presence       // the credentials that decide alone
	checked []checked        // credentials
	failed  huma.StatusError // of a check that could not decide
	headers http.Header      // around it
	cause   error            // of the answer of a page
}

// checked is the result of the program's check of a credential.
type checked struct {
	key    string
	scopes []string
	user   any
	err    error
}

// epoch is a time on the monotonic clock. A duration since then needs less memory than a
// time.
var epoch = time.Now()

// newRequest prepares a request to an operation. It makes the first session of its
// own in one piece with the request. With alone another credential decides, so no
// session is borrowed.
func newRequest(e *entry, ctx huma.Context, lines *cookies.Lines, alone bool) *Request {
	parent := ctx.Context()
	outer := RequestIn(parent)
	if outer != nil && (alone || !outer.lends(ctx, lines)) {
		outer = nil
	}
	var r *Request
	var first slot
	if len(e.sessions) > 0 {
		m := e.sessions[0].manager
		if first = outer.lend(m); first.Session == nil {
			r, first.Session = m.NewRequest(!lines.Empty())
		}
	}
	if r == nil {
		r = &Request{}
	}
	r.entry, r.outer, r.bearer = e, outer, lines.Bearer
	r.one[0] = first
	if len(e.sessions) > 1 {
		all := make([]slot, 0, len(e.sessions))
		all = append(all, first)
		for _, use := range e.sessions[1:] {
			s := outer.lend(use.manager)
			if s.Session == nil {
				s.Session = use.manager.NewState()
			}
			all = append(all, s)
		}
		r.more = &all
	}
	r.parent, r.began = parent, time.Since(epoch)
	if outer != nil {
		r.began = outer.began
	}
	r.scope = scope{ctx, r}
	for i, s := range r.sessions() {
		s.Enter(r, e.sessions[i].login)
	}
	return r
}

// sessions returns the sessions of the request, in the order of entry.sessions.
func (r *Request) sessions() []slot {
	if r.more != nil {
		return *r.more
	}
	return r.one[:len(r.entry.sessions)]
}

// ownRare returns the rare fields for writing.
func (r *Request) ownRare() *rare {
	if r.rare == nil {
		r.rare = new(rare)
	}
	return r.rare
}

// body returns the writer of the body that the handler has got, or nil.
func (r *Request) body() *response.Body {
	if r.rare == nil {
		return nil
	}
	return r.rare.body
}

// reach notes that huma has called the handler.
func (r *Request) reach() {
	if !r.is(reached) {
		r.marks.Or(reached)
	}
}

// lends reports whether the request lends its sessions to one inside. It does in
// [Handler], if both have the same credentials. A handler may make requests for another
// client with its own context. And an API inside may know a bearer token that the handler
// takes for another credential: the API then ignores the cookie that the handler has read.
func (r *Request) lends(ctx huma.Context, lines *cookies.Lines) bool {
	return r.plain != nil && lines.Bearer == r.bearer && cookies.Same(r.scope.humaContext, ctx)
}

// lend returns the session of a manager that r or a request around it has, for a
// request inside. Without one the slot is empty.
func (r *Request) lend(m Manager) slot {
	for ; r != nil; r = r.outer {
		for i, s := range r.sessions() {
			if r.entry.sessions[i].manager == m {
				return slot{Session: s.Session, borrowed: true}
			}
		}
	}
	return slot{}
}

// lender returns the request around r that has lent it the session.
func (r *Request) lender(s Session) *Request {
	for r = r.outer; ; r = r.outer {
		if slices.ContainsFunc(r.sessions(), func(of slot) bool { return of.Session == s }) {
			return r
		}
	}
}

// Holder returns the request that has loaded the session and releases it.
func (r *Request) Holder(s Session) *Request {
	for ; r != nil; r = r.outer {
		if slices.ContainsFunc(r.sessions(), func(of slot) bool { return of.Session == s && !of.borrowed }) {
			return r
		}
	}
	return nil
}

// unreach takes the mark back that huma has called the handler: middleware may have
// asked for the context.
func (r *Request) unreach() { r.marks.And(^uint32(reached)) }

// Bearer reports whether the request has a bearer token of a session, valid or not.
func (r *Request) Bearer() bool { return r.bearer }

// Secret notes that the program has a new bearer token for its answer.
func (r *Request) Secret() { r.marks.Or(secret) }

// OperationName is for events and logs.
func (r *Request) OperationName() string {
	if r.entry.page != nil && r.plain != nil && r.plain.inner != nil {
		return r.entry.page.route(r.plain.inner)
	}
	return r.entry.name(r.scope.humaContext)
}

// Incoming returns the context that the gate was called with.
func (r *Request) Incoming() huma.Context { return r.scope.humaContext }

// Client returns the context of the client's request.
func (r *Request) Client() context.Context { return r.parent }

// Loading returns the client's context while sessions are loaded, and nil later,
// because a commit does not end when the client disconnects.
func (r *Request) Loading() context.Context {
	if r.admitted || r.outcome != undecided {
		return nil
	}
	return r.parent
}

// BeganAt returns the time of the request, before its credentials were checked.
func (r *Request) BeganAt() time.Time { return epoch.Add(r.began) }

// ExtendsNothing reports whether the operation is marked with NoTouch.
func (r *Request) ExtendsNothing() bool { return r.entry.untouch }

// NotFresh notes that the handler learned that the user must authenticate again.
func (r *Request) NotFresh() { r.marks.Or(unfresh) }

// Around returns the request of [Handler] that this one is inside of, or
// nil.
func (r *Request) Around() *Request { return r.outer }

// Count returns the number of sessions.
func (r *Request) Count() int { return len(r.entry.sessions) }

// At returns one of the sessions.
func (r *Request) At(i int) Session { return r.sessions()[i].Session }

// Unbindable returns the error of an input whose session, the one with this index,
// is not enforced; nil if it is.
func (r *Request) Unbindable(ctx huma.Context, i int) error {
	if op := ctx.Operation(); r == nil || r.entry.op != op || i < 0 || r.entry.sessions[i].binding == nil {
		return huma.NewErrorWithContext(ctx, http.StatusInternalServerError, misplaced(op))
	}
	return nil
}

// Undeclared returns the error of an input whose declaration is not part of the
// policy that is enforced; nil if it is.
func (r *Request) Undeclared(ctx huma.Context, kind policy.Kind, t, guard reflect.Type) error {
	if !r.entry.proof.declares(kind, t, guard) {
		return huma.NewErrorWithContext(ctx, http.StatusInternalServerError, misbound(r.entry.op))
	}
	return nil
}

// Bind notes that the operation's input holds the session, and reports false if the
// input does not embed it.
func (r *Request) Bind(i int) bool {
	if i < 0 || r.entry.sessions[i].binding == nil {
		return false
	}
	r.sessions()[i].bound = true
	return true
}

// Resolved notes that huma has called the Resolve of the session's type.
func (r *Request) Resolved(i int) {
	b := r.entry.sessions[i].binding
	b.resolves.Store(b.copies == 1)
	r.sessions()[i].bound = true
	r.unreach() // the handler comes later; middleware may have asked for the context
}

// refuseSessions notes that a refused request has presented new tokens. Otherwise the
// former tokens would remain valid.
func (r *Request) refuseSessions() {
	for i := range r.sessions() {
		r.sessions()[i].Refused(!r.sessions()[i].borrowed)
	}
}

// commit writes the sessions before a response with this status. An error response
// does not extend them, if huma has not called the handler, as after a failed
// validation, or if the user must authenticate again. It drops the changes of
// borrowed sessions, also when the response of the lender is not an error.
func (r *Request) commit(status int) error {
	if status >= http.StatusBadRequest && (!r.is(reached) || r.is(unfresh)) {
		r.refuseSessions()
	}
	for i := range r.sessions() {
		s := &r.sessions()[i]
		if s.borrowed {
			if status >= http.StatusBadRequest {
				s.Abandon()
			}
			continue
		}
		if err := s.Commit(status); err != nil {
			r.abandon(i, answerTo(err).Status)
			return err
		}
	}
	return nil
}

// abandon ends a request whose session i could not be written. Sessions that the
// request created are deleted, even those already written by Commit, because the
// client never receives their token. The sessions after i still end the sessions
// that the handler wanted to end.
func (r *Request) abandon(i, status int) {
	for j := range r.sessions() {
		s := &r.sessions()[j]
		switch {
		case !s.borrowed && j > i:
			// The failure has an event of its own, and the answer is already an error.
			_ = s.Commit(status)
			s.Undo()
		case !s.borrowed:
			s.Undo()
		case j > i:
			s.Abandon()
		}
	}
}

// undo deletes the sessions that the request has created.
func (r *Request) undo() { r.abandon(len(r.sessions()), 0) }

// unwritten reports whether a change is pending.
func (r *Request) unwritten() bool {
	for i := range r.sessions() {
		if s := &r.sessions()[i]; !s.borrowed {
			if change, _ := s.Unwritten(); change {
				return true
			}
		}
	}
	return false
}

// dropUnsent drops changes that need a cookie, if the handler may have sent its
// response without the gate. The client never receives that cookie.
func (r *Request) dropUnsent() {
	for i := range r.sessions() {
		s := &r.sessions()[i]
		if s.borrowed {
			continue
		}
		if _, cookie := s.Unwritten(); cookie {
			// An error has an event of its own.
			_ = s.Commit(http.StatusInternalServerError)
			r.entry.sessions[i].manager.Log().unsent(r.parent, r.OperationName())
		}
	}
}
