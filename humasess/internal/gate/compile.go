package gate

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// compile makes the entry of an operation from its policy. Requests then need not
// look up security schemes by their keys.
func compile(op *huma.Operation, p policy.Policy, managers map[string]Manager, s *schemes) *entry {
	e := &entry{
		op:          op,
		api:         s.api,
		gated:       p.UsesSessions(),
		exempt:      policy.CrossSiteAllowed(op),
		untouch:     policy.TouchDisabled(op),
		proof:       newProof(p.Declarations),
		protections: p.Protections,
	}
	program := s.among(p.Requirements)
	for _, key := range slices.Sorted(maps.Keys(managers)) {
		m := managers[key]
		scheme := m.Document()
		use := sessionUse{scheme: key, manager: m, token: mentioned(p.Requirements, scheme.CSRFKey()), fresh: p.Fresh[key]}
		for _, d := range p.Declarations {
			if d.Type == scheme.Type {
				use.binding, use.login = &binding{typ: d.Type, copies: d.Copies}, d.Kind == policy.Login
			}
		}
		use.asked = use.binding != nil || mentioned(p.Requirements, key)
		if b := scheme.Bearer; b != nil {
			use.asked = use.asked || mentioned(p.Requirements, b.Key)
			e.bearer = e.bearer || use.asked
		}
		use.roles = policy.RolesFor(&p, scheme)
		if use.asked || slices.ContainsFunc(program, func(key string) bool { return s.programs[key].manager == m }) {
			e.sessions = append(e.sessions, use)
			e.budget.add(m.StoreTimeout())
			e.judges = append(e.judges, m)
			e.asks = e.asks || use.asked
		}
	}
	if e.asks {
		e.vary = []string{fieldCookie}
	}
	if e.bearer {
		e.vary = append(e.vary, fieldAuthorization)
	}
	e.vary = s.headers(e.vary, program)
	e.isolated = slices.ContainsFunc(e.judges, func(m Manager) bool { return m.Document().Isolated })
	for _, alternatives := range p.Requirements {
		if d := compileDemand(alternatives, e.sessions, s); len(d.alternatives) > 0 {
			e.demands = append(e.demands, d)
		}
	}
	e.presences = s.presences(e.demands)
	keys := offered(p.Requirements)
	e.challenges = func() []string { return s.challenges(keys) }
	for i := range p.Declarations {
		if d := &p.Declarations[i]; d.Kind == policy.Guarded {
			declared := func(use sessionUse) bool { return use.binding != nil && use.binding.typ == d.Type }
			e.guards = append(e.guards, guardUse{slices.IndexFunc(e.sessions, declared), d})
		}
	}
	return e
}

// offered returns the keys of the schemes by which a client could get in, in the order of
// the document.
func offered(all []policy.Requirements) []string {
	var keys []string
	for _, alternatives := range all {
		for _, alternative := range alternatives {
			for _, key := range slices.Sorted(maps.Keys(alternative)) {
				if !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
	}
	return keys
}

// compileDemand returns a demand without alternatives if every request satisfies it, and
// no other credential may bring a user.
func compileDemand(alternatives policy.Requirements, sessions []sessionUse, s *schemes) demand {
	var d demand
	open, brings := false, false
	for _, alternative := range alternatives {
		if len(alternative) == 0 {
			open = true
			continue
		}
		var all []condition
		for _, key := range slices.Sorted(maps.Keys(alternative)) {
			all = append(all, compileCondition(key, alternative[key], sessions, s))
		}
		for i := range all {
			c := &all[i]
			c.user = c.check != nil && !slices.ContainsFunc(all, func(o condition) bool { return o.check == nil && !o.token && o.session == c.session })
			brings = brings || c.user
		}
		d.alternatives = append(d.alternatives, all)
		d.sessionless = d.sessionless || !slices.ContainsFunc(all, func(c condition) bool { return c.check == nil && c.session >= 0 })
	}
	switch {
	case open && brings:
		d.alternatives = append(d.alternatives, []condition{})
	case open:
		return demand{}
	}
	return d
}

// compileCondition fails closed: a scheme that is unknown has no session, and neither has a
// CSRF token without its session.
func compileCondition(key string, roles []string, sessions []sessionUse, s *schemes) condition {
	of := func(scheme string) int {
		return slices.IndexFunc(sessions, func(use sessionUse) bool { return use.scheme == scheme })
	}
	c := condition{key: key, session: of(key), roles: roles}
	if session, ok := s.bearers[key]; ok {
		c.session, c.bearer = of(session), true
	} else if session, ok := s.csrf[key]; ok {
		c.session, c.token = of(session), true
	} else if program, ok := s.programs[key]; ok {
		c.session, c.check = of(program.manager.Document().Key), program.check
	}
	return c
}
