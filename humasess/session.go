package humasess

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// Session is embedded in an operation's input to give it a session that may
// or may not be active:
//
//	type HomeInput struct{ humasess.Session[User] }
//
// It is loaded before the handler runs and written before the first byte of
// the response. Its methods are safe for concurrent use; those that change it
// return [ErrCommitted] once the response has begun. A response of 400 or
// more drops what Start, Update and Renew have left pending.
//
// A Session that huma has not filled in, because it is not embedded as shown,
// panics.
type Session[T any] struct {
	// SessionMarker shows the session to huma. It is not for use.
	SessionMarker marker[T] `header:"Humasess-Session"`
}

// Required is a [Session] that is active when the handler runs: any other
// request is answered with 401 before its body is read.
type Required[T any] struct {
	Session[T]

	// RequiredMarker shows the session to huma. It is not for use.
	RequiredMarker kindMarker[T, requiredKind] `header:"Humasess-Required" required:"true" default:"null"`
}

// Guarded is a [Required] that also passes a guard: 401 without a session,
// else 403 unless the session passes everything that the guard G asks for.
//
// G has at least one of these methods, with value or pointer receivers:
//
//   - Roles() []string: the session must have all of them.
//   - Fresh() time.Duration: the user must have authenticated within that time
//     ([Session.Reauthenticated]), which is more than 0.
//   - Methods() []string: the session's [Authentication] must contain all of
//     them (RFC 8176, such as "pwd" and "otp"), with Fresh each within its time.
//   - Check: see [Guard].
//
// They are asked in this order, and all but Check are read at registration and
// documented. Without the roles the answer is a 403; without Fresh or Methods
// it is a 403 of the type
// "urn:humasess:problem:reauthentication_required".
//
// huma panics when it registers an operation whose G has none of the methods,
// one of them with another signature, or any other exported method except
// String: a misspelled Roles would admit every user. Methods of embedded types
// count. G must not be an interface, because its zero value is used.
type Guarded[T, G any] struct {
	Session[T]

	// GuardedMarker shows the session to huma. It is not for use.
	GuardedMarker kindMarker[T, guardedKind[T, G]] `header:"Humasess-Guarded" required:"true" default:"null"`
}

// Login is a [Session] for operations whose job is to start one. They are
// public, and their document says that they set the cookie.
type Login[T any] struct {
	Session[T]

	// LoginMarker shows the session to huma. It is not for use.
	LoginMarker kindMarker[T, loginKind] `header:"Humasess-Login" required:"true" default:"null"`
}

// Guard decides by the session's data whether the session may use an
// operation. [Guarded] lists the other methods of a guard. A zero value is
// used, concurrently; behind a pointer it is not nil.
//
// Check runs before the body is read and must not read it; path, query and
// headers are visible. A [huma.StatusError] is sent as it is, for example a
// 503 when the guard's own database is down. Any other error is a 403 that
// says nothing, with the text in the log. After a concurrent change of the
// session Check may run again.
type Guard[T any] interface {
	Check(ctx huma.Context, data T) error
}

type requiredKind struct{}

func (requiredKind) declare() openapi.Declaration { return openapi.Declaration{Kind: openapi.Required} }

func (requiredKind) is() (openapi.Kind, reflect.Type) { return openapi.Required, nil }

type loginKind struct{}

func (loginKind) declare() openapi.Declaration { return openapi.Declaration{Kind: openapi.Login} }

func (loginKind) is() (openapi.Kind, reflect.Type) { return openapi.Login, nil }

type guardedKind[T, G any] struct{}

func (guardedKind[T, G]) declare() openapi.Declaration { return guardedBy[T](reflect.TypeFor[G]()) }

func (guardedKind[T, G]) is() (openapi.Kind, reflect.Type) {
	return openapi.Guarded, reflect.TypeFor[G]()
}

// Resolve makes the depth of Required's Resolve that of Session's, so that
// neither hides the other in an input that embeds both.
func (s *Required[T]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, requiredKind{})
}

// Resolve is as for [Required].
func (s *Guarded[T, G]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, guardedKind[T, G]{})
}

// Resolve is as for [Required].
func (s *Login[T]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, loginKind{})
}

// Value returns the data of the active session, or the zero T after the
// handler has destroyed it.
func (s *Required[T]) Value() T {
	t, _ := s.Get()
	return t
}

// Value is as for [Required].
func (s *Guarded[T, G]) Value() T {
	t, _ := s.Get()
	return t
}

// From returns the session of T in a context below a handler whose input
// embeds it, whose operation [Manager.Require] protects, or that
// [Manager.Handler] wraps, and false in any other.
func From[T any](ctx context.Context) (*Session[T], bool) {
	r, _ := ctx.Value(scopeKey{}).(*request)
	for ; r != nil; r = r.outer {
		if st, _ := stateOf[T](r); st != nil {
			return &Session[T]{SessionMarker: marker[T]{state: st}}, true
		}
	}
	return nil, false
}

func (s *Session[T]) bound() *state[T] {
	if st := s.SessionMarker.state; st != nil {
		return st
	}
	panic("humasess: session of an operation's input is not bound: " + embedHint)
}

// Get returns the session's data, and false when no session is active. The
// data is the caller's: changing it changes nothing else.
func (s *Session[T]) Get() (T, bool) { return s.bound().get() }

// Active reports whether there is a session, be it one that this request has
// started.
func (s *Session[T]) Active() bool { return s.bound().isActive() }

// Start signs in: whatever session there was ends, and one with a new ID, a
// new token and both deadlines restarted begins (ASVS 7.2.4). Only a response
// below 400 makes it so.
func (s *Session[T]) Start(data T) error { return s.bound().start(data) }

// Update changes the data. The function runs at once, on the request's copy.
// If another request has changed the session by the time this one is
// written, it runs again on the new data, any number of times: no change is
// lost. It must depend on nothing but its argument, and must not call methods
// of the session. Its error is returned and nothing changes.
//
// Without an active session Update starts an anonymous one from the zero T.
// A change of identity replaces the session as Start does, data included.
func (s *Session[T]) Update(change func(*T) error) error { return s.bound().update(change) }

// Destroy signs out: the record is deleted and the cookie expires. Without an
// active session it does nothing. It stands whatever the response.
func (s *Session[T]) Destroy() error { return s.bound().destroy() }

// Renew gives the session a new token and keeps everything else, the absolute
// deadline included. The old token lives for Options.RotationGrace. When a
// parallel request has renewed it first, this one leaves the cookie alone.
// [ErrNoSession] without an active session; [errors.ErrUnsupported] when the
// session is in its cookie.
func (s *Session[T]) Renew() error { return s.bound().renew() }

// Remember makes the cookie outlive the browser's session and the timeouts
// Options.RememberIdleTimeout and RememberAbsoluteTimeout, counted from
// Start; false takes it back. [ErrNoSession] without an active session.
func (s *Session[T]) Remember(on bool) error { return s.bound().remember(on) }

// SetTTL ends the session after at most d, whatever its activity. It only
// ever shortens. [ErrNoSession] without an active session.
func (s *Session[T]) SetTTL(d time.Duration) error { return s.bound().setTTL(d) }

// Commit writes what is pending now, with the caller's context: for example
// inside a database transaction, or to keep a counter that must survive an
// error response. A session that Start has written this way is deleted again
// if the response is 400 or more.
func (s *Session[T]) Commit(ctx context.Context) error { return s.bound().commitNow(ctx) }

// ID returns the session's public ID, or "". It stays the same until Start
// and is safe to log and to show: it authenticates nobody.
func (s *Session[T]) ID() string { return s.bound().id() }

// CreatedAt returns when the session began, or the zero time.
func (s *Session[T]) CreatedAt() time.Time { return s.bound().createdAt() }

// ExpiresAt returns when the session ends unless it is used again, or the
// zero time. Asking does not extend it, but the request may: see [NoTouch].
func (s *Session[T]) ExpiresAt() time.Time { return s.bound().expiresAt() }

// Deadline returns when the session ends however busy it is, or the zero time.
func (s *Session[T]) Deadline() time.Time { return s.bound().deadline() }

// String returns the public ID, so that no session ends up in a log with
// more.
func (s Session[T]) String() string {
	if s.SessionMarker.state == nil {
		return "session(unbound)"
	}
	return "session(" + s.SessionMarker.state.id() + ")"
}

// GoString is String, for %#v.
func (s Session[T]) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer] with the public ID.
func (s Session[T]) LogValue() slog.Value { return slog.StringValue(s.String()) }
