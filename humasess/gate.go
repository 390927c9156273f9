package humasess

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// gate stands before the operations of one API, for all managers attached to
// it: it decides who gets in and sees that what they change is written.
type gate struct {
	api      huma.API
	doc      *openapi.Document
	managers map[string]manager // by scheme key
	checks   map[string]schemeCheck
	checkers map[string]manager // of checks, by scheme key
	entries  sync.Map           // *huma.Operation -> *entry
}

// schemePolicy is the x-session extension of a security scheme.
type schemePolicy struct {
	IdleTimeout             duration `json:"idleTimeout" yaml:"idleTimeout"`
	AbsoluteTimeout         duration `json:"absoluteTimeout" yaml:"absoluteTimeout"`
	RememberIdleTimeout     duration `json:"rememberIdleTimeout" yaml:"rememberIdleTimeout"`
	RememberAbsoluteTimeout duration `json:"rememberAbsoluteTimeout" yaml:"rememberAbsoluteTimeout"`
	MaxPerIdentity          int      `json:"maxPerIdentity,omitempty" yaml:"maxPerIdentity,omitempty"`
}

// duration is written as in "12h" and "1h30m".
type duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}

// gateProbe is a context that asks middleware for its gate.
type gateProbe struct {
	humaContext
	gate *gate
}

// gateOf finds the gate of an API, nil if it has none. The document is no way
// to it, because several APIs may share one: the middleware must be in front of
// this API. Middleware of all gates has the same code.
func gateOf(api interface{ Middlewares() huma.Middlewares }) *gate {
	code := reflect.ValueOf((*gate)(nil).middleware).Pointer()
	for _, f := range api.Middlewares() {
		if reflect.ValueOf(f).Pointer() == code {
			probe := &gateProbe{}
			f(probe, nil)
			return probe.gate
		}
	}
	return nil
}

// newGate builds the gate for the first manager of an API.
func newGate(api huma.API) (*gate, error) {
	doc, err := openapi.NewDocument(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	g := &gate{
		api: api, doc: doc,
		managers: map[string]manager{}, checks: map[string]schemeCheck{}, checkers: map[string]manager{},
	}
	doc.UseMiddleware(g.refuseOthers)
	return g, nil
}

func (g *gate) add(m manager) error {
	scheme := m.document()
	for key := range m.schemeChecks() {
		if _, taken := g.checks[key]; taken && g.managers[scheme.Key] != m {
			return fmt.Errorf("humasess: Schemes[%q] is set by another manager on this API", key)
		}
		if g.managers[key] != nil {
			return fmt.Errorf("humasess: Schemes[%q] names the sessions of another manager on this API, so it would never be called", key)
		}
	}
	if g.checkers[scheme.Key] != nil {
		return fmt.Errorf("humasess: Schemes[%q] of another manager on this API names these sessions, so it would never be called: set Options.SchemeName", scheme.Key)
	}
	if err := g.doc.AddScheme(scheme); err != nil {
		return err
	}
	if len(g.managers) == 0 {
		g.api.UseMiddleware(g.middleware)
	}
	g.managers[scheme.Key] = m
	maps.Copy(g.checks, m.schemeChecks())
	if scheme.CSRFHeader != "" {
		g.checks[scheme.CSRFKey()] = csrfChecked(scheme.Key)
	}
	for key := range m.schemeChecks() {
		g.checkers[key] = m
		g.doc.AddCheck(key)
	}
	return nil
}

// entry is what the gate knows of an operation. It is made for its first
// request and never changes, but for what it learns.
type entry struct {
	err      error // a contradiction that makes the operation unusable
	op       *huma.Operation
	policy   openapi.Policy
	demands  []openapi.Requirements // those that not every request satisfies
	sessions []sessionUse
	judges   []manager // of the origins of requests
	exempt   bool      // from the cross-origin check
	untouch  bool      // requests extend nothing
	isolated bool      // reads of other sites are refused as well
	budget   budgets   // of the store's calls of each request
	vary     []string  // request headers that may bring a user

	proof    string      // the value of its markers; see proofs
	misbound atomic.Bool // the input has declared something else than the policy
}

// sessionUse is one session type of an operation.
type sessionUse struct {
	scheme  string
	manager manager
	binding *binding // nil unless the input embeds the type
	token   bool     // a requirement names its CSRF token, whatever the method
	fresh   time.Duration
}

// uses reports whether the gate has anything to do.
func (e *entry) uses() bool { return e.err != nil || e.policy.UsesSessions() }

func (g *gate) entry(op *huma.Operation) *entry {
	if e, ok := g.entries.Load(op); ok {
		return e.(*entry)
	}
	e, _ := g.entries.LoadOrStore(op, g.newEntry(op))
	return e.(*entry)
}

func (g *gate) newEntry(op *huma.Operation) *entry {
	policy, err := g.doc.Policy(op)
	e := &entry{op: op, policy: policy, err: err, exempt: openapi.CrossSiteAllowed(op), untouch: openapi.TouchDisabled(op)}
	if err != nil {
		return e
	}
	for _, r := range policy.Requirements {
		if !slices.ContainsFunc(r, func(alternative map[string][]string) bool { return len(alternative) == 0 }) && len(r) > 0 {
			e.demands = append(e.demands, r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(g.managers)) {
		m := g.managers[key]
		scheme := m.document()
		use := sessionUse{scheme: key, manager: m, token: mentioned(policy.Requirements, scheme.CSRFKey()), fresh: policy.Fresh[key]}
		t := scheme.Type
		for _, d := range policy.Declarations {
			if d.Type == t {
				use.binding = &binding{typ: t, login: d.Kind == openapi.Login, copies: d.Copies}
			}
		}
		if use.binding != nil || mentioned(policy.Requirements, key) {
			e.sessions = append(e.sessions, use)
			e.budget.add(m.storeTimeout())
			e.judges = append(e.judges, m)
		}
	}
	if len(e.sessions) == 0 {
		e.judges = g.checking(policy.Requirements)
	}
	e.vary = g.vary(e)
	e.isolated = slices.ContainsFunc(e.judges, func(m manager) bool { return m.document().Isolated })
	if slices.ContainsFunc(policy.Declarations, func(d openapi.Declaration) bool { return d.Kind != openapi.Optional }) {
		e.prove()
	}
	return e
}

func mentioned(all []openapi.Requirements, scheme string) bool {
	return slices.ContainsFunc(all, func(r openapi.Requirements) bool {
		return slices.ContainsFunc(r, func(a map[string][]string) bool { _, ok := a[scheme]; return ok })
	})
}

// middleware is the huma middleware of the API.
func (g *gate) middleware(ctx huma.Context, next func(huma.Context)) {
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

// misuse answers for a mistake in the program.
func (g *gate) misuse(ctx huma.Context, err error) {
	writeProblem(g.api, ctx, huma.NewErrorWithContext(ctx, answerInternal.status, err.Error()))
}

// writeProblem answers with an error model the way huma does, but cannot
// fail: what a transformer refuses is sent as it is.
func writeProblem(api huma.API, ctx huma.Context, model huma.StatusError) {
	contentType, err := api.Negotiate(ctx.Header("Accept"))
	if err != nil {
		contentType = "application/json"
	}
	if f, ok := model.(huma.ContentTypeFilter); ok {
		contentType = f.ContentType(contentType)
	}
	ctx.SetHeader("Content-Type", contentType)
	if h, ok := model.(huma.HeadersError); ok {
		for name, values := range h.GetHeaders() {
			for _, v := range values {
				ctx.AppendHeader(name, v)
			}
		}
	}
	var body any = model
	if transformed, err := api.Transform(ctx, fmt.Sprint(model.GetStatus()), model); err == nil {
		body = transformed
	}
	ctx.SetStatus(model.GetStatus())
	// The client may be gone; there is nobody else to tell.
	_ = api.Marshal(ctx.BodyWriter(), contentType, body)
}
