package humasess

import (
	"net/http"

	"github.com/humasess/sessions/humasess/internal/gate"
)

// Handler gives plain net/http handlers the session: [From] finds it in the
// request's context. The cross-origin check, loading, the commit before the
// first byte and what becomes of errors are those of operations; the session
// is optional.
//
//	http.Handle("GET /callback", sessions.Handler(callback))
//
// The response writer supports Flush, Hijack and [http.ResponseController] as
// far as the server's does, and commits first. Its Unwrap returns the server's
// writer. Change the session before, because a cookie cannot be sent afterwards.
// Around an API that the manager is attached to, the session is loaded once and
// committed once.
func (m *Manager[T]) Handler(next http.Handler) http.Handler {
	return gate.Handler((*gateManager[T])(m), next)
}
