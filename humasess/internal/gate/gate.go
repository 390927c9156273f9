package gate

import (
	"fmt"
	"maps"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
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
	checks   map[string]SchemeCheck
	checkers map[string]Manager // of checks, by scheme key
	entries  sync.Map           // *huma.Operation -> *entry
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
		api: api, doc: doc,
		managers: map[string]Manager{}, checks: map[string]SchemeCheck{}, checkers: map[string]Manager{},
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
		if _, taken := g.checks[key]; taken && g.managers[scheme.Key] != m {
			return fmt.Errorf("humasess: Schemes[%q] is set by another manager on this API", key)
		}
		if g.managers[key] != nil {
			return fmt.Errorf("humasess: Schemes[%q] names the sessions of another manager on this API, so it would never be called", key)
		}
	}
	if g.checkers[scheme.Key] != nil {
		return fmt.Errorf("humasess: Schemes[%q] of another manager on this API names these sessions, so it would never be called; set Options.SchemeName", scheme.Key)
	}
	if err := g.doc.AddScheme(scheme); err != nil {
		return err
	}
	if len(g.managers) == 0 {
		g.api.UseMiddleware(g.middleware)
	}
	g.managers[scheme.Key] = m
	maps.Copy(g.checks, m.SchemeChecks())
	if scheme.CSRFHeader != "" {
		g.checks[scheme.CSRFKey()] = csrfChecked(scheme.Key)
	}
	for key := range m.SchemeChecks() {
		g.checkers[key] = m
		g.doc.AddCheck(key)
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
	if !e.uses() {
		next(ctx)
		return
	}
	if e.err != nil {
		g.misuse(ctx, e.err)
		return
	}
	if !g.sameOrigin(ctx, e) {
		return
	}
	if len(e.sessions) == 0 && !g.schemesHold(ctx, e) {
		return
	}
	r := newRequest(e, ctx)
	r.gate = g
	if len(e.sessions) == 0 {
		r.admitted, r.proved = true, len(e.demands) > 0
	}
	if r.admitted || r.admit() {
		r.serve(next)
	}
}

// misuse writes the answer to a request that reveals a mistake in the program.
func (g *Gate) misuse(ctx huma.Context, err error) {
	writeProblem(g.api, ctx, huma.NewErrorWithContext(ctx, answerInternal.status, err.Error()))
}
