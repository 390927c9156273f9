package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Document edits the OpenAPI document of one API. The program that builds the
// API calls its methods, as it calls huma's, before the first request.
// [Document.Policy] is the exception: requests call it.
type Document struct {
	oapi    *huma.OpenAPI
	schemes schemes
	first   huma.Middlewares // of protected operations
	records records

	attachment attachment
}

// NewDocument prepares a document, before the first operation is registered. It
// changes nothing in the document until the first [Document.AddScheme].
//
// A hidden operation that embeds a session type counts as registered. Other
// hidden operations leave no trace, so NewDocument cannot see them. Two APIs
// must not share a document or its components, because the middleware of the
// first would not run for the second. See [Document.UseMiddleware].
func NewDocument(oapi *huma.OpenAPI) (*Document, error) {
	if len(oapi.Paths) > 0 {
		return nil, errors.New("humasess: Attach called after the first operation was registered: attach every manager before, so that the operation is protected and documented")
	}
	if c := oapi.Components; c != nil && registries.attached(c.Schemas) != nil {
		return nil, errors.New("humasess: Attach called with an API that shares its huma.Config, OpenAPI document or components with another API " +
			"that has a manager: the middleware of one does not run for the other, so give each API a huma.Config of its own")
	}
	if c := oapi.Components; c != nil && registries.late(c.Schemas) {
		return nil, errors.New("humasess: Attach called after a hidden operation that embeds a session type was registered: " +
			"attach every manager before, so that the operation is protected")
	}
	d := &Document{
		oapi:       oapi,
		schemes:    schemes{oapi: oapi, checks: map[string]string{}},
		records:    records{policies: map[*huma.Operation]Policy{}, routes: map[string][]registered{}, hidden: map[string]*huma.Operation{}},
		attachment: attachment{oapi: oapi},
	}
	d.attachment.document = d
	return d, nil
}

// AddScheme documents a session type. It refuses a type, key or cookie name
// that the document already has.
func (d *Document) AddScheme(s Scheme) error {
	if len(d.oapi.Paths) > 0 || d.records.any() {
		return errors.New("humasess: Attach called after the first operation was registered: attach every manager before")
	}
	first := len(d.schemes.ours) == 0
	if err := d.schemes.add(s); err != nil {
		return err
	}
	if first {
		registries.attach(&d.attachment)
		d.oapi.OnAddOperation = append(d.oapi.OnAddOperation, d.onAddOperation)
	}
	return nil
}

// AddCheck says that a manager checks a scheme of the program's own, which brings a user
// of the manager's sessions.
func (d *Document) AddCheck(key, session string) { d.schemes.checks[key] = session }

// UseMiddleware adds middleware to every operation that is added from now on and
// has a policy that uses sessions. It runs before the operation's own middleware.
// So an operation of another API that shares the document does not run without a
// check. huma does not run the middleware of operations in a group with a prefix
// (huma#804).
func (d *Document) UseMiddleware(middleware func(huma.Context, func(huma.Context))) {
	d.first = append(d.first, middleware)
}

// onAddOperation writes the operation's policy into it. It panics on a
// contradiction, as huma does on other mistakes in a registration.
func (d *Document) onAddOperation(oapi *huma.OpenAPI, op *huma.Operation) {
	if r := pending(oapi.Components.Schemas); r != nil {
		r.documented = true
	}
	err := d.describe(op)
	if err != nil {
		Seal(oapi.Components.Schemas)
		d.withdraw(op)
		panic(problem(op, err))
	}
	if hidden(op) {
		d.remove(op)
		d.records.hide(op)
	}
}

func (d *Document) describe(op *huma.Operation) error {
	if err := refuseMisplaced(op, d.oapi.Components.Schemas); err != nil {
		return err
	}
	if err := d.schemes.noClash(); err != nil {
		return err
	}
	declared, err := declarations(op, pending(d.oapi.Components.Schemas))
	if err != nil {
		return err
	}
	policy, documented, err := policyOf(&d.schemes, op, declared)
	if err != nil {
		return err
	}
	for _, p := range protections(op) {
		if p.Documented != nil {
			*p.Documented = true
		}
	}
	d.records.record(op, policy)
	if !policy.UsesSessions() {
		return nil
	}
	op.Middlewares = slices.Concat(d.first, op.Middlewares) // does not change the caller's slice
	hadMarker := len(policy.Declarations) > 0
	op.Parameters = withoutMarkers(op.Parameters)
	if documented = withCSRF(&d.schemes, op, documented); documented != nil {
		op.Security = documented
	}
	describeExceptions(op)
	describeResponses(&d.schemes, op, policy, hadMarker)
	return nil
}

// withdraw removes a refused operation from the document, so that the program
// can register it again after a correction. Where its route had an operation
// before, the entry stays: the stricter of both is enforced.
func (d *Document) withdraw(op *huma.Operation) {
	if !d.records.serves(op) {
		d.remove(op)
	}
}

// remove takes an operation out of the document.
func (d *Document) remove(op *huma.Operation) {
	entry := slot(d.oapi, op)
	if entry == nil || *entry != op {
		return
	}
	*entry = nil
	if reflect.ValueOf(*d.oapi.Paths[op.Path]).IsZero() {
		delete(d.oapi.Paths, op.Path)
	}
}

// Policy returns the policy of an operation in the form in which a middleware sees
// it. It combines the declarations with the document's current entry for the method
// and path, or with that of an operation that [Hide] has taken out of the document. The
// entry can only tighten the policy. The middleware asks once for each
// operation, so a document that a program edits after the operation's first
// request changes nothing.
func (d *Document) Policy(op *huma.Operation) (Policy, error) {
	policy, added := d.records.of(op)
	if !added {
		var err error
		if policy, err = d.copied(op); err != nil {
			return Policy{}, problem(op, err)
		}
	}
	entries := [2]*huma.Operation{d.records.hiddenAt(op)}
	if entry := slot(d.oapi, op); entry != nil {
		entries[1] = *entry
	}
	for _, entry := range entries {
		if entry == nil {
			continue
		}
		documented := Requirements(entry.Security)
		if documented == nil {
			documented = d.oapi.Security
		}
		if !policy.UsesSessions() && !d.schemes.concerns(documented) {
			continue
		}
		if err := d.schemes.checkable(documented); err != nil {
			return Policy{}, problem(op, err)
		}
		policy.Requirements = withRequirements(policy.Requirements, documented)
	}
	return policy, nil
}

// copied computes the policy of an operation that did not go through the hook
// itself. The hook has recorded the declarations of a copy. A hidden operation
// does not have a record, so its markers are the only source.
func (d *Document) copied(op *huma.Operation) (Policy, error) {
	record, known := d.records.recorded(op)
	declared := record.Declarations
	if op.Hidden || !known {
		var err error
		if declared, err = declarations(op, nil); err != nil {
			return Policy{}, err
		}
	}
	policy, _, err := policyOf(&d.schemes, op, declared)
	if err != nil {
		return Policy{}, err
	}
	// A program may have edited the document's own requirement since then.
	for _, r := range record.Requirements {
		policy.Requirements = withRequirements(policy.Requirements, r)
	}
	return policy, nil
}

// problem names the operation in a contradiction.
func problem(op *huma.Operation, err error) error {
	return fmt.Errorf("humasess: operation %q (%s %s): %w", op.OperationID, op.Method, op.Path, err)
}
