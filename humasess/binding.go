package humasess

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// Markers are the header parameters by which session types show themselves to
// huma. They never reach the document, and what a client sends under their
// names reaches nobody.
const (
	markerPrefix  = "Humasess-"
	sessionMarker = markerPrefix + "Session"
)

func isMarker(name string) bool { return strings.HasPrefix(name, markerPrefix) }

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
func (r *request) answerMarker(name string) string {
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

func (r *request) allResolve() bool {
	for i := range r.entry.sessions {
		if b := r.entry.sessions[i].binding; b != nil && !b.resolves.Load() {
			return false
		}
	}
	return true
}

func (r *request) releaseHandle() {
	if r.handle != "" {
		handles.Delete(r.handle)
	}
}

// stateOf returns the request's state for T if the operation's input declares
// T, and nothing else: what is not declared is not enforced.
func stateOf[T any](r *request) (*state[T], *binding) {
	for i := range r.entry.sessions {
		if s, ok := unlent(r.session(i)).(*state[T]); ok {
			return s, r.entry.sessions[i].binding
		}
	}
	return nil, nil
}

// marker is the parameter of [Session], and holds what it is bound to.
type marker[T any] struct {
	state *state[T]

	// Boundary ends the registration of an operation; see [policy.Seal].
	Boundary boundary `default:"null" json:"-"`
}

// Schema implements [huma.SchemaProvider].
func (*marker[T]) Schema(registry huma.Registry) *huma.Schema {
	return policy.Declare(registry, policy.Declaration{Type: reflect.TypeFor[T](), Kind: policy.Optional})
}

// UnmarshalText implements [encoding.TextUnmarshaler]. Text that is no handle
// comes from a client of an API without a gate, and is ignored.
func (m *marker[T]) UnmarshalText(text []byte) error {
	if r, ok := handles.Load(string(text)); ok {
		if s, b := stateOf[T](r.(*request)); b != nil {
			m.bind(s)
		}
	}
	return nil
}

func (m *marker[T]) bind(s *state[T]) {
	m.state = s
	s.bound = true
}

// boundary is the type of a field that huma takes for one with a default.
type boundary struct{}

// Schema implements [huma.SchemaProvider].
func (boundary) Schema(registry huma.Registry) *huma.Schema { return policy.Seal(registry) }

// kindMarker is the parameter of the types that embed Session; see proofs. huma
// asks it for its schema again as the type of a field with a default; Boundary
// ends the registration that this begins.
type kindMarker[T any, K kind] struct {
	Boundary boundary `default:"null" json:"-"`
}

// kind says what an embedding type declares. is returns the part that tells
// declarations of one session type apart.
type kind interface {
	declare() policy.Declaration
	is() (policy.Kind, reflect.Type)
}

// Schema implements [huma.SchemaProvider].
func (kindMarker[T, K]) Schema(registry huma.Registry) *huma.Schema {
	var k K
	d := k.declare()
	d.Type = reflect.TypeFor[T]()
	return policy.Declare(registry, d)
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It refuses every text
// except the value of an entry whose policy has the marker's declaration.
func (*kindMarker[T, K]) UnmarshalText(text []byte) error {
	e := entryOf(text)
	if e == nil {
		return errUnenforced
	}
	var k K
	if kind, guard := k.is(); !e.declares(kind, reflect.TypeFor[T](), guard) {
		e.misbound.Store(true)
		return errUnenforced
	}
	return nil
}

var errUnenforced = errors.New("humasess: the operation has a session that is not enforced: " + embedHint)

// Resolve implements [huma.Resolver]: it binds the session to the request.
func (s *Session[T]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, nil)
}

// resolve binds the session, if the policy that is enforced has the declaration
// of the type that embeds it.
func (s *Session[T]) resolve(ctx huma.Context, k kind) []error {
	op := ctx.Operation()
	refuse := func(text string) []error {
		return []error{huma.NewErrorWithContext(ctx, answerInternal.status, text)}
	}
	r := requestOf(ctx)
	if r == nil || r.entry.op != op {
		return refuse(misplaced(op))
	}
	st, b := stateOf[T](r)
	if b == nil {
		return refuse(misplaced(op))
	}
	if k != nil {
		if kind, guard := k.is(); !r.entry.declares(kind, reflect.TypeFor[T](), guard) {
			return refuse(misbound(op))
		}
	}
	b.resolves.Store(b.copies == 1)
	s.SessionMarker.bind(st)
	r.reached.Store(false) // the handler comes later; middleware may have asked for the context
	return nil
}

// misplaced is the text for an input whose session nobody enforces.
func misplaced(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced: %s", op.OperationID, op.Method, op.Path, embedHint)
}

// misbound is the text for an input whose session is enforced as another one.
func misbound(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced as its input declares it: "+
		"operations must not share one Operation.Parameters slice with spare room, because huma appends to it; "+
		"give each operation a slice of its own, for example by slices.Clone", op.OperationID, op.Method, op.Path)
}

const embedHint = "attach the manager of its type before registering the operation, and embed the session type " +
	"by value at the top of the input struct, or in an exported struct embedded there; not as a named field, " +
	"not by pointer, not in Body"
