package gate

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

var errForged = errors.New("the CSRF token is missing, or it does not belong to the session")

// unforged checks the CSRF tokens of the request's sessions. It writes the answer if
// a token is missing or wrong.
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

// csrfChecked satisfies the CSRF scheme in requirements whose session is active.
// unforged has already checked its token, and answers 403, whereas an unmet
// requirement would answer 401. Without a session, a token proves nothing.
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
