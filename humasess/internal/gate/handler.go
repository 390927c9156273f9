package gate

import (
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/localpath"
	"github.com/humasess/sessions/humasess/internal/response"
)

// Handler gives a handler of net/http the session of one manager. It does the same as
// the middleware of a [Gate].
func Handler(m Manager, next http.Handler) http.Handler {
	e := newPlainEntry(m)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { servePlain(e, w, req, next) })
}

// Pages is [Handler] for pages, as middleware. The page may be nil. An error names a
// field that is wrong.
func Pages(m Manager, p *Page) (func(http.Handler) http.Handler, error) {
	page, err := p.complete()
	if err != nil {
		return nil, err
	}
	if page.Roles != nil && !m.Document().HasRoles {
		return nil, errors.New("Roles is set, and the manager has no Options.Roles")
	}
	var entries [2][2]*entry // whether the page is open, and exempt from the cross-origin check
	for open := range 2 {
		for exempt := range 2 {
			e := newPlainEntry(m)
			e.page, e.exempt = page, exempt == 1
			if page.Require && open == 0 {
				e.demand(page.Roles)
			}
			entries[open][exempt] = e
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			open, exempt := 0, 0
			if page.opens(req) {
				open = 1
			}
			if page.allows(req) {
				exempt = 1
			}
			servePlain(entries[open][exempt], w, req, next)
		})
	}, nil
}

func servePlain(e *entry, w http.ResponseWriter, req *http.Request, next http.Handler) {
	ctx := humago.NewContext(e.op, req, w)
	lines := cookies.LinesOf(ctx)
	lines.Bear(e.prefixes)
	if !lines.Bearer && !e.exempt && refuseOrigins(ctx, e, requestOf(req)) {
		lines.Release()
		return
	}
	r := newRequest(e, ctx, lines, false)
	plain := &plainWriter{r, served{w: w, before: maps.Clone(w.Header())}}
	r.plain = &plain.served
	admitted := admit(r, lines)
	lines.Release()
	if !admitted {
		return
	}
	defer conclude(r)
	r.reach()
	r.plain.inner = req.WithContext(&r.scope)
	next.ServeHTTP(plain, r.plain.inner)
	r.reply().finish()
	r.returned = true
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

// demand makes the session required, with roles.
func (e *entry) demand(roles []string) {
	d := demand{alternatives: [][]condition{{{roles: roles}}}}
	if e.bearer {
		d.alternatives = append(d.alternatives, []condition{{roles: roles, bearer: true}})
	}
	e.demands = []demand{d}
}

// ReturnTo is the public function, which documents it.
func ReturnTo(r *http.Request) string {
	values := r.URL.Query()["return_to"]
	if len(values) != 1 || !localpath.Is(values[0]) || isSignIn(r, values[0]) {
		return "/"
	}
	return values[0]
}

// isSignIn reports whether a reference leads to the page that the request is for, or to
// the sign-in page of [Pages] around it.
func isSignIn(r *http.Request, ref string) bool {
	path := ref
	if end := strings.IndexAny(ref, "?#"); end >= 0 {
		path = ref[:end]
	}
	if path == r.URL.EscapedPath() || path == askedPath(r) {
		return true
	}
	around := RequestIn(r.Context())
	for ; around != nil; around = around.outer {
		if page := around.entry.page; page != nil && page.signsIn(path) {
			return true
		}
	}
	return false
}
