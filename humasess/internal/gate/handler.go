package gate

import (
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/response"
)

// Handler gives a handler of net/http the session of one manager. It does the same as
// the middleware of a [Gate].
func Handler(m Manager, next http.Handler) http.Handler {
	e := newPlainEntry(m)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := humago.NewContext(e.op, req, w)
		lines := cookies.LinesOf(ctx)
		lines.Bear(e.prefixes)
		if !lines.Bearer && refuseOrigins(ctx, e, requestOrigins(req)) {
			lines.Release()
			return
		}
		r := newRequest(e, ctx, lines, false)
		plain := &plainWriter{r, served{w, maps.Clone(w.Header())}}
		r.plain = &plain.served
		admitted := admit(r, lines)
		lines.Release()
		if !admitted {
			return
		}
		defer conclude(r)
		r.reach()
		next.ServeHTTP(plain, req.WithContext(&r.scope))
		r.reply().finish()
		r.returned = true
	})
}

// newPlainEntry returns the entry of the requests of [Handler]. The session is
// optional.
func newPlainEntry(m Manager) *entry {
	scheme := m.Document()
	e := &entry{
		op:       &huma.Operation{OperationID: "http"},
		vary:     []string{fieldCookie},
		judges:   []Manager{m},
		asks:     true,
		sessions: []sessionUse{{scheme: scheme.Key, manager: m, asked: true, binding: &binding{typ: scheme.Type}}},
		proof:    newProof(nil),
	}
	if b := scheme.Bearer; b != nil {
		e.prefixes, e.bearer, e.vary = []string{b.Prefix}, true, append(e.vary, fieldAuthorization)
	}
	e.varyLine = response.LineOf(e.vary)
	e.sessions[0].binding.resolves.Store(true)
	e.budget.add(m.StoreTimeout())
	return e
}
