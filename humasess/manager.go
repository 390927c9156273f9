package humasess

import (
	"github.com/humasess/sessions/humasess/internal/gate"

	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/values"
	"github.com/humasess/sessions/humasess/internal/watch"
	"github.com/humasess/sessions/internal/policy"
	"github.com/humasess/sessions/internal/stored"
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
	values   *values.Type[T]
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
	watch  *watch.Sessions

	protections gate.Protections
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
	data, err := values.New[T](o.Codec.Marshal, o.Codec.Unmarshal)
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
		values:   data,
		cookies:  newCookieWriter(o.Cookie),
		names:    o.Cookie.names(),
		rescoped: o.Cookie.rescoped(),
		origins:  origins,

		noIdentity: noIdentity,
		claim:      claim,

		typeName: stored.TypeName(reflect.TypeFor[T]().String()),
	}
	m.watch = watch.New(m.watchConfig())
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
	return m.protect(policy.Protection{Scheme: m.scheme, Manager: m, Roles: roles})
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
	g := gate.Of(group)
	if g == nil || !g.Has(m.scheme, (*gateManager[T])(m)) {
		panic("humasess: Protect called with a group of an API that the manager is not attached to: call Attach first, with that API")
	}
	if len(roles) > 0 && m.opts.Roles == nil {
		panic(fmt.Sprintf("humasess: Protect called with roles %q, but nothing says which roles a session has: set Options.Roles", roles))
	}
	p := policy.Protection{Scheme: m.scheme, Manager: m, Roles: slices.Clone(roles)}
	group.UseSimpleModifier(func(op *huma.Operation) { policy.Protect(op, p) })
	group.UseMiddleware(g.RefuseUnless(p))
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
	return m.protect(policy.Protection{Scheme: m.scheme, Manager: m, Fresh: within})
}

func (m *Manager[T]) protect(p policy.Protection) func(*huma.Operation) {
	return func(op *huma.Operation) {
		if !m.attached.Load() {
			panic(gate.Unprotected(op))
		}
		p := p
		p.Documented = new(bool)
		if policy.Protect(op, p) {
			op.Middlewares = append(slices.Clip(op.Middlewares), gate.RefuseUnprotected)
			m.protections.Note(op, p)
		}
	}
}

// CookieName returns the name of the session cookie, as Options.Cookie sets it.
func (m *Manager[T]) CookieName() string { return m.opts.Cookie.Name }

// Close stops background work, the store's included, and ends what waits for
// [Session.Done]. It never closes a client that was passed to the store, and
// sessions stay usable. It gives the scheme free for a manager of another type
// on the same store; see [New].
func (m *Manager[T]) Close(ctx context.Context) error {
	m.claim.release()
	err := m.watch.Close(ctx)
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
