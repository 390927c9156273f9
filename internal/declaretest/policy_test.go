package declaretest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/openapi"
)

// visit is one kind of request to an operation.
type visit struct {
	guest
	foreign bool // a page of another site sends it
}

// hindered reports whether one credential of the request may spoil another, which a policy
// does not tell: where a credential of the program decides alone, a cookie does not help, and
// the cookie of an account may need a CSRF token even where it is not required.
func (v visited) hindered(by visit) bool {
	return by.bearer && (by.session || by.parcel) || v.csrf && by.session && !by.token
}

// visited is an API with its policy, and the requests that it really admits.
type visited struct {
	policy openapi.Policy
	admits map[string]map[visit]bool // by method and path
	csrf   bool
}

// planOpen is a plan whose operations are all in its policy.
func planOpen(r *rand.Rand) plan {
	p := newPlan(r)
	p.second = false
	p.operations = slices.DeleteFunc(p.operations, func(op plannedOperation) bool { return op.embeds.mistaken })
	for i := range p.operations {
		p.operations[i] = p.operations[i].except(r)
	}
	return p.withSwitches(r)
}

// withSwitches chooses options that concern requests of other sites.
func (p plan) withSwitches(r *rand.Rand) plan {
	p.csrf, p.isolated = r.IntN(4) == 0, r.IntN(4) == 0
	return p
}

// except hides an operation so that its policy is known, and admits requests of other sites
// to some.
func (op plannedOperation) except(r *rand.Rand) plannedOperation {
	register, crossSite, hidden := op.embeds.register, r.IntN(5) == 0, op.hidden
	op.embeds.register = func(api huma.API, planned huma.Operation) {
		if hidden {
			humasess.Hide(&planned)
		}
		if crossSite {
			humasess.AllowCrossSite(&planned)
		}
		register(api, planned)
	}
	op.hidden, op.shares = false, false
	return op
}

// changed returns a plan that differs in some operations, or in an option.
func (p plan) changed(r *rand.Rand) plan {
	p.operations = slices.Clone(p.operations)
	for i := range p.operations {
		op := &p.operations[i]
		if r.IntN(2) == 0 {
			continue
		}
		for {
			other := newOperation(r, op.name)
			other.method, other.groups, other.after = op.method, op.groups, op.after
			if r.IntN(2) == 0 {
				other.embeds = op.embeds
			}
			other = other.except(r)
			if !other.embeds.mistaken && !p.contradicts(other) {
				*op = other
				break
			}
		}
	}
	if r.IntN(3) == 0 {
		q := p.withSwitches(r)
		q.byDefault, q.global = r.IntN(4) == 0, r.IntN(4) == 0
		if r.IntN(2) == 0 {
			q.tokens = pick(r, "", "account", "parcel", "account parcel")
		}
		if !q.has("account") {
			q.operations = slices.Clone(q.operations)
			for i := range q.operations { // a scheme that is not there
				q.operations[i].written = slices.DeleteFunc(slices.Clone(q.operations[i].written), func(a map[string][]string) bool {
					_, named := a["sessionBearer"]
					return named
				})
			}
		}
		if !slices.ContainsFunc(q.operations, q.contradicts) {
			return q
		}
	}
	return p
}

// visit sends every kind of request to every operation.
func (p plan) visit(t *testing.T) visited {
	t.Helper()
	s := p.build(t)
	v := visited{admits: map[string]map[visit]bool{}, csrf: p.csrf}
	var err error
	if v.policy, err = openapi.PolicyOf(s.api); err != nil {
		t.Fatalf("PolicyOf: %v", err)
	}
	tokens := p.issue(s)
	held := map[guest]*humasesstest.Client{}
	for _, g := range everyGuest() {
		held[g] = s.client(g)
	}
	for _, op := range p.operations {
		for _, path := range op.paths() {
			all := map[visit]bool{}
			v.admits[op.method+" "+path] = all
			for _, g := range append(everyGuest(), p.tokenGuests()...) {
				for _, foreign := range []bool{false, true} {
					c := held[g]
					if g.token {
						c = humasesstest.NewClient(s.mux)
					}
					w := c.Do(op.method, path, nil, func(r *http.Request) {
						if g.token {
							r.Header.Set("Authorization", "Bearer "+tokens[g])
						}
						if g.bearer {
							r.Header.Set("Authorization", "Bearer good")
						}
						if foreign {
							r.Header.Set("Sec-Fetch-Site", "cross-site")
							r.Header.Set("Origin", "https://elsewhere.example")
						}
					})
					all[visit{g, foreign}] = w.Code == http.StatusNoContent
				}
			}
		}
	}
	return v
}

// admitted is the answer of a policy to a request.
func admitted(op openapi.Operation, v visit) bool {
	if op.Access == openapi.Unchecked {
		return true // nothing checks it
	}
	return slices.ContainsFunc(op.Admits, func(a openapi.Admission) bool {
		if a.SameOrigin && v.foreign && !v.token {
			return false
		}
		for key := range a.Credentials {
			if !(expected{literal: true}).holds(v.guest, key) {
				return false
			}
		}
		return !slices.ContainsFunc(a.Users, func(c openapi.Condition) bool {
			var roles []string
			if strings.HasPrefix(c.Credential, "session") {
				roles = strings.Fields(v.roles)
			}
			return len(c.Proofs) > 0 || slices.ContainsFunc(c.Roles, func(role string) bool { return !slices.Contains(roles, role) })
		})
	})
}

// The policy of a random API says which requests get in, and the comparison of two says
// which requests newly do.
func TestRandomPolicies(t *testing.T) {
	proved := map[openapi.Effect]int{}
	verdicts := map[openapi.Effect]int{}
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 19))
			p := planOpen(r)
			q := p.changed(r)
			before, after := p.visit(t), q.visit(t)
			before.agrees(t)
			after.agrees(t)
			before.compare(t, after, verdicts, proved)
			after.compare(t, before, verdicts, proved)
		})
	}
	t.Logf("verdicts %v, proved by a request %v", verdicts, proved)
	for _, e := range []openapi.Effect{openapi.Loosens, openapi.Tightens} {
		if proved[e] < verdicts[e]/2 || proved[e] < 50 {
			t.Errorf("requests proved %d of %d verdicts %q, want at least half and 50", proved[e], verdicts[e], e)
		}
	}
}

// agrees compares the policy with the requests that got in.
func (v visited) agrees(t *testing.T) {
	t.Helper()
	if len(v.policy.Operations) != len(v.admits) {
		t.Errorf("got %d operations, want %d", len(v.policy.Operations), len(v.admits))
	}
	for _, op := range v.policy.Operations {
		for visit, in := range v.admits[op.Method+" "+op.Path] {
			want := admitted(op, visit)
			if want && !in && v.hindered(visit) {
				continue
			}
			if in != want {
				t.Errorf("%s %s by %+v: got in %v, and the policy says %v: %+v", op.Method, op.Path, visit, in, want, op)
			}
		}
	}
}

// compare holds the verdicts on a change against the requests to both APIs.
func (v visited) compare(t *testing.T, after visited, verdicts, proved map[openapi.Effect]int) {
	t.Helper()
	changes := openapi.Diff(v.policy, after.policy)
	managers := map[openapi.Effect]bool{}
	operations := map[string]openapi.Change{}
	for _, c := range changes {
		if strings.HasPrefix(c.Subject, "manager ") {
			managers[c.Effect] = true
			continue
		}
		if _, twice := operations[c.Subject]; twice {
			t.Errorf("got two changes of %s", c.Subject)
		}
		operations[c.Subject] = c
		verdicts[c.Effect]++
	}
	for route, before := range v.admits {
		var more, fewer []visit
		for visit, in := range before {
			now, sent := after.admits[route][visit]
			if !sent || v.hindered(visit) || after.hindered(visit) {
				continue
			}
			if now && !in {
				more = append(more, visit)
			}
			if in && !now {
				fewer = append(fewer, visit)
			}
		}
		change, changed := operations[route]
		loosens, tightens := change.Effect == openapi.Loosens, change.Effect == openapi.Tightens
		if len(more) > 0 && !loosens && !managers[openapi.Loosens] {
			t.Errorf("%s: got verdict %v, but these got in: %+v", route, change, more)
		}
		if len(fewer) > 0 && !loosens && !tightens && !managers[openapi.Tightens] {
			t.Errorf("%s: got verdict %v, but these did not get in any more: %+v", route, change, fewer)
		}
		if changed && loosens && len(more) > 0 || changed && tightens && len(fewer) > 0 && len(more) == 0 {
			proved[change.Effect]++
		}
	}
}
