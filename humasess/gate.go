package humasess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/carrier"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/internal/policy"
)

// gateManager has the methods of a Manager that the gate calls, so that they are
// not methods of the public type.
type gateManager[T any] Manager[T]

var _ gate.Manager = (*gateManager[struct{}])(nil)

func (g *gateManager[T]) manager() *Manager[T] { return (*Manager[T])(g) }

// Document describes the manager to the OpenAPI document.
func (g *gateManager[T]) Document() policy.Scheme {
	m := g.manager()
	return policy.Scheme{
		Key:        m.scheme,
		CookieName: m.opts.Cookie.Name,
		Former:     m.carriers.Names[1:],
		Type:       reflect.TypeFor[T](),
		Manager:    m,
		HasRoles:   m.opts.Roles != nil,
		OmitRoles:  m.opts.OmitRoles,
		Default:    m.opts.RequireByDefault,
		Isolated:   m.opts.RejectCrossSiteReads,
		Limited:    m.opts.RefuseOverLimit,
		CSRFHeader: m.opts.CSRFHeader,
		Bearer:     g.bearerScheme(),
		Accepts:    m.opts.AcceptSchemes,
		Extension: &policy.Extension{
			IdleTimeout:             policy.Duration(m.opts.IdleTimeout),
			AbsoluteTimeout:         policy.Duration(m.opts.AbsoluteTimeout),
			RememberIdleTimeout:     policy.Duration(m.opts.RememberIdleTimeout),
			RememberAbsoluteTimeout: policy.Duration(m.opts.RememberAbsoluteTimeout),
			MaxPerIdentity:          max(m.opts.MaxPerIdentity, 0),
		},
		Settings:  g.settings(),
		SetCookie: g.exampleCookie(),
	}
}

// settings returns the options that a policy file lists.
func (g *gateManager[T]) settings() *policy.Settings {
	o := &g.opts
	s := &policy.Settings{
		Path: o.Cookie.Path, Domain: o.Cookie.Domain, Insecure: o.Cookie.InsecureAllowHTTP, Partitioned: o.Cookie.Partitioned,
		SameSite:    map[http.SameSite]string{http.SameSiteLaxMode: "Lax", http.SameSiteStrictMode: "Strict", http.SameSiteNoneMode: "None"}[o.Cookie.SameSite],
		Timeouts:    policy.Timeouts(o.timeouts()),
		RotateEvery: o.RotateEvery, RotationGrace: max(o.RotationGrace, 0), RevokeReused: o.RevokeReused, MaxPerIdentity: o.MaxPerIdentity,
		AnonymousSuffices: o.AnonymousSuffices, ClientSide: g.carriers.Requests != nil,
		TrustedOrigins: slices.Sorted(slices.Values(o.TrustedOrigins)),
	}
	if o.Bearer != nil {
		s.Bearer = policy.Timeouts{Idle: o.Bearer.IdleTimeout, Absolute: o.Bearer.AbsoluteTimeout}
	}
	for name, set := range map[string]bool{
		"Identity": o.Identity != nil, "Roles": o.Roles != nil, "TrustOrigin": o.TrustOrigin != nil, "OnUndecodable": o.OnUndecodable != nil,
		"Sealer": o.Sealer != nil, "Codec": o.Codec.Marshal != nil,
	} {
		if set {
			s.Functions = append(s.Functions, name)
		}
	}
	for key := range o.Schemes {
		s.Functions = append(s.Functions, "Schemes."+key)
	}
	slices.Sort(s.Functions)
	return s
}

// exampleCookie returns a Set-Cookie with the attributes of the session's cookie.
func (g *gateManager[T]) exampleCookie() string {
	line := append(g.carriers.Cookies.Begin(nil), policy.ExampleToken...)
	return string(g.carriers.Cookies.End(line, 0))
}

func (g *gateManager[T]) bearerScheme() *policy.Bearer {
	b := g.opts.Bearer
	if b == nil {
		return nil
	}
	return &policy.Bearer{Key: b.SchemeName, Prefix: b.Prefix, Extension: &policy.Extension{
		IdleTimeout: policy.Duration(b.IdleTimeout), AbsoluteTimeout: policy.Duration(b.AbsoluteTimeout),
		MaxPerIdentity: max(g.opts.MaxPerIdentity, 0), TokenPrefix: b.Prefix,
	}}
}

// SchemeChecks returns the functions of Options.Schemes.
func (g *gateManager[T]) SchemeChecks() map[string]gate.SchemeCheck {
	checks := make(map[string]gate.SchemeCheck, len(g.opts.Schemes))
	for key, check := range g.opts.Schemes {
		checks[key] = func(ctx huma.Context, scopes []string) (any, error) { return check(ctx, scopes) }
	}
	return checks
}

func (g *gateManager[T]) CheckOrigin(ctx context.Context, o crossorigin.Request) error {
	if g.opts.TrustOrigin != nil {
		o.Trust = func(origin string) bool { return g.opts.TrustOrigin(ctx, origin) }
	}
	err := g.origins.Check(o)
	if err != nil || !g.opts.RejectCrossSiteReads || o.Upgrade || !policy.SafeMethod(o.Method) {
		return err // Check is the stricter of the two
	}
	return g.origins.CheckRead(o)
}

// Reporter returns the reporter of events.
func (g *gateManager[T]) Reporter() gate.Reporter { return &g.report }

// Log returns the log of mistakes.
func (g *gateManager[T]) Log() *gate.Log { return &g.log }

// newRequest allocates a request and its session in one piece of memory: with a cookie
// also the record that the cookie may open, and for a client-side session its carrier
// and what a usual change needs.
func newRequest[T any](m *Manager[T], cookie bool) (*gate.Request, *state[T]) {
	var r *gate.Request
	var s *state[T]
	rec, changes := &m.none.rec, &m.none.pending
	switch {
	case !cookie:
		piece := &struct {
			gate.Request
			state state[T]
		}{}
		r, s = &piece.Request, &piece.state
	case m.carriers.Requests != nil:
		piece := &struct {
			gate.Request
			state   state[T]
			carrier carrier.ClientSide[T]
			rec     record.Record[T]
			usual   usual[T]
			rare    rare
		}{}
		piece.carrier.Common = &m.carriers
		r, s, rec, changes = &piece.Request, &piece.state, &piece.rec, piece.usual.empty()
		s.carried, s.rare = &piece.carrier, &piece.rare
	default:
		piece := &struct {
			gate.Request
			state state[T]
			rec   record.Record[T]
		}{}
		r, s, rec = &piece.Request, &piece.state, &piece.rec
	}
	s.m, s.rec, s.pending = m, rec, changes
	s.life.Carried = m.carriers.Requests != nil
	return r, s
}

func (g *gateManager[T]) NewRequest(cookie bool) (*gate.Request, gate.Session) {
	return newRequest(g.manager(), cookie)
}

func (g *gateManager[T]) NewState() gate.Session {
	_, s := newRequest(g.manager(), false)
	return s
}

func (g *gateManager[T]) StoreTimeout() time.Duration { return g.opts.StoreTimeout }

// Handler gives plain net/http handlers the session: [From] finds it in the
// request's context. The cross-origin check, loading, the commit before the
// first byte and the answers to errors are those of operations; the session
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

// Attach documents the sessions in the API's OpenAPI document and enforces
// them on its operations. Call it before the first operation is registered:
// huma gives an operation the middleware that the API has by then. Several
// managers of different types may be attached to one API, and one manager to
// several APIs.
//
// It is an error to attach to a [huma.Group], after an operation, or where
// the type, the scheme's key or the cookie's name is taken. Each API needs a
// [huma.Config] of its own: Attach returns an error for an API that shares the
// document or its components with another API that has a manager. Where two APIs
// share a document and only one has a manager, the protected operations of the
// other answer 500. Its groups with a prefix are an exception, because huma does
// not run the check there (huma#804), and so are its hidden operations.
//
// A hidden operation that embeds no session type leaves no trace in huma. Attach
// cannot see that such an operation was registered before, and does not protect
// it.
//
// A program may write into the document's Security before the first request to
// an operation: that is enforced too, where it is stricter. Later changes are not.
func (m *Manager[T]) Attach(api huma.API) error {
	// A struct that embeds a group is one as well, with the group's adapter.
	if fmt.Sprintf("%T", api.Adapter()) == "*huma.groupAdapter" {
		return errors.New("humasess: Attach called with a Group: attach to the API itself, and protect the group with Require or Protect")
	}
	g := gate.Of(api)
	if g == nil {
		var err error
		if g, err = gate.New(api); err != nil {
			return err
		}
	}
	if err := g.Add((*gateManager[T])(m)); err != nil {
		return err
	}
	m.attached.Store(true)
	return nil
}
