package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Entry is an operation of an API with the policy that is enforced for it.
type Entry struct {
	Operation *huma.Operation
	Policy    Policy
	Security  Requirements // that the document shows; nil if nothing declares any
	Hidden    bool         // the document does not show it
}

// DocumentOf returns the document of an API, or nil if no manager is attached to it.
func DocumentOf(oapi *huma.OpenAPI) *Document {
	if oapi == nil || oapi.Components == nil {
		return nil
	}
	a := registries.attached(oapi.Components.Schemas)
	if a == nil || a.oapi != oapi {
		return nil
	}
	d, _ := a.document.(*Document)
	return d
}

// Schemes returns those of the sessions, in the order in which they were added.
func (d *Document) Schemes() []Scheme { return d.schemes.ours }

// Scheme returns a scheme of the document, or nil.
func (d *Document) Scheme(key string) *huma.SecurityScheme {
	return d.oapi.Components.SecuritySchemes[key]
}

// Brings returns the key of the session whose user a scheme of the program brings, or "".
func (d *Document) Brings(key string) string { return d.schemes.checks[key] }

// Checked returns the keys of the program's schemes that bring a user of a session.
func (d *Document) Checked(session string) []string {
	var keys []string
	for key, of := range d.schemes.checks {
		if of == session {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Entries returns the operations of the document, and those that the document has lost
// since they were added. They are in the order of their paths and methods. Of several with
// the same path and method, that of the document comes first, and the others in the order of
// their registration: which one serves depends on the router. The first contradiction in a
// policy is an error.
func (d *Document) Entries() ([]Entry, error) {
	var all []Entry
	shown := map[*huma.Operation]bool{}
	add := func(op *huma.Operation, hidden bool) error {
		p, err := d.Policy(op)
		if err != nil {
			return err
		}
		security := Requirements(op.Security)
		if security == nil {
			security = d.oapi.Security
		}
		shown[op] = true
		all = append(all, Entry{Operation: op, Policy: p, Security: security, Hidden: hidden})
		return nil
	}
	for _, item := range d.oapi.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace} {
			if op == nil {
				continue
			}
			if err := add(op, false); err != nil {
				return nil, err
			}
		}
	}
	for _, op := range d.records.operations() {
		if shown[op] {
			continue
		}
		if err := add(op, true); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Operation.Path, b.Operation.Path), cmp.Compare(a.Operation.Method, b.Operation.Method))
	})
	return all, nil
}

// Concealed returns the operations with Operation.Hidden that embed a session type. huma
// calls no hook for them, so only their declarations are known. The entries have neither
// method nor path.
func (d *Document) Concealed() ([]Entry, error) {
	var all []Entry
	for _, declared := range d.attachment.concealed {
		op := &huma.Operation{Hidden: true}
		p, _, err := policyOf(&d.schemes, op, declared)
		if err != nil {
			return nil, fmt.Errorf("humasess: hidden operation: %w", err)
		}
		all = append(all, Entry{Operation: op, Policy: p, Hidden: true})
	}
	return all, nil
}
