package gate

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// refuse writes the answer instead of the handler. It writes nothing to a store and
// sets no cookie.
func (r *Request) refuse(a answer) { r.refuseWith(a.model(&r.scope), a.headers()) }

// refuseWith sends a model with its own headers and further ones. It adds the headers
// that a 401 and a 503 need, unless they are present.
func (r *Request) refuseWith(model huma.StatusError, headers http.Header) {
	if !r.admitted {
		r.refuseSessions()
	}
	r.outcome = failed
	ctx := r.scope.humaContext
	if r.plain != nil {
		r.plain.restore()
	}
	r.held.Reset()
	r.held.Release(ctx, r.rulesNow(false), r.exposed && r.plain == nil)
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

// names reports whether a header is present. A literal may spell its name in any case.
func names(headers http.Header, name string) bool {
	for have := range headers {
		if response.SameName(have, name) {
			return true
		}
	}
	return false
}

// challenge is the challenge of a 401 (RFC 9110 § 11.6.1). Browsers do not show a
// prompt for its scheme.
const challenge = `Cookie realm="session"`
