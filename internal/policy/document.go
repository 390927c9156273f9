package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// Document edits the OpenAPI document of one API. Its methods are called
// while the API is being built, as huma's own are, except [Document.Policy].
type Document struct {
	oapi    *huma.OpenAPI
	schemes []Scheme
	checks  map[string]bool
	first   huma.Middlewares // of protected operations

	mu       sync.Mutex
	policies map[*huma.Operation]Policy // of operations that went through the hook
	routes   map[string][]registered    // the same, by method and path
}

// registered is a record of the hook. Copies of one operation share the
// map of its responses, which tells them from another operation that was
// registered under the same method and path.
type registered struct {
	responses map[string]*huma.Response
	policy    Policy
}

// NewDocument prepares a document, before the first operation is registered.
// It stays as it is until the first [Document.AddScheme].
//
// A hidden operation that embeds a session type counts as registered. Other
// hidden operations leave no trace, so NewDocument cannot see them. Two APIs
// must not share a document or its components: the middleware of the first
// would not run for the second. See [Document.UseMiddleware].
func NewDocument(oapi *huma.OpenAPI) (*Document, error) {
	if len(oapi.Paths) > 0 {
		return nil, errors.New("humasess: Attach called after the first operation was registered: attach before, or the operation is neither protected nor documented")
	}
	if c := oapi.Components; c != nil && registries.attached(c.Schemas) {
		return nil, errors.New("humasess: Attach called with an API that shares its huma.Config, OpenAPI document or components with another API " +
			"that has a manager: the manager would not be in front of this one: give each API a huma.Config of its own")
	}
	if c := oapi.Components; c != nil && registries.late(c.Schemas) {
		return nil, errors.New("humasess: Attach called after a hidden operation that embeds a session type was registered: attach before, or the operation is not protected")
	}
	return &Document{oapi: oapi, checks: map[string]bool{}, policies: map[*huma.Operation]Policy{}, routes: map[string][]registered{}}, nil
}

// AddScheme documents a session type. It refuses a type, key or cookie name
// that the document has already.
func (d *Document) AddScheme(s Scheme) error {
	if len(d.oapi.Paths) > 0 {
		return errors.New("humasess: Attach called after the first operation was registered: attach every manager before")
	}
	for _, other := range d.schemes {
		switch {
		case other.Type == s.Type:
			return fmt.Errorf("humasess: a manager of %v is already attached to this API", s.Type)
		case s.sharedCookie(other) != "":
			return fmt.Errorf("humasess: cookie name %q is taken by another manager on this API, or is one of its former names: "+
				"set Options.Cookie.Name, and name no cookie of another manager in Options.Cookie.Former", s.sharedCookie(other))
		}
	}
	if _, taken := d.oapi.Components.SecuritySchemes[s.Key]; taken {
		return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.SchemeName", s.Key)
	}
	if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
		return fmt.Errorf("humasess: %w", err)
	}
	if d.oapi.Components.SecuritySchemes == nil {
		d.oapi.Components.SecuritySchemes = map[string]*huma.SecurityScheme{}
	}
	d.oapi.Components.SecuritySchemes[s.Key] = s.object()
	if s.CSRFHeader != "" {
		if _, taken := d.oapi.Components.SecuritySchemes[s.CSRFKey()]; taken {
			return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.SchemeName", s.CSRFKey())
		}
		d.oapi.Components.SecuritySchemes[s.CSRFKey()] = s.csrfObject()
		d.AddCheck(s.CSRFKey())
	}
	if len(d.schemes) == 0 {
		registries.attach(d)
		d.oapi.OnAddOperation = append(d.oapi.OnAddOperation, d.onAddOperation)
	}
	d.schemes = append(d.schemes, s)
	d.oapi.Security = d.global()
	return nil
}

// AddCheck says that somebody checks a scheme that is not ours.
func (d *Document) AddCheck(key string) { d.checks[key] = true }

// UseMiddleware adds middleware to every operation that is added from now on and
// has a policy that uses sessions. It runs before the operation's own middleware.
// So an operation of another API that shares the document does not run without a
// check. huma does not run the middleware of operations in a group with a prefix
// (huma#804).
func (d *Document) UseMiddleware(middleware func(huma.Context, func(huma.Context))) {
	d.first = append(d.first, middleware)
}

// global is what operations inherit that say nothing: what the document says,
// and the schemes that are required by default even if it does not any more.
func (d *Document) global() Requirements {
	global := Requirements(d.oapi.Security)
	for _, s := range d.schemes {
		if !s.Default {
			continue
		}
		if global = cloneAll(global); len(global) == 0 {
			global = Requirements{{}}
		}
		for _, alternative := range global {
			alternative[s.Key] = union(alternative[s.Key], nil)
		}
	}
	return global
}

func (d *Document) byType(t reflect.Type) (Scheme, bool) {
	for _, s := range d.schemes {
		if s.Type == t {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *Document) byKey(key string) (Scheme, bool) {
	for _, s := range d.schemes {
		if s.Key == key {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *Document) hasCheck(key string) bool { return d.checks[key] }

// onAddOperation writes what the operation declared into it. It panics on a
// contradiction, as huma does on other mistakes in a registration.
func (d *Document) onAddOperation(oapi *huma.OpenAPI, op *huma.Operation) {
	err := d.describe(op)
	if err != nil {
		Seal(oapi.Components.Schemas)
		d.withdraw(op)
		panic(problem(op.Method, op.Path, op.OperationID, err))
	}
}

func (d *Document) describe(op *huma.Operation) error {
	if err := d.refuseMisplaced(op); err != nil {
		return err
	}
	for _, s := range d.schemes {
		if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
			return err
		}
	}
	declared, err := declarations(op, pending(d.oapi.Components.Schemas))
	if err != nil {
		return err
	}
	policy, documented, err := d.declared(op, declared)
	if err != nil {
		return err
	}
	for _, p := range protections(op) {
		if p.Documented != nil {
			*p.Documented = true
		}
	}
	d.record(op, policy)
	if !policy.UsesSessions() {
		return nil
	}
	op.Middlewares = slices.Concat(d.first, op.Middlewares) // the caller's slice stays
	hadMarker := len(policy.Declarations) > 0
	op.Parameters = withoutMarkers(op.Parameters)
	if documented = d.withCSRF(op, documented); documented != nil {
		op.Security = documented
	}
	describeModifiers(op)
	d.describeResponses(op, policy, hadMarker)
	return nil
}

// record keeps a policy for the requests. Groups without a prefix hand over one
// operation, which then reaches the middleware; others copy it. A copy's own
// parameters are no source: another operation may have overwritten them.
func (d *Document) record(op *huma.Operation, policy Policy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.policies[op] = policy
	all := slices.DeleteFunc(d.routes[route(op)], func(r registered) bool { return sameMap(r.responses, op.Responses) })
	d.routes[route(op)] = append(all, registered{op.Responses, policy})
}

// recorded returns the policy of the registration that op is a copy of. A
// modifier may have replaced the responses: then it is the latest one of the
// same method and path, with the requirements of all.
func (d *Document) recorded(op *huma.Operation) (Policy, bool) {
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

func sameMap(a, b map[string]*huma.Response) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// withdraw takes an operation that was refused out of the document again, so
// that it can be registered once it is corrected. Where its route had an
// operation before, the entry stays: the stricter of both is enforced.
func (d *Document) withdraw(op *huma.Operation) {
	slot := d.slot(op)
	d.mu.Lock()
	served := len(d.routes[route(op)]) > 0
	d.mu.Unlock()
	if served || slot == nil || *slot != op {
		return
	}
	*slot = nil
	if reflect.ValueOf(*d.oapi.Paths[op.Path]).IsZero() {
		delete(d.oapi.Paths, op.Path)
	}
}
