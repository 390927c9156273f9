package account

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// Operation names one of the package's operations. Its text is the operation
// ID, unless Options.Edit changes that.
type Operation string

// The operations, in the order in which they are registered.
const (
	WhoAmI            Operation = "get-session"           // GET /session
	List              Operation = "list-sessions"         // GET /sessions
	Revoke            Operation = "revoke-session"        // DELETE /sessions/{id}
	RevokeOthers      Operation = "revoke-other-sessions" // POST /sessions/revoke-others
	SignOut           Operation = "sign-out"              // POST /sign-out
	SignOutEverywhere Operation = "sign-out-everywhere"   // POST /sign-out-everywhere
	Watch             Operation = "watch-session"         // GET /session/events, with Options.Watch
)

var operations = []Operation{WhoAmI, List, Revoke, RevokeOthers, SignOut, SignOutEverywhere, Watch}

// indexed are those that work on all sessions of an identity.
func (name Operation) indexed() bool {
	return name == List || name == Revoke || name == RevokeOthers || name == SignOutEverywhere
}

// endsOthers are those that Options.Fresh is about.
func (name Operation) endsOthers() bool { return name.indexed() && name != List }

// operation is what Options.Edit gets to change.
func (name Operation) operation(tags []string) huma.Operation {
	op := huma.Operation{OperationID: string(name), Tags: slices.Clone(tags)}
	switch name {
	case WhoAmI:
		op.Method, op.Path = http.MethodGet, "/session"
		op.Summary = "Who am I"
		op.Description = "The user of this session, and when it ends. Asking does not extend it."
		humasess.NoTouch(&op)
	case List:
		op.Method, op.Path = http.MethodGet, "/sessions"
		op.Summary = "List my sessions"
		op.Description = "Where the user is signed in: this session first, then those that were used last."
	case Revoke:
		op.Method, op.Path = http.MethodDelete, "/sessions/{id}"
		op.Summary = "End one of my sessions"
		op.Description = "Signs out the session with this ID at once. The session that asks may end itself, too."
	case RevokeOthers:
		op.Method, op.Path = http.MethodPost, "/sessions/revoke-others"
		op.Summary = "End my other sessions"
		op.Description = "Signs out all sessions of the user but the one that asks, which gets a new token."
	case SignOut:
		op.Method, op.Path = http.MethodPost, "/sign-out"
		op.Summary = "Sign out"
		op.Description = "Ends this session. Without one it does nothing, and succeeds as well."
	case SignOutEverywhere:
		op.Method, op.Path = http.MethodPost, "/sign-out-everywhere"
		op.Summary = "Sign out everywhere"
		op.Description = "Signs out all sessions of the user at once, the one that asks included."
	case Watch:
		op.Method, op.Path = http.MethodGet, "/session/events"
		op.Summary = "Watch my session"
		op.Description = "Server-sent events: `ended` when this session ends, by whatever road, and then the end of the stream. " +
			"After it, or when the stream cannot be opened again, get-session tells whether one is signed in. Watching does not extend the session."
		humasess.NoTouch(&op)
	}
	return op
}

// check refuses what Options.Edit must not do.
func (name Operation) check(op *huma.Operation) error {
	reads := name == WhoAmI || name == List || name == Watch
	unsafe := []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	switch {
	case op.OperationID == "":
		return fmt.Errorf("Edit leaves %s without an operation ID", name)
	case !reads && !slices.Contains(unsafe, op.Method):
		return fmt.Errorf("Edit makes %s a %q request: a link on any page would end sessions", name, op.Method)
	case name == Watch && op.Method != http.MethodGet:
		return fmt.Errorf("Edit makes %s a %q request: an EventSource sends GET", name, op.Method)
	case name == Revoke && !strings.Contains(op.Path, "{id}"):
		return fmt.Errorf("Edit gives %s the path %q, which has no {id} in it", name, op.Path)
	}
	return nil
}
