package gate

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

var errForged = errors.New("the CSRF token is missing, or not that of the session")

// unforged checks the CSRF tokens of the request's sessions, and answers when
// one is missing.
func (r *Request) unforged() bool {
	ctx := r.scope.humaContext
	spared := r.entry.exempt || policy.SafeMethod(ctx.Method())
	for i := range r.sessions {
		if spared && !r.entry.sessions[i].token {
			continue
		}
		if r.sessions[i].Forged(ctx) {
			r.refuse(answerCSRF)
			return false
		}
	}
	return true
}

// csrfChecked satisfies the CSRF scheme in requirements where the session is
// active: unforged has checked it, and answers 403 where an unmet requirement
// would be a 401. Without a session there is nothing that a token could prove.
func csrfChecked(session string) func(huma.Context, []string) error {
	return func(ctx huma.Context, _ []string) error {
		if s, ok := ctx.(*scope); ok {
			if of := s.r.byScheme(session); of != nil && of.Active() {
				return nil
			}
		}
		return errForged
	}
}
