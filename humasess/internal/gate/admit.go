package gate

import (
	"github.com/humasess/sessions/internal/policy"
)

// admit loads the request's sessions and enforces the operation's policy. If it
// returns false, it has written the answer.
func (r *Request) admit() bool {
	for i := range r.sessions {
		if err := r.sessions[i].Load(&r.loads); err != nil {
			r.loads.end()
			r.refuse(answerTo(err))
			return false
		}
	}
	r.loads.end()
	if !r.unforged() {
		return false
	}
	for _, requirements := range r.entry.demands {
		if a, ok := r.satisfies(requirements); !ok {
			r.refuse(a)
			return false
		}
	}
	for i := range r.sessions {
		if within := r.entry.sessions[i].fresh; within > 0 && !r.sessions[i].Proven(nil, within) {
			r.refuse(answerReauth)
			return false
		}
	}
	for i := range r.entry.policy.Declarations {
		d := &r.entry.policy.Declarations[i]
		if d.Kind == policy.Guarded && !r.passes(d) {
			return false
		}
	}
	r.admitted = true
	return true
}

// satisfies reports whether one of the alternatives holds, and returns the answer if
// none does: 403 when one of them lacks only roles, otherwise 401.
func (r *Request) satisfies(alternatives policy.Requirements) (answer, bool) {
	refusal := answerNoSession
	for _, alternative := range alternatives {
		met, authenticated := true, true
		for scheme, roles := range alternative {
			s := r.byScheme(scheme)
			if s == nil {
				check := r.gate.checks[scheme]
				if check == nil || check(&r.scope, roles) != nil {
					met, authenticated = false, false
				}
				continue
			}
			switch s.Admits(roles) {
			case NoSession:
				met, authenticated = false, false
			case RolesMissing:
				met = false
			}
		}
		if met {
			for scheme, roles := range alternative {
				if s := r.byScheme(scheme); s != nil {
					s.Needs(roles)
				} else if r.gate.checkers[scheme] != nil {
					r.proved = true
				}
			}
			return answer{}, true
		}
		if authenticated {
			refusal = answerForbidden
		}
	}
	return refusal, false
}
