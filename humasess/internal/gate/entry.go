package gate

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// entry is the policy of one operation, ready for its requests. It is made for the
// first request. Only misbound and the bindings change afterwards.
type entry struct {
	err      error // a contradiction that makes the operation unusable
	op       *huma.Operation
	policy   policy.Policy
	demands  []policy.Requirements // without those that every request satisfies
	sessions []sessionUse
	judges   []Manager // of the origins of requests
	exempt   bool      // from the cross-origin check
	untouch  bool      // requests extend nothing
	isolated bool      // reads of other sites are refused as well
	budget   budgets   // of the store's calls of each request
	vary     []string  // request headers that may bring a user

	proof    string      // the value of its markers; see proofs
	misbound atomic.Bool // the input has declared something else than the policy
}

// sessionUse is one session type of an operation.
type sessionUse struct {
	scheme  string
	manager Manager
	binding *binding // nil unless the input embeds the type
	token   bool     // a requirement names its CSRF token, for all methods
	fresh   time.Duration
}

// login reports whether the operation is declared to start the session.
func (u *sessionUse) login() bool { return u.binding != nil && u.binding.login }

// uses reports whether the gate must check requests to the operation.
func (e *entry) uses() bool { return e.err != nil || e.policy.UsesSessions() }

func (g *Gate) entry(op *huma.Operation) *entry {
	if e, ok := g.entries.Load(op); ok {
		return e.(*entry)
	}
	e, _ := g.entries.LoadOrStore(op, g.newEntry(op))
	return e.(*entry)
}

func (g *Gate) newEntry(op *huma.Operation) *entry {
	enforced, err := g.doc.Policy(op)
	e := &entry{op: op, policy: enforced, err: err, exempt: policy.CrossSiteAllowed(op), untouch: policy.TouchDisabled(op)}
	if err != nil {
		return e
	}
	for _, r := range enforced.Requirements {
		if !slices.ContainsFunc(r, func(alternative map[string][]string) bool { return len(alternative) == 0 }) && len(r) > 0 {
			e.demands = append(e.demands, r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(g.managers)) {
		m := g.managers[key]
		scheme := m.Document()
		use := sessionUse{scheme: key, manager: m, token: mentioned(enforced.Requirements, scheme.CSRFKey()), fresh: enforced.Fresh[key]}
		t := scheme.Type
		for _, d := range enforced.Declarations {
			if d.Type == t {
				use.binding = &binding{typ: t, login: d.Kind == policy.Login, copies: d.Copies}
			}
		}
		if use.binding != nil || mentioned(enforced.Requirements, key) {
			e.sessions = append(e.sessions, use)
			e.budget.add(m.StoreTimeout())
			e.judges = append(e.judges, m)
		}
	}
	if len(e.sessions) == 0 {
		e.judges = g.checking(enforced.Requirements)
	}
	e.vary = g.vary(e)
	e.isolated = slices.ContainsFunc(e.judges, func(m Manager) bool { return m.Document().Isolated })
	if slices.ContainsFunc(enforced.Declarations, func(d policy.Declaration) bool { return d.Kind != policy.Optional }) {
		e.prove()
	}
	return e
}

func mentioned(all []policy.Requirements, scheme string) bool {
	return slices.ContainsFunc(all, func(r policy.Requirements) bool {
		return slices.ContainsFunc(r, func(a map[string][]string) bool { _, ok := a[scheme]; return ok })
	})
}
