package humasess

import (
	"fmt"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// A modifier is not told which API its operation is for, and one that no
// manager is attached to would serve it to everybody. Two nets catch that: a
// middleware of the operation, and, since huma does not run that in groups
// with a prefix (huma#804), the fact that it runs the modifiers of such groups
// twice: for the document, which a gate sees, and then for the router.

// refuseUnprotected lets through what a gate has let through.
func refuseUnprotected(ctx huma.Context, next func(huma.Context)) {
	if r := requestOf(ctx); r == nil || r.entry.op != ctx.Operation() {
		writePlainProblem(ctx, huma.NewErrorWithContext(ctx, answerInternal.status, unprotected(ctx.Operation())))
		return
	}
	next(ctx)
}

func unprotected(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) is to be protected by Require, but the manager is not attached to its API: "+
		"call Attach first, with that API; in a group, add Require after modifiers that hide or drop operations",
		op.OperationID, op.Method, op.Path)
}

// protections remembers operations that have met Require, as they were then:
// groups around theirs may still change the path.
type protections struct {
	mu    sync.Mutex
	known map[string]*bool // documented since
}

// note is called for an operation that is not known to be protected: the
// second time, it must have been documented since the first.
func (p *protections) note(op *huma.Operation, protection openapi.Protection) {
	if op.Hidden {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := fmt.Sprintf("%s %s %q %v", op.Method, op.Path, protection.Roles, protection.Fresh)
	before, known := p.known[key]
	switch {
	case !known:
		if p.known == nil {
			p.known = map[string]*bool{}
		}
		p.known[key] = protection.Documented
	case *before:
		delete(p.known, key)
	default:
		panic(unprotected(op))
	}
}
