package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// PolicyOf returns the policy of an API, with every operation that is registered and the
// options of every manager that is attached. Call it when all operations are registered. It
// is what the managers enforce, and not a reading of the document. The time that it takes
// grows with the number of operations.
//
// Use humasess.Hide to hide an operation from the document and not from the policy. huma
// tells nothing about operations with Operation.Hidden: see [Operation].
//
// An operation that no request can use because its declarations contradict each other is
// an error, as is an API without a manager.
func PolicyOf(api huma.API) (Policy, error) {
	doc := policy.DocumentOf(api.OpenAPI())
	if doc == nil {
		return Policy{}, errors.New("openapi: PolicyOf called with an API without a session manager: call Attach first")
	}
	entries, err := doc.Entries()
	if err != nil {
		return Policy{}, fmt.Errorf("openapi: %w", err)
	}
	r := reader{doc: doc, schemes: doc.Schemes()}
	p := Policy{Version: PolicyVersion, Managers: []Manager{}, Operations: []Operation{}}
	for _, s := range r.schemes {
		p.Managers = append(p.Managers, managerOf(doc, s))
	}
	slices.SortFunc(p.Managers, func(a, b Manager) int { return cmp.Compare(a.Scheme, b.Scheme) })
	concealed, err := doc.Concealed()
	if err != nil {
		return Policy{}, fmt.Errorf("openapi: %w", err)
	}
	p.Operations = append(p.Operations, r.concealed(concealed)...)
	for _, e := range entries {
		op := r.operation(e)
		if n := len(p.Operations); n == 0 || !op.repeats(p.Operations[n-1]) {
			p.Operations = append(p.Operations, op)
		}
	}
	return p, nil
}

// repeats reports whether an operation of the same path and method has the same policy.
func (op Operation) repeats(other Operation) bool {
	if op.Path != other.Path || op.Method != other.Method {
		return false
	}
	op.Hidden = other.Hidden
	return op.key() == other.key()
}

// reader makes the public form of a document's policies.
type reader struct {
	doc     *policy.Document
	schemes []policy.Scheme // of sessions
}

func (r *reader) operation(e policy.Entry) Operation {
	return Operation{
		Method: e.Operation.Method, Path: e.Operation.Path,
		Access: r.access(e), Admits: r.admits(e), Sessions: r.sessions(e),
		Hidden:         e.Hidden,
		AllowCrossSite: policy.CrossSiteAllowed(e.Operation),
		NoTouch:        policy.TouchDisabled(e.Operation),
		HandlerFresh:   Duration(policy.HandlerProof(e.Operation)),
	}
}

// concealed counts operations of the same policy. Their methods are not known, so their
// admissions say nothing about origins and CSRF tokens.
func (r *reader) concealed(entries []policy.Entry) []Operation {
	counted := map[string]*Operation{}
	for _, e := range entries {
		op := Operation{Access: r.access(e), Sessions: r.sessions(e), Hidden: true}
		op.Admits = fewest(bare(r.admits(e)))
		if counted[op.key()] == nil {
			counted[op.key()] = &op
		}
		counted[op.key()].Count++
	}
	var all []Operation
	for _, key := range slices.Sorted(maps.Keys(counted)) {
		all = append(all, *counted[key])
	}
	return all
}

// access classifies an operation. Its admissions tell more.
func (r *reader) access(e policy.Entry) Access {
	declares := func(k policy.Kind) bool {
		return slices.ContainsFunc(e.Policy.Declarations, func(d policy.Declaration) bool { return d.Kind == k })
	}
	open := func(all policy.Requirements) bool {
		return len(all) == 0 || slices.ContainsFunc(all, func(a map[string][]string) bool { return len(a) == 0 })
	}
	switch {
	case !e.Policy.UsesSessions() && !open(e.Security):
		return Unchecked
	case !e.Policy.UsesSessions() && e.Security == nil:
		return Unmarked
	case slices.ContainsFunc(e.Policy.Requirements, func(all policy.Requirements) bool { return !open(all) }):
		return User
	case declares(policy.Login):
		return Login
	case declares(policy.Optional), slices.ContainsFunc(e.Policy.Requirements, func(all policy.Requirements) bool { return len(all) > 0 }):
		return Optional
	}
	return Public
}

// admits returns the kinds of requests that an operation admits.
func (r *reader) admits(e policy.Entry) []Admission {
	if !e.Policy.UsesSessions() {
		return r.unchecked(e.Security)
	}
	terms := []map[string][]string{{}} // security requirements that suffice; see Requirements
	for _, alternatives := range e.Policy.Requirements {
		if len(alternatives) == 0 {
			continue
		}
		var next []map[string][]string
		for _, term := range terms {
			for _, alternative := range alternatives {
				next = append(next, both(term, alternative))
			}
		}
		terms = next
	}
	var all []Admission
	for _, term := range terms {
		if a, possible := r.admission(e, term); possible {
			all = append(all, a)
		}
	}
	return fewest(all)
}

// unchecked returns the admissions of an operation that no manager checks.
func (*reader) unchecked(security policy.Requirements) []Admission {
	if len(security) == 0 {
		return []Admission{{}}
	}
	var all []Admission
	for _, alternative := range security {
		a := Admission{}
		if len(alternative) > 0 {
			a.Credentials = both(nil, alternative)
		}
		all = append(all, a)
	}
	return fewest(all)
}

// admission returns the requests that satisfy one alternative of an operation, or false if
// there are none.
func (r *reader) admission(e policy.Entry, term map[string][]string) (Admission, bool) {
	a := Admission{Credentials: maps.Clone(term)}
	sessions, token := 0, false
	for _, s := range r.schemes {
		own := slices.DeleteFunc([]string{s.Key, bearerKey(s)}, func(key string) bool { _, named := term[key]; return !named })
		sessions += len(own)
		token = token || slices.Contains(own, bearerKey(s))
		c := Condition{Proofs: proofs(e.Policy, s), Guards: guards(e.Policy, s)}
		if len(own) == 0 && len(c.Proofs) > 0 {
			return a, false // the program has not authenticated the user of another credential
		}
		for _, key := range own {
			c.Credential, c.Roles, a.Credentials[key] = key, union(term[key], nil), []string{}
			a.Users = append(a.Users, c)
		}
		if len(own) == 0 {
			for _, key := range r.bringing(term, s) {
				c.Credential, c.Roles = key, union(policy.RolesFor(&e.Policy, s), nil)
				a.Users = append(a.Users, c)
			}
		}
	}
	if token && sessions > 1 {
		return a, false // a request with a token is judged by the token alone
	}
	a.Users = slices.DeleteFunc(a.Users, Condition.empty)
	slices.SortFunc(a.Users, func(x, y Condition) int { return cmp.Compare(x.Credential, y.Credential) })
	a.SameOrigin = !token && r.checksOrigin(e)
	if len(a.Credentials) == 0 {
		a.Credentials = nil
	}
	return a, true
}

// empty reports whether every user fulfils the condition.
func (c Condition) empty() bool { return len(c.Roles)+len(c.Proofs)+len(c.Guards) == 0 }

func bearerKey(s policy.Scheme) string {
	if s.Bearer == nil {
		return ""
	}
	return s.Bearer.Key
}

// bringing returns the credentials of the program that bring the user of a session.
func (r *reader) bringing(term map[string][]string, s policy.Scheme) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(term)), func(key string) bool { return r.doc.Brings(key) != s.Key })
}

// checksOrigin reports whether requests of other origins are refused.
func (r *reader) checksOrigin(e policy.Entry) bool {
	if policy.CrossSiteAllowed(e.Operation) {
		return false
	}
	if e.Operation.Method == http.MethodOptions {
		return false // a preflight reads nothing
	}
	return !policy.SafeMethod(e.Operation.Method) || slices.ContainsFunc(r.schemes, func(s policy.Scheme) bool {
		return s.Isolated && r.concerns(e, s)
	})
}

// concerns reports whether an operation has to do with the sessions of a scheme.
func (r *reader) concerns(e policy.Entry, s policy.Scheme) bool {
	for _, d := range e.Policy.Declarations {
		if d.Type == s.Type {
			return true
		}
	}
	for _, alternatives := range e.Policy.Requirements {
		for _, a := range alternatives {
			_, cookie := a[s.Key]
			_, token := a[bearerKey(s)]
			if cookie || token || len(r.bringing(a, s)) > 0 {
				return true
			}
		}
	}
	return false
}

// sessions returns the schemes of the sessions that an operation uses. With one manager the
// file does not repeat it.
func (r *reader) sessions(e policy.Entry) []string {
	if len(r.schemes) < 2 {
		return nil
	}
	var keys []string
	for _, s := range r.schemes {
		if r.concerns(e, s) {
			keys = append(keys, s.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

func proofs(p policy.Policy, s policy.Scheme) []Proof {
	var all []Proof
	if within := p.Fresh[s.Key]; within > 0 {
		all = append(all, Proof{Fresh: Duration(within)})
	}
	for _, d := range p.Declarations {
		if d.Type == s.Type && (d.Fresh > 0 || len(d.Methods) > 0) {
			all = append(all, Proof{Fresh: Duration(d.Fresh), Methods: slices.Sorted(slices.Values(d.Methods))})
		}
	}
	slices.SortFunc(all, func(a, b Proof) int {
		return cmp.Or(cmp.Compare(a.Fresh, b.Fresh), slices.Compare(a.Methods, b.Methods))
	})
	return all
}

func guards(p policy.Policy, s policy.Scheme) []string {
	var all []string
	for _, d := range p.Declarations {
		if d.Type == s.Type && d.Guard != nil {
			all = append(all, d.GuardType.String())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
