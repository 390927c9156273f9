package gate

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/response"
	"github.com/humasess/sessions/internal/policy"
)

// Gate stands in front of the operations of one API, for all managers that are
// attached to it. It decides which requests get in, and writes the sessions that
// they change. Create it with [New]. Its methods are not safe for concurrent use,
// except its middleware.
type Gate struct {
	api      huma.API
	doc      *policy.Document
	managers map[string]Manager // by scheme key
	prefixes []string           // of the bearer tokens of all managers
	schemes  schemes            // of the program and of CSRF tokens
	entries  entries
}

// gateProbe is a context that asks middleware for its gate.
type gateProbe struct {
	humaContext
	gate *Gate
}

// Of returns the gate of an API, or nil if it has none. It looks for the middleware
// and not in the document, because several APIs may share one document. The
// middleware of all gates has the same code.
func Of(api interface{ Middlewares() huma.Middlewares }) *Gate {
	code := reflect.ValueOf((*Gate)(nil).middleware).Pointer()
	for _, f := range api.Middlewares() {
		if reflect.ValueOf(f).Pointer() == code {
			probe := &gateProbe{}
			f(probe, nil)
			return probe.gate
		}
	}
	return nil
}

// New returns the gate for the first manager of an API.
func New(api huma.API) (*Gate, error) {
	doc, err := policy.NewDocument(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	g := &Gate{
		api: api, doc: doc, managers: map[string]Manager{},
		schemes: schemes{api: api, programs: map[string]programScheme{}, csrf: map[string]string{}, bearers: map[string]string{}},
	}
	doc.UseMiddleware(g.refuseOthers)
	return g, nil
}

// Has reports whether the manager of a scheme is attached to the API.
func (g *Gate) Has(scheme string, m Manager) bool { return g.managers[scheme] == m }

// Add attaches a manager. An error leaves the gate as it was.
func (g *Gate) Add(m Manager) error {
	scheme := m.Document()
	for key := range m.SchemeChecks() {
		if g.schemes.has(key) && g.managers[scheme.Key] != m {
			return fmt.Errorf("humasess: Schemes[%q] is set by another manager on this API", key)
		}
		if g.managers[key] != nil {
			return fmt.Errorf("humasess: Schemes[%q] names the sessions of another manager on this API, so it would never be called", key)
		}
	}
	if _, named := g.schemes.programs[scheme.Key]; named {
		return fmt.Errorf("humasess: Schemes[%q] of another manager on this API names these sessions, so it would never be called; set Options.SchemeName", scheme.Key)
	}
	if b := scheme.Bearer; b != nil {
		for _, other := range g.prefixes {
			if strings.HasPrefix(b.Prefix, other) || strings.HasPrefix(other, b.Prefix) {
				return fmt.Errorf("humasess: bearer tokens of another manager on this API begin with %q, so they could not be told from those with %q: "+
					"set Options.Bearer.Prefix", other, b.Prefix)
			}
		}
	}
	if err := g.doc.AddScheme(scheme); err != nil {
		return err
	}
	if scheme.Bearer != nil {
		g.prefixes = append(g.prefixes, scheme.Bearer.Prefix)
	}
	if len(g.managers) == 0 {
		g.api.UseMiddleware(g.middleware)
	}
	g.managers[scheme.Key] = m
	if scheme.CSRFHeader != "" {
		g.schemes.csrf[scheme.CSRFKey()] = scheme.Key
	}
	if scheme.Bearer != nil {
		g.schemes.bearers[scheme.Bearer.Key] = scheme.Key
	}
	for key, check := range m.SchemeChecks() {
		g.schemes.programs[key] = programScheme{m, check}
		g.doc.AddCheck(key, scheme.Key)
	}
	return nil
}

// middleware is the huma middleware of the API.
func (g *Gate) middleware(ctx huma.Context, next func(huma.Context)) {
	if p, ok := ctx.(*gateProbe); ok {
		p.gate = g
		return
	}
	e := g.entry(ctx.Operation())
	if e.err != nil {
		writeProblem(g.api, ctx, huma.NewErrorWithContext(ctx, http.StatusInternalServerError, e.err.Error()))
		return
	}
	if !e.gated {
		next(ctx)
		return
	}
	if r := enter(e, ctx); r != nil {
		serve(r, next)
	}
}

// enter returns the request if the operation's policy admits it. Otherwise it has
// written the answer.
func enter(e *entry, ctx huma.Context) *Request {
	lines := cookies.LinesOf(ctx)
	defer lines.Release()
	lines.Bear(e.prefixes)
	if !lines.Bearer && refuseForeign(ctx, e, lines.Upgrade) {
		return nil
	}
	present := presentIn(ctx, e, lines)
	r := newRequest(e, ctx, lines, len(present) > 0)
	if len(present) > 0 {
		r.ownRare().present = present
	}
	if !admit(r, lines) {
		return nil
	}
	return r
}

// presentIn returns the credentials that decide alone. Beside a bearer token of
// a session there are none.
func presentIn(ctx huma.Context, e *entry, lines *cookies.Lines) []presence {
	if lines.Bearer && e.bearer {
		return nil
	}
	var present []presence
	for _, p := range e.presences {
		if p.in(ctx) {
			present = append(present, p)
		}
	}
	return present
}

// entry returns the policy of an operation. huma gives every registration an
// operation of its own.
func (g *Gate) entry(op *huma.Operation) *entry {
	if e := g.entries.of(op); e != nil {
		return e
	}
	made := &entry{op: op}
	if p, err := g.doc.Policy(op); err != nil {
		made.err = err
	} else {
		made = compile(op, p, g.managers, &g.schemes)
		made.prefixes, made.varyLine = g.prefixes, response.LineOf(made.vary)
	}
	return g.entries.add(made)
}

// entries are those of the operations that have had a request. Each request reads them,
// so a read is one look-up in a map that never changes.
type entries struct {
	all atomic.Pointer[map[*huma.Operation]*entry]
	mu  sync.Mutex // of writers
}

// of returns the entry of an operation, or nil.
func (s *entries) of(op *huma.Operation) *entry {
	if all := s.all.Load(); all != nil {
		return (*all)[op]
	}
	return nil
}

// add returns the entry that another goroutine has added for the operation, or adds e.
func (s *entries) add(e *entry) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.of(e.op); known != nil {
		return known
	}
	all := map[*huma.Operation]*entry{}
	if before := s.all.Load(); before != nil {
		all = maps.Clone(*before)
	}
	all[e.op] = e
	s.all.Store(&all)
	return e
}

// A modifier does not learn which API its operation is for. An API without the
// manager would serve the operation to every client. Two checks find that. The first
// is a middleware of the operation. huma does not run it in groups with a prefix
// (huma#804). But there huma runs the modifiers twice: for the document, which a gate
// sees, and then for the router. The second check, [Protections], compares the two.

// RefuseUnprotected answers 500 to a request that no gate has admitted.
func RefuseUnprotected(ctx huma.Context, next func(huma.Context)) {
	if r := RequestOf(ctx); r == nil || r.entry.op != ctx.Operation() {
		writePlainProblem(ctx, huma.NewErrorWithContext(ctx, http.StatusInternalServerError, Unprotected(ctx.Operation())))
		return
	}
	next(ctx)
}

// RefuseUnless refuses a request that the gate has not admitted by a policy
// that includes the protection.
func (g *Gate) RefuseUnless(p policy.Protection) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r := RequestOf(ctx)
		if e := g.entries.of(ctx.Operation()); r == nil || r.entry != e || !r.admitted || !slices.ContainsFunc(r.entry.protections, p.Same) {
			writePlainProblem(ctx, huma.NewErrorWithContext(ctx, http.StatusInternalServerError, Unprotected(ctx.Operation())))
			return
		}
		next(ctx)
	}
}

// refuseOthers refuses requests to operations that the gate does not protect, because
// another API may share the document. The gate protects each operation with an entry.
func (g *Gate) refuseOthers(ctx huma.Context, next func(huma.Context)) {
	e := g.entries.of(ctx.Operation())
	if e == nil {
		writePlainProblem(ctx, huma.NewErrorWithContext(ctx, http.StatusInternalServerError, unattached(ctx.Operation())))
		return
	}
	if e.gated {
		if r := RequestOf(ctx); r != nil {
			r.unreach() // the middleware of the API may have asked for the context
		}
	}
	next(ctx)
}
