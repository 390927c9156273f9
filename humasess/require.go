package humasess

import (
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/internal/policy"
)

// Require returns a modifier that requires an active session with all of the
// roles, for operations and groups that need not embed anything:
//
//	group.UseSimpleModifier(sessions.Require("admin"))
//
// A modifier is not told which API its operation is for. Require panics, or
// the operation answers 500, when the manager is not attached to that API,
// except in a group with a prefix: there huma does not run the middleware of
// the modifier (huma#804), so that Require cannot refuse a hidden operation, nor one
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
// user has proved their identity within that time, at sign-in or by
// [Session.Reauthenticated]. Else the answer is a 403 of the type
// "urn:humasess:problem:reauthentication-required", which is documented. Of
// several times the shortest counts.
//
//	payments.UseSimpleModifier(sessions.RequireFresh(5 * time.Minute))
//
// It panics when the time is not positive.
func (m *Manager[T]) RequireFresh(within time.Duration) func(*huma.Operation) {
	if within <= 0 {
		panic(fmt.Sprintf("humasess: RequireFresh called with %v: the duration must be positive", within))
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

// AllowCrossSite exempts one operation from the cross-origin check: pages of
// any origin may then send it with the user's cookie, as far as SameSite lets
// the browser add it. It is for operations that a page elsewhere has to post
// to, such as the answer of an identity provider, and that check by other
// means which client has asked. It shows in the document as x-session.crossSite.
//
//	huma.Post(api, "/callback", callback, humasess.AllowCrossSite)
func AllowCrossSite(op *huma.Operation) { policy.AllowCrossSite(op) }

// NoTouch makes requests to one operation no activity: they neither extend the
// session nor have its token renewed by Options.RotateEvery. It is for requests
// that pages make by themselves, such as for the time left. Otherwise they would keep
// the session of an absent user alive. A change by the handler itself
// extends the session as ever, and so does the first request with a new token.
// It shows in the document as x-session.touch.
//
//	huma.Get(api, "/time-left", timeLeft, humasess.NoTouch)
//
// Within [Manager.Handler] around the API, that handler's request counts.
func NoTouch(op *huma.Operation) { policy.NoTouch(op) }

// Hide keeps one operation out of the OpenAPI document, and in its policy file: see
// [openapi.PolicyOf]. huma's own Operation.Hidden leaves no trace of the path there. In
// everything else the operation is as any other. Hide needs a manager that is attached to
// the API; without one, the document shows the operation.
//
//	huma.Get(api, "/internal/metrics", metrics, humasess.Hide)
//
// [openapi.PolicyOf]: https://pkg.go.dev/github.com/humasess/sessions/openapi#PolicyOf
func Hide(op *huma.Operation) { policy.Hide(op) }

// Renews documents that the handler of one operation can give the session a new token, as
// [Session.Renew], [Session.Reauthenticated], [Session.RevokeOthers] and a change of
// identity do. Its successful answers then list the header Set-Cookie, and with
// Options.Bearer the header Session-Token. Generated clients without a cookie jar read
// the new token there. It changes nothing else.
//
//	huma.Post(api, "/step-up", stepUp, humasess.Renews)
//
// An operation that returns a [BearerToken] does not need it.
func Renews(op *huma.Operation) { policy.Renews(op) }

// OnlySession keeps one operation for sessions: Options.AcceptSchemes does not count there.
// It is for operations that change the session, such as a logout, because a request with
// another credential has none to change.
//
//	huma.Post(api, "/logout", logout, humasess.OnlySession)
//
// A scheme that the operation's own Security names counts all the same.
func OnlySession(op *huma.Operation) { policy.OnlySession(op) }
