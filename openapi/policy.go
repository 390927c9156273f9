package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// requireKey holds the protections that [Protect] has added to an operation.
const requireKey = "humasess.require"

// Protection is what a group modifier requires of an operation.
type Protection struct {
	Scheme  string
	Manager any // that requires it; the scheme must be this manager's
	Roles   []string

	// Fresh is how recently the user must have authenticated, 0 if it does not
	// matter.
	Fresh time.Duration

	// Documented is set when the protection has reached a document.
	Documented *bool
}

// Protect adds a protection to an operation that need not embed anything. It
// is idempotent, because huma runs the modifiers of a group without a prefix
// twice, and leaves maps alone that copies of the operation share. It reports
// whether the protection is new.
func Protect(op *huma.Operation, p Protection) bool {
	old := protections(op)
	if slices.ContainsFunc(old, func(o Protection) bool {
		return o.Same(p)
	}) {
		return false
	}
	metadata := make(map[string]any, len(op.Metadata)+1)
	maps.Copy(metadata, op.Metadata)
	metadata[requireKey] = append(slices.Clone(old), p)
	op.Metadata = metadata
	return true
}

// Same reports whether both protections require the same.
func (p Protection) Same(other Protection) bool {
	return p.Scheme == other.Scheme && p.Manager == other.Manager && p.Fresh == other.Fresh && slices.Equal(p.Roles, other.Roles)
}

func protections(op *huma.Operation) []Protection {
	ps, _ := op.Metadata[requireKey].([]Protection)
	return ps
}

// Policy is what is enforced for an operation.
type Policy struct {
	// Declarations are the session types that the input embeds.
	Declarations []Declaration

	// Requirements must all hold: what was declared and what the document
	// says. Empty lists hold always.
	Requirements []Requirements

	// Fresh is how recently the users of sessions must have authenticated, by
	// the key of the scheme, beside what declarations say. [Protect] has added
	// it.
	Fresh map[string]time.Duration

	// Protections are those that [Protect] has added. Requirements and Fresh
	// include them.
	Protections []Protection
}

// UsesSessions reports whether the policy concerns the session layer at all:
// a session, or a scheme that a manager checks.
func (p *Policy) UsesSessions() bool { return len(p.Declarations) > 0 || len(p.Requirements) > 0 }

// uses translates declarations and protections into schemes.
func (d *Document) uses(op *huma.Operation, declared []Declaration) ([]use, error) {
	var uses []use
	for _, decl := range declared {
		if decl.Err != nil {
			return nil, decl.Err
		}
		s, ok := d.byType(decl.Type)
		if !ok {
			return nil, fmt.Errorf("no manager of %v is attached to this API: call Attach before registering operations", decl.Type)
		}
		if len(decl.Roles) > 0 && !s.HasRoles {
			return nil, errNoRoles(decl.Roles)
		}
		if decl.Fresh < 0 {
			return nil, fmt.Errorf("guard asks for an authentication within %v: its Fresh is not positive", decl.Fresh)
		}
		uses = append(uses, use{scheme: s.Key, kind: decl.Kind, roles: decl.Roles})
	}
	for _, p := range protections(op) {
		s, ok := d.byKey(p.Scheme)
		if !ok || s.Manager != p.Manager {
			return nil, fmt.Errorf("Require: its manager, with scheme %q, is not attached to this API", p.Scheme)
		}
		if len(p.Roles) > 0 && !s.HasRoles {
			return nil, errNoRoles(p.Roles)
		}
		uses = append(uses, use{scheme: s.Key, kind: Required, roles: p.Roles})
	}
	for _, s := range d.schemes {
		if s.Default && len(op.Security) > 0 && !mentions(op.Security, s.Key) && !hasType(declared, s.Type) {
			uses = append(uses, use{scheme: s.Key, kind: Required})
		}
	}
	for _, u := range uses {
		for _, v := range uses {
			if u.kind == Login && v.scheme == u.scheme && (v.kind == Required || v.kind == Guarded) {
				return nil, fmt.Errorf("embeds Login, which is public, but also requires a session of scheme %q: remove one of the two, or register the operation outside the protected group", u.scheme) //nolint:lll // one message
			}
		}
	}
	return uses, nil
}

// freshness is the shortest time that protections ask for, for each scheme.
func freshness(op *huma.Operation) map[string]time.Duration {
	var all map[string]time.Duration
	for _, p := range protections(op) {
		if p.Fresh == 0 {
			continue
		}
		if all == nil {
			all = map[string]time.Duration{}
		}
		if have, ok := all[p.Scheme]; !ok || p.Fresh < have {
			all[p.Scheme] = p.Fresh
		}
	}
	return all
}

func errNoRoles(roles []string) error {
	return fmt.Errorf("requires roles %q, but nothing says which roles a session has: set Options.Roles", roles)
}

// declared computes the policy of an operation whose input makes the
// declarations, and its document form. Neither is set when neither a session
// nor a scheme that is checked has to do with it.
func (d *Document) declared(op *huma.Operation, declared []Declaration) (Policy, Requirements, error) {
	uses, err := d.uses(op, declared)
	if err != nil {
		return Policy{}, nil, err
	}
	global := d.global()
	full, err := merge(op.Security, global, uses)
	if err != nil {
		return Policy{}, nil, err
	}
	if full == nil {
		full = cloneAll(global)
	}
	if len(uses) == 0 && !d.concerns(full) {
		return Policy{}, nil, nil
	}
	if err := d.checkable(full); err != nil {
		return Policy{}, nil, err
	}
	policy := Policy{Declarations: declared, Requirements: []Requirements{full}, Fresh: freshness(op), Protections: protections(op)}
	documented := full.withoutRoles(func(key string) bool {
		s, ok := d.byKey(key)
		return ok && s.OmitRoles
	})
	if len(uses) == 0 && op.Security == nil && reflect.DeepEqual(full, Requirements(d.oapi.Security)) {
		documented = nil // inherits the document's own
	}
	return policy, documented, nil
}

// checkable refuses requirements that nobody could ever satisfy.
func (d *Document) checkable(all Requirements) error {
	for _, alternative := range all {
		if err := d.tokenAlone(alternative); err != nil {
			return err
		}
		for key, roles := range alternative {
			s, ours := d.byKey(key)
			switch {
			case ours && len(roles) > 0 && !s.HasRoles:
				return errNoRoles(roles)
			case ours || d.hasCheck(key):
			case d.oapi.Components.SecuritySchemes[key] == nil:
				return fmt.Errorf("security names the unknown scheme %q: add it to components.securitySchemes, and its check to Options.Schemes", key)
			default:
				return fmt.Errorf("security names scheme %q beside a session or a scheme that is checked, and nothing says when it is satisfied: add its check to Options.Schemes", key)
			}
		}
	}
	return nil
}

func (d *Document) mentionsOurs(all Requirements) bool {
	return slices.ContainsFunc(d.schemes, func(s Scheme) bool {
		return mentions(all, s.Key) || s.CSRFHeader != "" && mentions(all, s.CSRFKey())
	})
}

// concerns reports whether a manager has anything to check.
func (d *Document) concerns(all Requirements) bool {
	return d.mentionsOurs(all) || slices.ContainsFunc(all, func(alternative map[string][]string) bool {
		for key := range alternative {
			if d.hasCheck(key) {
				return true
			}
		}
		return false
	})
}

// Policy returns what to enforce for an operation as it arrives at a
// middleware: what it declared, and what the document says by now for its own
// method and path. The latter can only tighten. It is not cached here, but the
// middleware asks once for each operation: a document that a program edits
// after the operation's first request changes nothing.
func (d *Document) Policy(op *huma.Operation) (Policy, error) {
	d.mu.Lock()
	policy, added := d.policies[op]
	d.mu.Unlock()
	if !added {
		var err error
		if policy, err = d.copied(op); err != nil {
			return Policy{}, problem(op.Method, op.Path, op.OperationID, err)
		}
	}
	entry := d.slot(op)
	if entry == nil || *entry == nil {
		return policy, nil
	}
	documented := Requirements((*entry).Security)
	if documented == nil {
		documented = d.oapi.Security
	}
	if !policy.UsesSessions() && !d.concerns(documented) {
		return policy, nil
	}
	if err := d.checkable(documented); err != nil {
		return Policy{}, problem(op.Method, op.Path, op.OperationID, err)
	}
	policy.Requirements = withRequirements(policy.Requirements, documented)
	return policy, nil
}

// copied computes the policy of an operation that did not go through the hook
// itself. The hook has recorded the declarations of a copy. A hidden operation has
// no record: there, the markers are all there is.
func (d *Document) copied(op *huma.Operation) (Policy, error) {
	record, known := d.recorded(op)
	declared := record.Declarations
	if op.Hidden || !known {
		var err error
		if declared, err = declarations(op, nil); err != nil {
			return Policy{}, err
		}
	}
	policy, _, err := d.declared(op, declared)
	if err != nil {
		return Policy{}, err
	}
	// The document that it inherits from may have been edited since.
	for _, r := range record.Requirements {
		policy.Requirements = withRequirements(policy.Requirements, r)
	}
	return policy, nil
}

// withRequirements adds what is not there yet, to a copy.
func withRequirements(all []Requirements, r Requirements) []Requirements {
	same := func(other Requirements) bool { return reflect.DeepEqual(other, r) }
	if len(r) == 0 || slices.ContainsFunc(all, same) {
		return all
	}
	return append(slices.Clone(all), cloneAll(r))
}

func route(op *huma.Operation) string { return op.Method + " " + op.Path }

// slot is where the document keeps the operation of op's own method and path,
// nil if it has no such path: a HEAD request may have reached a GET operation.
func (d *Document) slot(op *huma.Operation) **huma.Operation {
	item := d.oapi.Paths[op.Path]
	if item == nil {
		return nil
	}
	switch op.Method {
	case http.MethodGet:
		return &item.Get
	case http.MethodHead:
		return &item.Head
	case http.MethodPost:
		return &item.Post
	case http.MethodPut:
		return &item.Put
	case http.MethodPatch:
		return &item.Patch
	case http.MethodDelete:
		return &item.Delete
	case http.MethodOptions:
		return &item.Options
	case http.MethodTrace:
		return &item.Trace
	}
	return nil
}
