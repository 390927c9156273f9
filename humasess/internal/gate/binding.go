package gate

import (
	"crypto/rand"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// Markers are the header parameters by which session types show themselves to
// huma. They never reach the document, and what a client sends under their
// names reaches nobody.
const (
	markerPrefix  = "Humasess-"
	sessionMarker = markerPrefix + "Session"
)

func IsMarker(name string) bool { return strings.HasPrefix(name, markerPrefix) }

// binding is how an operation's session gets from the gate into the input.
//
// Usually huma finds Session's Resolve. It does not where the input type has
// a Resolve of its own, or embeds session types at different depths: then the
// marker's header is answered with a handle, and UnmarshalText, which huma
// calls with it, looks the request up. That costs more, so an operation that
// was seen to resolve does without.
type binding struct {
	typ      reflect.Type
	login    bool
	copies   int // of the session in the input; Resolve may reach some of several
	resolves atomic.Bool
}

// handles leads from a handle to its request while that runs. It is global
// because UnmarshalText gets nothing but text; a handle is unguessable, lives
// for one request, and is never sent anywhere.
var handles sync.Map // string -> *request

// answerMarker is the value of a marker's header.
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

// unbindable returns the error of an input whose session, the one with this index,
// is not enforced; nil if it is.
func (r *Request) Unbindable(ctx huma.Context, i int) error {
	if op := ctx.Operation(); r == nil || r.entry.op != op || !r.embeds(i) {
		return huma.NewErrorWithContext(ctx, answerInternal.status, misplaced(op))
	}
	return nil
}

// undeclared returns the error of an input whose declaration is not part of the
// policy that is enforced; nil if it is.
func (r *Request) Undeclared(ctx huma.Context, kind openapi.Kind, t, guard reflect.Type) error {
	if !r.entry.declares(kind, t, guard) {
		return huma.NewErrorWithContext(ctx, answerInternal.status, misbound(r.entry.op))
	}
	return nil
}

// embeds reports whether the operation's input embeds the session.
func (r *Request) embeds(i int) bool { return i >= 0 && r.entry.sessions[i].binding != nil }

// bind notes that the operation's input holds the session, and reports false if the
// input does not embed it.
func (r *Request) Bind(i int) bool {
	if !r.embeds(i) {
		return false
	}
	r.sessions[i].bound = true
	return true
}

// resolved notes that huma has called the Resolve of the session's type.
func (r *Request) Resolved(i int) {
	b := r.entry.sessions[i].binding
	b.resolves.Store(b.copies == 1)
	r.sessions[i].bound = true
	r.reached.Store(false) // the handler comes later; middleware may have asked for the context
}

// handled returns the request that a handle names, or nil.
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

// misplaced is the text for an input whose session nobody enforces.
func misplaced(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced: %s", op.OperationID, op.Method, op.Path, EmbedHint)
}

// misbound is the text for an input whose session is enforced as another one.
func misbound(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced as its input declares it: "+
		"operations must not share one Operation.Parameters slice with spare room, because huma appends to it; "+
		"give each operation a slice of its own, for example by slices.Clone", op.OperationID, op.Method, op.Path)
}

const EmbedHint = "attach the manager of its type before registering the operation, and embed the session type " +
	"by value at the top of the input struct, or in an exported struct embedded there; not as a named field, " +
	"not by pointer, not in Body"
