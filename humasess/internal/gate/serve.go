package gate

import (
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/danielgtaylor/huma/v2"
)

// serve runs the rest of the chain, and commits if the response has not begun.
func serve(r *Request, next func(huma.Context)) {
	defer conclude(r)
	r.unreach() // checks of the policy may have asked for the context
	next(wrapScope(&r.scope))
	r.reply().finish()
	r.returned = true
}

const nilDereference = "runtime error: invalid memory address or nil pointer dereference"

// conclude releases the resources of the request. After a panic it commits nothing,
// and deletes a session that Commit has created. A nil dereference of a session that
// was embedded by pointer gets an answer, because its reason is hard to guess.
func conclude(r *Request) {
	if r.rare != nil && r.rare.handle != "" {
		handles.Delete(r.rare.handle)
	}
	if !r.returned && r.outcome == undecided {
		r.refuseSessions()
		r.undo()
		if r.entry.api != nil && !r.asked && !allBound(r) {
			if p := recover(); p != nil {
				if err, ok := p.(runtime.Error); !ok || err.Error() != nilDereference {
					panic(p)
				}
				r.entry.sessions[0].manager.Log().panicked(r.parent, r.OperationName(), debug.Stack())
				r.reply().refuseWith(huma.NewErrorWithContext(&r.scope, http.StatusInternalServerError, misplaced(r.entry.op)), nil)
			}
		}
	}
	for i := range r.sessions() {
		if s := &r.sessions()[i]; s.borrowed {
			s.Enter(r.lender(s.Session), false) // which writes for the session again
		}
	}
	if !r.taken {
		r.unwatch()
	}
}

// allBound reports whether the input holds all sessions that the operation embeds.
func allBound(r *Request) bool {
	for i := range r.sessions() {
		if r.entry.sessions[i].binding != nil && !r.sessions()[i].bound {
			return false
		}
	}
	return true
}
