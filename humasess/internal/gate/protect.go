package gate

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// A modifier does not learn which API its operation is for. An API without the
// manager would serve the operation to every client. Two checks find that. The first
// is a middleware of the operation. huma does not run it in groups with a prefix
// (huma#804). But there huma runs the modifiers twice: for the document, which a gate
// sees, and then for the router. The second check compares the two.

// RefuseUnprotected answers 500 to a request that no gate has admitted.
func RefuseUnprotected(ctx huma.Context, next func(huma.Context)) {
	if r := RequestOf(ctx); r == nil || r.entry.op != ctx.Operation() {
		writePlainProblem(ctx, huma.NewErrorWithContext(ctx, answerInternal.status, Unprotected(ctx.Operation())))
		return
	}
	next(ctx)
}

// RefuseUnless refuses a request that the gate has not admitted by a policy
// that includes the protection.
func (g *Gate) RefuseUnless(p policy.Protection) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r := RequestOf(ctx)
		if r == nil || r.gate != g || !r.admitted || r.entry.op != ctx.Operation() ||
			!slices.ContainsFunc(r.entry.policy.Protections, p.Same) {
			writePlainProblem(ctx, huma.NewErrorWithContext(ctx, answerInternal.status, Unprotected(ctx.Operation())))
			return
		}
		next(ctx)
	}
}

// refuseOthers refuses requests to operations that the gate does not protect, because
// another API may share the document. huma gives every registration an operation of
// its own, so the gate protects each operation with an entry.
func (g *Gate) refuseOthers(ctx huma.Context, next func(huma.Context)) {
	if _, ok := g.entries.Load(ctx.Operation()); !ok {
		op := ctx.Operation()
		writePlainProblem(ctx, huma.NewErrorWithContext(ctx, answerInternal.status, fmt.Sprintf(
			"humasess: operation %q (%s %s) is documented as protected, but the manager is not attached to its API, "+
				"which shares its huma.Config or OpenAPI document with an API that has the manager; give each API a huma.Config of its own, and call Attach with each",
			op.OperationID, op.Method, op.Path)))
		return
	}
	if r := RequestOf(ctx); r != nil {
		r.reached.Store(false) // the middleware of the API may have asked for the context
	}
	next(ctx)
}

// Unprotected is the text for an operation of Require whose API has no gate.
func Unprotected(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) is to be protected by Require, but the manager is not attached to its API; "+
		"call Attach first, with that API; in a group, add Require after modifiers that hide or drop operations",
		op.OperationID, op.Method, op.Path)
}

// Protections records the operations that Require has modified, in their form at that
// time. Groups around theirs may still change the path. It is safe for concurrent use.
type Protections struct {
	mu    sync.Mutex
	known map[string]protected
}

type protected struct {
	responses  map[string]*huma.Response // keeps the address in the key taken
	documented *bool                     // since then
}

// Note is called for an operation that is not known to be protected. By the second
// call, the operation must have been documented. Copies of one operation share the
// map of responses, but operations of another API do not. Without that map, the
// operation is in no group. Then the modifier belongs to the operation alone, and
// huma runs its middleware.
func (p *Protections) Note(op *huma.Operation, protection policy.Protection) {
	if op.Hidden || op.Responses == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := fmt.Sprintf("%s %s %q %v %x", op.Method, op.Path, protection.Roles, protection.Fresh, reflect.ValueOf(op.Responses).Pointer())
	before, known := p.known[key]
	switch {
	case !known:
		if p.known == nil {
			p.known = map[string]protected{}
		}
		p.known[key] = protected{op.Responses, protection.Documented}
	case *before.documented:
		delete(p.known, key)
	default:
		panic(Unprotected(op))
	}
}
