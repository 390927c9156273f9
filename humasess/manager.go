package humasess

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/stored"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Manager keeps the sessions of one type. Create it with [New], attach it to
// an API with [Manager.Attach], and share it: all methods are safe for
// concurrent use.
type Manager[T any] struct {
	opts     Options[T]
	store    stores.Store
	memoizer stores.Memoizer            // nil unless the store is one
	embark   func() stores.RequestStore // nil unless sessions travel
	scheme   string
	values   values[T]
	cookies  cookieWriter
	names    []string // of the cookie, the present one first
	rescoped bool     // a former scope has the present name
	origins  *security.CrossOrigin
	claim    *claim
	typeName string // of T, for records
	attached atomic.Bool

	noIdentity string // of the zero T

	marks  knownMarks
	queues queues[T]
	live   live

	protections protections
}

// New returns a manager that keeps its sessions in store. The options may be
// nil. Options that could not work, and those that browsers would not honour,
// are an error: nothing is checked later.
//
// A second type for the same Options.SchemeName on the same store is an error,
// because each manager would accept the tokens of the other. Wrappers around one
// store count as that store. [Manager.Close] gives the scheme free, so a program
// that replaces its type closes the old manager first. New cannot see other
// programs on the same server: give each its own SchemeName, or a prefix,
// schema or file of its own.
func New[T any](store stores.Store, opts *Options[T]) (*Manager[T], error) {
	if store == nil {
		return nil, errors.New("humasess: New called with a nil store")
	}
	o, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: %w", err)
	}
	noIdentity, err := zeroIdentity(o.Identity)
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: %w", err)
	}
	origins, err := security.NewCrossOrigin(o.TrustedOrigins)
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: TrustedOrigins: %w", err)
	}
	claim, err := newClaim(store, o.SchemeName, reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if opts != nil && opts.Now != nil {
		if c, ok := stores.As[stores.ClockUser](store); ok {
			c.UseClock(opts.Now)
		}
	}
	m := &Manager[T]{
		opts:     o,
		store:    store,
		scheme:   o.SchemeName,
		values:   newValues[T](o.Codec),
		cookies:  newCookieWriter(o.Cookie),
		names:    o.Cookie.names(),
		rescoped: o.Cookie.rescoped(),
		origins:  origins,

		noIdentity: noIdentity,
		claim:      claim,

		typeName: stored.TypeName(reflect.TypeFor[T]().String()),
	}
	m.live.store, m.live.every, m.live.timeout = store, o.DoneInterval, o.StoreTimeout
	m.live.failed = func(err error) { m.emit(context.Background(), Event{Kind: EventStoreFailed, Err: err}) }
	m.memoizer, _ = stores.As[stores.Memoizer](store)
	if t, ok := stores.As[stores.ClientSide](store); ok {
		if err := m.travel(t, opts); err != nil {
			claim.release()
			return nil, err
		}
	}
	return m, nil
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
	g := gateOf(api)
	if g == nil {
		var err error
		if g, err = newGate(api); err != nil {
			return err
		}
	}
	if err := g.add(m); err != nil {
		return err
	}
	m.attached.Store(true)
	return nil
}

// Require returns a modifier that requires an active session with all of the
// roles, for operations and groups that need not embed anything:
//
//	group.UseSimpleModifier(sessions.Require("admin"))
//
// A modifier is not told which API its operation is for. Require panics, or
// the operation answers 500, when the manager is not attached to that API,
// except in a group with a prefix: there huma does not run what the modifier
// adds (huma#804), so that Require cannot refuse a hidden operation, nor one
// whose document another API with the manager shares. [Manager.Protect] has
// neither exception. In a group, Require comes after modifiers that hide or
// drop operations.
func (m *Manager[T]) Require(roles ...string) func(*huma.Operation) {
	return m.protect(openapi.Protection{Scheme: m.scheme, Manager: m, Roles: roles})
}

// Protect is [Manager.Require] for a whole group, by the group's own
// middleware, which huma runs for prefixed groups and hidden operations too:
//
//	group := huma.NewGroup(api, "/admin")
//	sessions.Protect(group, "admin")
//
// A request that was not admitted with exactly these roles is answered with
// 500. Call Protect before the group's first operation; groups within the
// group are protected as well. It panics when the manager is not attached to
// the group's API, and for roles without Options.Roles.
func (m *Manager[T]) Protect(group *huma.Group, roles ...string) {
	g := gateOf(group)
	if g == nil || g.managers[m.scheme] != manager(m) {
		panic("humasess: Protect called with a group of an API that the manager is not attached to: call Attach first, with that API")
	}
	if len(roles) > 0 && m.opts.Roles == nil {
		panic(fmt.Sprintf("humasess: Protect called with roles %q, but nothing says which roles a session has: set Options.Roles", roles))
	}
	p := openapi.Protection{Scheme: m.scheme, Manager: m, Roles: slices.Clone(roles)}
	group.UseSimpleModifier(func(op *huma.Operation) { openapi.Protect(op, p) })
	group.UseMiddleware(g.refuseUnless(p))
}

// RequireFresh returns a modifier like Require's that also requires that the
// user has proved who they are within that time, at sign-in or by
// [Session.Reauthenticated]. Else the answer is a 403 of the type
// "urn:humasess:problem:reauthentication-required", which is documented. Of
// several times the shortest counts.
//
//	payments.UseSimpleModifier(sessions.RequireFresh(5 * time.Minute))
//
// It panics when the time is not positive.
func (m *Manager[T]) RequireFresh(within time.Duration) func(*huma.Operation) {
	if within <= 0 {
		panic(fmt.Sprintf("humasess: RequireFresh called with %v: nobody is that fresh", within))
	}
	return m.protect(openapi.Protection{Scheme: m.scheme, Manager: m, Fresh: within})
}

func (m *Manager[T]) protect(p openapi.Protection) func(*huma.Operation) {
	return func(op *huma.Operation) {
		if !m.attached.Load() {
			panic(unprotected(op))
		}
		p := p
		p.Documented = new(bool)
		if openapi.Protect(op, p) {
			op.Middlewares = append(slices.Clip(op.Middlewares), refuseUnprotected)
			m.protections.note(op, p)
		}
	}
}

// Close stops background work, the store's included, and ends what waits for
// [Session.Done]. It never closes a client that was passed to the store, and
// sessions stay usable. It gives the scheme free for a manager of another type
// on the same store; see [New].
func (m *Manager[T]) Close(ctx context.Context) error {
	m.claim.release()
	err := m.live.close(ctx)
	if c, ok := stores.As[stores.Closer](m.store); ok {
		err = errors.Join(err, c.Close(ctx))
	}
	return err
}

func (m *Manager[T]) openToken(name, text string) (security.Token, bool, error) {
	if m.opts.Sealer == nil {
		t, err := security.ParseToken(text)
		return t, false, err
	}
	return security.OpenToken(m.opts.Sealer, text, m.binding(name))
}

// appendToken appends the token's text for a cookie.
func (m *Manager[T]) appendToken(b []byte, t security.Token) ([]byte, error) {
	if m.opts.Sealer == nil {
		return append(b, t.Reveal()...), nil
	}
	text, err := t.Seal(m.opts.Sealer, m.binding(m.opts.Cookie.Name))
	return append(b, text...), err
}

func (m *Manager[T]) binding(name string) security.Binding {
	return security.Binding{Cookie: name, Manager: m.scheme}
}

func (m *Manager[T]) now() time.Time { return m.opts.Now() }

// document describes the manager to the OpenAPI document.
func (m *Manager[T]) document() openapi.Scheme {
	return openapi.Scheme{
		Key:        m.scheme,
		CookieName: m.opts.Cookie.Name,
		Former:     m.names[1:],
		Type:       reflect.TypeFor[T](),
		Manager:    m,
		HasRoles:   m.opts.Roles != nil,
		OmitRoles:  m.opts.OmitRoles,
		Default:    m.opts.RequireByDefault,
		Isolated:   m.opts.RejectCrossSiteReads,
		Limited:    m.opts.OverLimit == RefuseNew,
		CSRFHeader: m.opts.CSRFHeader,
		Extension: &schemePolicy{
			IdleTimeout:             duration(m.opts.IdleTimeout),
			AbsoluteTimeout:         duration(m.opts.AbsoluteTimeout),
			RememberIdleTimeout:     duration(m.opts.RememberIdleTimeout),
			RememberAbsoluteTimeout: duration(m.opts.RememberAbsoluteTimeout),
			MaxPerIdentity:          max(m.opts.MaxPerIdentity, 0),
		},
	}
}

// manager is what a gate sees of a Manager.
type manager interface {
	document() openapi.Scheme
	schemeChecks() map[string]schemeCheck
	checkOrigin(ctx context.Context, o security.Origins) error
	storeTimeout() time.Duration
	refused(ctx context.Context, op *huma.Operation, reason string, err error)
	panicked(ctx context.Context, op *huma.Operation, stack []byte)
	unsent(ctx context.Context, op *huma.Operation)

	// newRequest returns a request with the manager's state in it, in one
	// piece of memory; newState one for a request that exists.
	newRequest() (*request, session)
	newState() session
}

var _ manager = (*Manager[struct{}])(nil)

type schemeCheck = func(ctx huma.Context, scopes []string) error

// schemeChecks returns the functions of Options.Schemes without the data that
// they return, because the data's type differs between managers.
func (m *Manager[T]) schemeChecks() map[string]schemeCheck {
	checks := make(map[string]schemeCheck, len(m.opts.Schemes))
	for key, check := range m.opts.Schemes {
		checks[key] = func(ctx huma.Context, scopes []string) error {
			_, err := check(ctx, scopes)
			return err
		}
	}
	return checks
}

func (m *Manager[T]) checkOrigin(ctx context.Context, o security.Origins) error {
	if m.opts.TrustOrigin != nil {
		o.Trust = func(origin string) bool { return m.opts.TrustOrigin(ctx, origin) }
	}
	err := m.origins.Check(o)
	if err != nil || !m.opts.RejectCrossSiteReads || o.Upgrade || !openapi.SafeMethod(o.Method) {
		return err // Check is the stricter of the two
	}
	return m.origins.CheckRead(o)
}

func (m *Manager[T]) refused(ctx context.Context, op *huma.Operation, reason string, err error) {
	m.emit(ctx, Event{Kind: EventRefused, Operation: operationName(op), Reason: reason, Err: err})
}

func (m *Manager[T]) panicked(ctx context.Context, op *huma.Operation, stack []byte) {
	m.opts.Logger.ErrorContext(outside(ctx), "nil dereference in an operation whose session is not bound",
		"operation", operationName(op), "stack", string(stack))
}

func (m *Manager[T]) newRequest() (*request, session) {
	if m.embark != nil {
		return m.newTravellingRequest()
	}
	r := &struct {
		request
		state state[T]
	}{}
	r.state.m = m
	return &r.request, &r.state
}

func (m *Manager[T]) newState() session { return &state[T]{m: m} }

func operationName(op *huma.Operation) string {
	if op == nil {
		return ""
	}
	if op.OperationID != "" {
		return op.OperationID
	}
	return op.Method + " " + op.Path
}

func (m *Manager[T]) storeTimeout() time.Duration { return m.opts.StoreTimeout }
