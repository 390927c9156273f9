package gate

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

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
