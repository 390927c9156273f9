package policy

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Policy holds the requirements that the core enforces for an operation.
type Policy struct {
	// Declarations are the session types that the input embeds.
	Declarations []Declaration

	// Requirements must all hold: the declared ones and those of the document.
	// An empty list always holds.
	Requirements []Requirements

	// Fresh is how recently the users of sessions must have authenticated, by
	// the key of the scheme. It comes from [Protect], and adds to the Fresh of
	// the declarations.
	Fresh map[string]time.Duration

	// Protections are those that [Protect] has added. Requirements and Fresh
	// include them.
	Protections []Protection
}

// UsesSessions reports whether the policy concerns the core at all: whether it
// has a session, or a scheme that a manager checks.
func (p *Policy) UsesSessions() bool { return len(p.Declarations) > 0 || len(p.Requirements) > 0 }

// policyOf computes the policy of an operation whose input makes the
// declarations, and its document form. Both are empty when the operation uses
// neither a session nor a scheme that is checked.
func policyOf(d *schemes, op *huma.Operation, declared []Declaration) (Policy, Requirements, error) {
	uses, err := usesOf(d, op, declared)
	if err != nil {
		return Policy{}, nil, err
	}
	global := d.global()
	full, err := merge(op.Security, global, uses, d.brings)
	if err != nil {
		return Policy{}, nil, err
	}
	if full == nil {
		full = cloneAll(global)
	}
	full = d.withAccepted(full, func(s Scheme, roles []string) bool {
		return SessionOnly(op) || asksForProof(op, declared, s) || startsSession(declared, s) || !asksRoles(op, declared, s, roles)
	})
	full = d.withBearer(full)
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

// usesOf translates declarations and protections into schemes.
func usesOf(d *schemes, op *huma.Operation, declared []Declaration) ([]use, error) {
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
		uses = append(uses, use{scheme: s, kind: decl.Kind, roles: decl.Roles})
	}
	for _, p := range protections(op) {
		s, ok := d.byKey(p.Scheme)
		if !ok || s.Manager != p.Manager {
			return nil, fmt.Errorf("the manager that Require belongs to, with scheme %q, is not attached to this API", p.Scheme)
		}
		if len(p.Roles) > 0 && !s.HasRoles {
			return nil, errNoRoles(p.Roles)
		}
		uses = append(uses, use{scheme: s, kind: Required, roles: p.Roles})
	}
	for _, s := range d.ours {
		if s.Default && len(op.Security) > 0 && !mentionsAny(op.Security, s.keys()) && !hasType(declared, s.Type) {
			uses = append(uses, use{scheme: s, kind: Required})
		}
	}
	for _, u := range uses {
		for _, v := range uses {
			if u.kind == Login && v.scheme.Key == u.scheme.Key && (v.kind == Required || v.kind == Guarded) {
				return nil, fmt.Errorf("embeds Login, which is public, but also requires a session of scheme %q: remove one of the two, or register the operation outside the protected group", u.scheme.Key) //nolint:lll // one message
			}
		}
	}
	return uses, nil
}

// asksForProof reports whether the operation asks how or when the user of a session has
// authenticated. The user of another credential has not, for this program.
func asksForProof(op *huma.Operation, declared []Declaration, s Scheme) bool {
	return freshness(op)[s.Key] > 0 || slices.ContainsFunc(declared, func(d Declaration) bool {
		return d.Type == s.Type && (d.Fresh > 0 || len(d.Methods) > 0)
	})
}

// startsSession reports whether the operation embeds Login for the session.
func startsSession(declared []Declaration, s Scheme) bool {
	return slices.ContainsFunc(declared, func(d Declaration) bool { return d.Type == s.Type && d.Kind == Login })
}

// asksRoles reports whether declarations and protections ask for all of the roles. They ask
// the user of another credential for them, too. The roles in a requirement are only for
// sessions.
func asksRoles(op *huma.Operation, declared []Declaration, s Scheme, roles []string) bool {
	return !slices.ContainsFunc(roles, func(role string) bool {
		return !slices.ContainsFunc(declared, func(d Declaration) bool { return d.Type == s.Type && slices.Contains(d.Roles, role) }) &&
			!slices.ContainsFunc(protections(op), func(p Protection) bool { return p.Scheme == s.Key && slices.Contains(p.Roles, role) })
	})
}

// RolesFor returns the roles that the declarations and protections of a policy ask of the
// users of one scheme, however a request brings the user.
func RolesFor(p *Policy, scheme Scheme) []string {
	var roles []string
	for _, d := range p.Declarations {
		if d.Type == scheme.Type {
			roles = append(roles, d.Roles...)
		}
	}
	for _, of := range p.Protections {
		if of.Scheme == scheme.Key {
			roles = append(roles, of.Roles...)
		}
	}
	return roles
}

// withRequirements adds requirements that are not there yet, to a copy.
func withRequirements(all []Requirements, r Requirements) []Requirements {
	same := func(other Requirements) bool { return reflect.DeepEqual(other, r) }
	if len(r) == 0 || slices.ContainsFunc(all, same) {
		return all
	}
	return append(slices.Clone(all), cloneAll(r))
}
