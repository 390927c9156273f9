package account

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/policy"
)

// Operation names one of the package's operations. Its text is the operation
// ID, unless Options.Edit changes that.
type Operation string

// The operations, in the order in which they are registered.
const (
	Get               Operation = "get-session"           // GET /session
	List              Operation = "list-sessions"         // GET /sessions
	Revoke            Operation = "revoke-session"        // DELETE /sessions/{id}
	RevokeOthers      Operation = "revoke-other-sessions" // POST /sessions/revoke-others
	SignOut           Operation = "sign-out"              // POST /sign-out
	SignOutEverywhere Operation = "sign-out-everywhere"   // POST /sign-out-everywhere
	Watch             Operation = "watch-session"         // GET /session/events, with Options.Watch
)

var operations = []Operation{Get, List, Revoke, RevokeOthers, SignOut, SignOutEverywhere, Watch}

// indexed reports whether the operation needs all sessions of an identity.
func (name Operation) indexed() bool {
	return name == List || name == Revoke || name == RevokeOthers || name == SignOutEverywhere
}

// endsOthers reports whether the operation can end other sessions, so that
// Options.Fresh applies to it.
func (name Operation) endsOthers() bool { return name.indexed() && name != List }

// operation returns the operation that Options.Edit can change.
func (name Operation) operation(tags []string) huma.Operation {
	op := huma.Operation{OperationID: string(name), Tags: slices.Clone(tags)}
	switch name {
	case Get:
		op.Method, op.Path = http.MethodGet, "/session"
		op.Summary = "Show my session"
		op.Description = "Returns the user of this session, when and how the user authenticated, and the end of the session. The request does not extend it."
		humasess.NoTouch(&op)
	case List:
		op.Method, op.Path = http.MethodGet, "/sessions"
		op.Summary = "List my sessions"
		op.Description = "Returns the user's active sessions: this session first, then the most recently used."
	case Revoke:
		op.Method, op.Path = http.MethodDelete, "/sessions/{id}"
		op.Summary = "End one of my sessions"
		op.Description = "Ends the session with this ID at once. The ID may be that of the current session."
	case RevokeOthers:
		op.Method, op.Path = http.MethodPost, "/sessions/revoke-others"
		op.Summary = "End my other sessions"
		op.Description = "Ends all sessions of the user except the current session, which gets a new token."
		humasess.Renews(&op)
	case SignOut:
		op.Method, op.Path = http.MethodPost, "/sign-out"
		op.Summary = "Sign out"
		op.Description = "Ends this session. Without a session, the request succeeds and changes nothing."
	case SignOutEverywhere:
		op.Method, op.Path = http.MethodPost, "/sign-out-everywhere"
		op.Summary = "Sign out everywhere"
		op.Description = "Ends all sessions of the user at once, including the current session."
	case Watch:
		op.Method, op.Path = http.MethodGet, "/session/events"
		op.Summary = "Watch my session"
		op.Description = "Sends the server-sent event `ended` when this session ends for any reason, and then closes the stream. " +
			"After the event, or if the stream cannot be opened again, get-session shows whether the user is still signed in. The stream does not extend the session."
		humasess.NoTouch(&op)
	}
	policy.OnlySession(&op)
	return op
}

// check returns an error for a change that Options.Edit must not make.
func (name Operation) check(op *huma.Operation) error {
	reads := name == Get || name == List || name == Watch
	unsafe := []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	switch {
	case op.OperationID == "":
		return fmt.Errorf("Edit leaves %s without an operation ID", name)
	case !reads && !slices.Contains(unsafe, op.Method):
		return fmt.Errorf("Edit changes the method of %s to %q; then a link on any page could end sessions", name, op.Method)
	case name == Watch && op.Method != http.MethodGet:
		return fmt.Errorf("Edit changes the method of %s to %q; an EventSource sends GET", name, op.Method)
	case name == Revoke && !strings.Contains(op.Path, "{id}"):
		return fmt.Errorf("Edit gives %s the path %q; it must contain {id}", name, op.Path)
	}
	return nil
}
