package policy

import (
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// records keeps the policies that the hook has computed, for the requests.
type records struct {
	mu       sync.Mutex
	policies map[*huma.Operation]Policy // of operations that went through the hook
	routes   map[string][]registered    // the same, by method and path
	added    []*huma.Operation          // the same, in order

	hidden map[string]*huma.Operation // the last that Hide has taken out of the document, by method and path
}

// registered is a record of the hook. Copies of one operation share the map of
// its responses. The map tells them from another operation that was registered
// under the same method and path.
type registered struct {
	responses map[string]*huma.Response
	policy    Policy
}

// record keeps the policy of an operation. The operation of a group without a
// prefix reaches the middleware itself. Other groups copy it. The parameters of
// a copy are not a source, because another operation may have overwritten them.
func (d *records) record(op *huma.Operation, policy Policy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, again := d.policies[op]; !again {
		d.added = append(d.added, op)
	}
	d.policies[op] = policy
	all := slices.DeleteFunc(d.routes[route(op)], func(r registered) bool { return sameMap(r.responses, op.Responses) })
	d.routes[route(op)] = append(all, registered{op.Responses, policy})
}

// of returns the policy of an operation that went through the hook itself.
func (d *records) of(op *huma.Operation) (Policy, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	policy, added := d.policies[op]
	return policy, added
}

// recorded returns the policy of the registration that op is a copy of. If a
// modifier has replaced the responses, it takes the latest policy of the same method
// and path. It then adds the requirements of the others.
func (d *records) recorded(op *huma.Operation) (Policy, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.routes[route(op)]
	if len(all) == 0 {
		return Policy{}, false
	}
	for _, r := range all {
		if sameMap(r.responses, op.Responses) {
			return r.policy, true
		}
	}
	policy := all[len(all)-1].policy
	for _, r := range all {
		for _, requirements := range r.policy.Requirements {
			policy.Requirements = withRequirements(policy.Requirements, requirements)
		}
	}
	return policy, true
}

// serves reports whether an operation of the same method and path is recorded.
func (d *records) serves(op *huma.Operation) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.routes[route(op)]) > 0
}

// any reports whether an operation is recorded.
func (d *records) any() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.policies) > 0
}

// operations returns those that went through the hook, in the order of their registration.
func (d *records) operations() []*huma.Operation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.added)
}

// hide notes an operation that is no longer in the document.
func (d *records) hide(op *huma.Operation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hidden[route(op)] = op
}

// hiddenAt returns the hidden operation of the same method and path, or nil.
func (d *records) hiddenAt(op *huma.Operation) *huma.Operation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hidden[route(op)]
}

func sameMap(a, b map[string]*huma.Response) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}
