package gate

import (
	"crypto/rand"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// Markers are header parameters by which the gate reaches the session types in an
// input. They are never in the document. The gate supplies their values, so huma does
// not read the values that a client sends under their names.
const (
	markerPrefix  = "Humasess-"
	sessionMarker = markerPrefix + "Session"
)

// IsMarker reports whether a request header is a marker.
func IsMarker(name string) bool { return strings.HasPrefix(name, markerPrefix) }

// binding passes an operation's session from the gate into the input.
//
// Usually huma finds Session's Resolve. It does not where the input type has
// a Resolve of its own, or embeds session types at different depths. Then the gate
// answers the marker's header with a handle, and UnmarshalText, which huma calls
// with it, looks the request up. That costs more, so the gate stops it for an
// operation of which Resolve was called.
type binding struct {
	typ      reflect.Type
	login    bool
	copies   int // of the session in the input; Resolve may reach some of several
	resolves atomic.Bool
}

// handles maps a handle to its request while the request runs. It is global because
// UnmarshalText gets only text. A handle cannot be guessed, lives for one request,
// and is never sent to a client.
var handles sync.Map // string -> *Request

// answerMarker returns the value of a marker's header.
func (r *Request) answerMarker(name string) string {
	r.asked = true
	switch {
	case name != sessionMarker:
		return r.answerKind(name)
	case !r.admitted || r.allResolve():
		return ""
	}
	if r.handle == "" {
		r.handle = rand.Text()
		handles.Store(r.handle, r)
	}
	return r.handle
}

func (r *Request) allResolve() bool {
	for i := range r.sessions {
		if b := r.entry.sessions[i].binding; b != nil && !b.resolves.Load() {
			return false
		}
	}
	return true
}

// Unbindable returns the error of an input whose session, the one with this index,
// is not enforced; nil if it is.
func (r *Request) Unbindable(ctx huma.Context, i int) error {
	if op := ctx.Operation(); r == nil || r.entry.op != op || !r.embeds(i) {
		return huma.NewErrorWithContext(ctx, answerInternal.status, misplaced(op))
	}
	return nil
}

// Undeclared returns the error of an input whose declaration is not part of the
// policy that is enforced; nil if it is.
func (r *Request) Undeclared(ctx huma.Context, kind policy.Kind, t, guard reflect.Type) error {
	if !r.entry.declares(kind, t, guard) {
		return huma.NewErrorWithContext(ctx, answerInternal.status, misbound(r.entry.op))
	}
	return nil
}

// embeds reports whether the operation's input embeds the session.
func (r *Request) embeds(i int) bool { return i >= 0 && r.entry.sessions[i].binding != nil }

// Bind notes that the operation's input holds the session, and reports false if the
// input does not embed it.
func (r *Request) Bind(i int) bool {
	if !r.embeds(i) {
		return false
	}
	r.sessions[i].bound = true
	return true
}

// Resolved notes that huma has called the Resolve of the session's type.
func (r *Request) Resolved(i int) {
	b := r.entry.sessions[i].binding
	b.resolves.Store(b.copies == 1)
	r.sessions[i].bound = true
	r.reached.Store(false) // the handler comes later; middleware may have asked for the context
}

// Handled returns the request that a handle names, or nil.
func Handled(handle []byte) *Request {
	if r, ok := handles.Load(string(handle)); ok {
		return r.(*Request)
	}
	return nil
}

func (r *Request) releaseHandle() {
	if r.handle != "" {
		handles.Delete(r.handle)
	}
}

// misplaced is the text for an input whose session is not enforced.
func misplaced(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced: %s", op.OperationID, op.Method, op.Path, EmbedHint)
}

// misbound is the text for an input that declares its session in another way than
// the policy.
func misbound(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced as its input declares it: "+
		"operations must not share one Operation.Parameters slice with spare room, because huma appends to it; "+
		"give each operation a slice of its own, for example by slices.Clone", op.OperationID, op.Method, op.Path)
}

// EmbedHint says how a session is embedded in an input.
const EmbedHint = "attach the manager of its type before registering the operation, and embed the session type " +
	"by value at the top of the input struct, or in an exported struct embedded there; not as a named field, " +
	"not by pointer, not in Body"
