package humasess

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// admit loads the request's sessions and enforces the operation's policy. It
// answers itself when it returns false.
func (r *request) admit() bool {
	for i := range r.entry.sessions {
		if err := r.session(i).load(&r.loads); err != nil {
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
	for i := range r.entry.sessions {
		if within := r.entry.sessions[i].fresh; within > 0 && !r.session(i).fresh(within) {
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

// satisfies reports whether one of the alternatives holds, else what to
// answer: 403 when nothing but roles is missing from one of them.
func (r *request) satisfies(alternatives policy.Requirements) (answer, bool) {
	refusal := answerNoSession
	for _, alternative := range alternatives {
		met, authenticated := true, true
		for scheme, roles := range alternative {
			s := r.byScheme(scheme)
			switch {
			case s == nil:
				check := r.gate.checks[scheme]
				if check == nil || check(&r.scope, roles) != nil {
					met, authenticated = false, false
				}
			case !s.admits():
				met, authenticated = false, false
			case !s.hasRoles(roles):
				met = false
			}
		}
		if met {
			for scheme, roles := range alternative {
				if s := r.byScheme(scheme); s != nil {
					s.needs(roles)
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

// refuse answers instead of the handler. Nothing is written to a store and no
// cookie is touched.
func (r *request) refuse(a answer) { r.refuseWith(a.model(&r.scope), a.headers()) }

// refuseWith sends a model with headers beside those that it has itself. What
// a 401 and a 503 need is added where neither says it.
func (r *request) refuseWith(model huma.StatusError, headers http.Header) {
	if !r.admitted {
		r.confirmRotations()
	}
	r.outcome = failed
	ctx := r.scope.humaContext
	if r.plain != nil {
		r.plain.restore()
	}
	r.held.reset()
	r.held.release(ctx, r.rulesNow(false), r.exposed && r.plain == nil)
	var own http.Header
	if h, ok := model.(huma.HeadersError); ok {
		own = h.GetHeaders()
	}
	needed := func(name, value string) {
		if !names(headers, name) && !names(own, name) {
			ctx.SetHeader(name, value)
		}
	}
	switch model.GetStatus() {
	case http.StatusUnauthorized:
		needed("WWW-Authenticate", challenge)
	case http.StatusServiceUnavailable:
		needed("Retry-After", answerUnavailable.retry)
	}
	for name, values := range headers {
		for _, v := range values {
			ctx.AppendHeader(name, v)
		}
	}
	if r.gate == nil {
		writePlainProblem(ctx, model)
		return
	}
	writeProblem(r.gate.api, ctx, model)
}

// names reports whether a header is there; a literal may write its name in
// any case.
func names(headers http.Header, name string) bool {
	for have := range headers {
		if is(have, name) {
			return true
		}
	}
	return false
}

// challenge of a 401 (RFC 9110 § 11.6.1). The scheme makes no browser prompt.
const challenge = `Cookie realm="session"`
