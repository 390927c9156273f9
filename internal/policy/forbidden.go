package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	crossOriginText = "Sent by a page of another origin."
	guardText       = "The user is not allowed to do this."
)

// forbidden returns the causes of the operation's 403. It is empty when the core never
// answers 403.
func forbidden(d *schemes, op *huma.Operation, p Policy) []cause {
	var all []cause
	if roles := requiredRoles(d, p); len(roles) > 0 {
		noun := "role"
		if len(roles) > 1 {
			noun = "roles"
		}
		text := fmt.Sprintf("The user lacks the required %s: `%s`.", noun, strings.Join(roles, "`, `"))
		all = append(all, cause{"role", "The user lacks a role", text, ProblemForbidden, nil})
	}
	if text := proofText(p, op); text != "" {
		all = append(all, cause{"reauthentication-required", "The user has to authenticate again", text, ProblemReauth, missing(p)})
	}
	if slices.ContainsFunc(p.Declarations, func(d Declaration) bool { return d.Kind == Guarded && d.Guard != nil }) {
		all = append(all, cause{"guard", "A guard refuses the user", guardText, ProblemForbidden, nil})
	}
	for _, s := range csrfChecked(d, op) {
		if mentions(op.Security, s.CSRFKey()) {
			text := fmt.Sprintf("The request lacks the session's CSRF token in `%s`.", s.CSRFHeader)
			all = append(all, cause{"csrf-token", "The CSRF token is missing or wrong", text, ProblemCSRF, nil})
		}
	}
	isolated := slices.ContainsFunc(d.ours, func(s Scheme) bool { return s.Isolated })
	if (isolated || !SafeMethod(op.Method)) && !CrossSiteAllowed(op) {
		all = append(all, cause{"cross-origin", "A page of another origin sent the request", crossOriginText, ProblemCrossOrigin, nil})
	}
	return all
}

// causesText returns the description of a response. Several causes become a list,
// because one answer has one cause.
func causesText(all []cause) string {
	if len(all) == 1 {
		return all[0].text
	}
	var b strings.Builder
	b.WriteString("One of these causes:\n")
	for _, c := range all {
		b.WriteString("\n- " + c.text)
	}
	return b.String()
}

// AsksProof says that the handler of an operation requires the user to have authenticated
// within a time.
func AsksProof(op *huma.Operation, within time.Duration) {
	op.Metadata = maps.Clone(op.Metadata) // copies of the operation share it
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[proofKey] = within
}

// proofKey is the key of the duration of [AsksProof] in an operation's metadata.
const proofKey = "humasess.proof"

// HandlerProof returns the time of [AsksProof], 0 if the handler asks for no proof.
func HandlerProof(op *huma.Operation) time.Duration {
	within, _ := op.Metadata[proofKey].(time.Duration)
	return within
}

// freshest returns the shortest time within which users must have authenticated,
// or 0 if neither the policy nor the handler limits it.
func freshest(p Policy, op *huma.Operation) time.Duration {
	var shortest time.Duration
	consider := func(d time.Duration) {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	for _, declared := range p.Declarations {
		consider(declared.Fresh)
	}
	for _, d := range p.Fresh {
		consider(d)
	}
	consider(HandlerProof(op))
	return shortest
}

// proofText returns the description of the 403 that asks the user to authenticate
// again, or "" when the operation never asks.
func proofText(p Policy, op *huma.Operation) string {
	methods, within := guardMethods(p), freshest(p, op)
	if len(methods) == 0 && within == 0 {
		return ""
	}
	text := "`reauthentication-required`: the user has not authenticated"
	if len(methods) > 0 {
		text += " by `" + strings.Join(methods, "` and `") + "`"
	}
	if within > 0 {
		text += fmt.Sprintf(" within %v", Duration(within))
	}
	return text + "."
}

// guardMethods returns the methods of authentication that the guards require.
func guardMethods(p Policy) []string {
	var methods []string
	for _, declared := range p.Declarations {
		methods = union(methods, declared.Methods)
	}
	return methods
}

// missing returns the details of the 403 for a session that lacks all of the methods.
func missing(p Policy) []error {
	var all []error
	for _, name := range guardMethods(p) {
		all = append(all, MissingMethod(name))
	}
	return all
}

// requiredRoles returns the roles that sessions must have. It leaves out the
// scopes of other schemes, because their checks answer 401.
func requiredRoles(d *schemes, p Policy) []string {
	var roles []string
	for _, r := range p.Requirements {
		for _, alternative := range r {
			for _, scheme := range slices.Sorted(maps.Keys(alternative)) {
				if _, ours := d.byKey(scheme); ours {
					roles = union(roles, alternative[scheme])
				}
			}
		}
	}
	return roles
}
