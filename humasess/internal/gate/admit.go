package gate

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/internal/policy"
)

// admit loads the request's sessions and enforces the operation's policy. If it
// returns false, it has written the answer.
func admit(r *Request, lines *cookies.Lines) bool {
	for i := range r.sessions() {
		s := &r.sessions()[i]
		if s.borrowed || !r.entry.sessions[i].asked || r.ignores(i) {
			continue
		}
		if err := s.Load((*loading)(r), lines); err != nil {
			(*loading)(r).end()
			r.reply().refuseFor(err)
			return false
		}
	}
	(*loading)(r).end()
	if forged(r) {
		r.reply().refuse(answerCSRF)
		return false
	}
	for i := range r.entry.demands {
		a, by, lacking := satisfies(r, &r.entry.demands[i])
		if len(by) > 0 {
			continue
		}
		if failed, headers := r.failure(); failed != nil {
			r.reply().refuseWith(failed, headers)
			return false
		}
		if by == nil {
			denied(r, &r.entry.demands[i], lacking)
			r.reply().refuse(a)
			return false
		}
	}
	for i := range r.sessions() {
		if within := r.entry.sessions[i].fresh; within > 0 && !r.sessions()[i].Proven(nil, within) {
			stale(r, i, nil, within)
			r.reply().refuse(answerReauth)
			return false
		}
	}
	for i := range r.entry.guards {
		if !passes(r, &r.entry.guards[i]) {
			return false
		}
	}
	r.admitted = true
	return true
}

// forged reports whether the CSRF token of a session is missing or wrong, where the
// request needs it.
func forged(r *Request) bool {
	if r.bearer {
		return false // a browser does not add the header by itself
	}
	ctx := r.scope.humaContext
	spared := r.entry.exempt || policy.SafeMethod(ctx.Method())
	for i := range r.sessions() {
		if spared && !r.entry.sessions[i].token {
			continue
		}
		if r.sessions()[i].Forged(ctx) {
			return true
		}
	}
	return false
}

// satisfies returns the first alternative that holds. If none does, it returns nil and the
// answer: 403 when one of them lacks only roles, which it then returns as well, otherwise
// 401.
func satisfies(r *Request, d *demand) (refusal answer, by, lacking []condition) {
	refusal = answerNoSession
	if !r.entry.asks || d.sessionless {
		refusal = answerNoCredentials
	}
	for _, alternative := range d.alternatives {
		if !r.considers(alternative) {
			continue
		}
		switch admits(r, alternative) {
		case Admitted:
			for i := range alternative {
				c := &alternative[i]
				if c.check == nil && !c.token {
					s := &r.sessions()[c.session]
					s.Needs(&c.roles)
					s.relied = true
				}
				r.proved = r.proved || c.check != nil
			}
			return answer{}, alternative, nil
		case RolesMissing:
			if lacking == nil {
				refusal, lacking = answerForbidden, alternative
			}
		case NoSession:
		}
	}
	return refusal, nil, lacking
}

// admits compares the request with all conditions of an alternative. A credential brings
// its user only if the other conditions hold.
func admits(r *Request, alternative []condition) Admission {
	result := Admitted
	for i := range alternative {
		result = min(result, admission(r, &alternative[i]))
	}
	for i := range alternative {
		if c := &alternative[i]; c.user && result == Admitted {
			user, _ := r.check(c)
			result = min(result, r.sessions()[c.session].Judge(user, r.entry.sessions[c.session].roles))
		}
	}
	for i := range alternative {
		if c := &alternative[i]; c.user && result == Admitted {
			r.bring(c)
		}
	}
	return result
}

// admission compares the request with a condition. The token of a CSRF scheme is
// already checked, with 403 as the answer. Without a session, a token proves nothing.
func admission(r *Request, c *condition) Admission {
	switch {
	case c.session < 0:
		return NoSession
	case c.check != nil:
		if _, err := r.check(c); err == nil {
			return Admitted
		}
		return NoSession
	case c.token:
		if s := r.sessions()[c.session]; s.Active() && !s.Brought() {
			return Admitted
		}
		return NoSession
	case c.bearer != r.bearer:
		return NoSession
	}
	return r.sessions()[c.session].Admits(c.roles)
}

// passes calls a declared guard, and writes the answer if the guard refuses. It fails
// closed, so an error without a status is a 403.
func passes(r *Request, g *guardUse) bool {
	s := r.sessions()[g.session]
	if !s.Proven(g.Methods, g.Fresh) {
		refuseProof(r, g)
		return false
	}
	if g.Guard == nil {
		return true
	}
	err := s.Check(&guardScope{&r.scope, &r.sessions()[g.session]}, g.Guard)
	if err == nil {
		return true
	}
	model := statusError(&r.scope, err)
	switch {
	case model != nil:
		guarded(r, g.session, model, err)
		r.reply().refuseWith(model, headersAround(err, model))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		r.reply().refuse(answerUnavailable)
	default:
		guardFailed(r, g.session, err)
		r.reply().refuse(answerForbidden)
	}
	return false
}

// refuseProof asks for a new authentication, and names the methods of the guard that the
// session lacks. A client then knows which one to ask the user for.
func refuseProof(r *Request, g *guardUse) {
	var missing []error
	for i := range g.Methods {
		if one := g.Methods[i : i+1]; !r.sessions()[g.session].Proven(one, g.Fresh) {
			missing = append(missing, policy.MissingMethod(one[0]))
		}
	}
	stale(r, g.session, g.Methods, g.Fresh)
	r.reply().refuseWith(answerReauth.model(&r.scope, missing...), answerReauth.headers())
}

// Recheck calls the guards of one session again. They see the session that shown returns.
func (r *Request) Recheck(s Session, shown func() Session, check func(ctx huma.Context, guard any) error) error {
	for _, g := range r.entry.guards {
		if g.Guard == nil || r.sessions()[g.session].Session != s {
			continue
		}
		if err := check(&guardScope{&r.scope, &slot{Session: shown()}}, g.Guard); err != nil {
			return err
		}
	}
	return nil
}
