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
	for _, key := range slices.Sorted(maps.Keys(managers)) {
		m := managers[key]
		scheme := m.Document()
		use := sessionUse{scheme: key, manager: m, token: mentioned(p.Requirements, scheme.CSRFKey()), fresh: p.Fresh[key]}
		for _, d := range p.Declarations {
			if d.Type == scheme.Type {
				use.binding, use.login = &binding{typ: d.Type, copies: d.Copies}, d.Kind == policy.Login
			}
		}
		carried := mentioned(p.Requirements, key)
		if b := scheme.Bearer; b != nil {
			carried = carried || mentioned(p.Requirements, b.Key)
			e.bearer = e.bearer || use.binding != nil || mentioned(p.Requirements, b.Key)
		}
		if use.binding != nil || carried {
			e.sessions = append(e.sessions, use)
			e.budget.add(m.StoreTimeout())
			e.judges = append(e.judges, m)
		}
	}
	program := s.among(p.Requirements)
	if len(e.sessions) > 0 {
		e.vary = []string{fieldCookie}
		if e.bearer {
			e.vary = append(e.vary, fieldAuthorization)
		}
	} else {
		e.judges = s.managers(program)
	}
	e.vary = s.headers(e.vary, program)
	e.isolated = slices.ContainsFunc(e.judges, func(m Manager) bool { return m.Document().Isolated })
	for _, alternatives := range p.Requirements {
		if d := compileDemand(alternatives, e.sessions, s); len(d.alternatives) > 0 {
			e.demands = append(e.demands, d)
		}
	}
	for i := range p.Declarations {
		if d := &p.Declarations[i]; d.Kind == policy.Guarded {
			declared := func(use sessionUse) bool { return use.binding != nil && use.binding.typ == d.Type }
			e.guards = append(e.guards, guardUse{slices.IndexFunc(e.sessions, declared), d})
		}
	}
	return e
}

// compileDemand returns a demand without alternatives if every request satisfies it.
func compileDemand(alternatives policy.Requirements, sessions []sessionUse, s *schemes) demand {
	d := demand{challenge: func() string { return s.challenge(alternatives) }}
	for _, alternative := range alternatives {
		if len(alternative) == 0 {
			return demand{}
		}
		var all []condition
		for _, key := range slices.Sorted(maps.Keys(alternative)) {
			all = append(all, compileCondition(key, alternative[key], sessions, s))
		}
		d.alternatives = append(d.alternatives, all)
	}
	return d
}

// compileCondition fails closed: a scheme that is unknown has no check, and a CSRF
// token without its session has none either.
func compileCondition(key string, roles []string, sessions []sessionUse, s *schemes) condition {
	of := func(scheme string) int {
		return slices.IndexFunc(sessions, func(use sessionUse) bool { return use.scheme == scheme })
	}
	if i := of(key); i >= 0 {
		return condition{session: i, roles: roles}
	}
	if session, ok := s.bearers[key]; ok {
		return condition{session: of(session), bearer: true, roles: roles}
	}
	if session, ok := s.csrf[key]; ok {
		return condition{session: of(session), token: true}
	}
	program := s.programs[key]
	return condition{session: -1, check: program.check, user: program.manager != nil, roles: roles}
}
