package humasess

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/internal/policy"
)

// Session is embedded in an operation's input to give it a session that may
// or may not be active:
//
//	type HomeInput struct{ humasess.Session[User] }
//
// It is loaded before the handler runs and written before the first byte of
// the response. Its methods are safe for concurrent use. After the response has
// begun, methods that change it return [ErrCommitted]. A response of 400 or more
// drops the pending changes of Start, Update and Renew.
//
// A Session that huma has not filled in, because it is not embedded as shown,
// panics.
type Session[T any] struct {
	// SessionMarker shows the session to huma. It is not for use.
	SessionMarker marker[T] `header:"Humasess-Session"`
}

// Required is a [Session] with a user: any other request is answered with 401
// before its body is read, also one with an anonymous session. Without
// Options.Identity every active session suffices.
type Required[T any] struct {
	Session[T]

	// RequiredMarker shows the session to huma. It is not for use.
	RequiredMarker kindMarker[T, requiredKind] `header:"Humasess-Required" required:"true" default:"null"`
}

// Login is a [Session] for operations whose job is to start one. They are
// public, and their document says that they set the cookie.
type Login[T any] struct {
	Session[T]

	// LoginMarker shows the session to huma. It is not for use.
	LoginMarker kindMarker[T, loginKind] `header:"Humasess-Login" required:"true" default:"null"`
}

type requiredKind struct{}

func (requiredKind) declare() policy.Declaration { return policy.Declaration{Kind: policy.Required} }

func (requiredKind) is() (policy.Kind, reflect.Type) { return policy.Required, nil }

type loginKind struct{}

func (loginKind) declare() policy.Declaration { return policy.Declaration{Kind: policy.Login} }

func (loginKind) is() (policy.Kind, reflect.Type) { return policy.Login, nil }

// Resolve makes the depth of Required's Resolve that of Session's, so that
// neither hides the other in an input that embeds both.
func (s *Required[T]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, requiredKind{})
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

// From returns the session of T in a context below a handler whose input
// embeds it, whose operation [Manager.Require] protects, or that [Manager.Handler] or
// [Manager.Pages] wraps, and nil and false in any other. Inside a [Guard] it finds the
// session that the guard judges, which cannot be changed there.
func From[T any](ctx context.Context) (*Session[T], bool) {
	if s, ok := gate.JudgedIn(ctx).(*state[T]); ok {
		return &Session[T]{SessionMarker: marker[T]{state: s.view().judged()}}, true
	}
	r := gate.RequestIn(ctx)
	for ; r != nil; r = r.Around() {
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
	panic("humasess: session of an operation's input is not bound: " + gate.EmbedHint)
}

// Get returns the session's data, and false when no session is active. The
// data is the caller's: changing it changes nothing else.
func (s *Session[T]) Get() (T, bool) { return s.bound().view().get() }

// Active reports whether there is a session, also one that this request has
// started.
func (s *Session[T]) Active() bool { return s.bound().Active() }

// Start signs in: a session with a new ID, a new token and both deadlines
// restarted begins, and every session that the request presented ends (ASVS
// 7.2.4). Both happen in one step, and only with a response below 400: a sign-in
// that fails leaves the old session as it was.
//
// [ErrInvalid] for data without an identity, and for data that the codec does
// not bring back; [ErrTooManyCookies]. The commit answers 401 when the identity
// was revoked since the request began, and 409 with Retry-After: 0 when its data
// were changed by [Manager.UpdateIdentity] or its sessions were ended by
// [Manager.RevokeWhere]: then the client may sign in again at once.
func (s *Session[T]) Start(data T) error { return s.bound().changes().start(data) }

// Update changes the data. The function runs at once, on the request's copy.
// If another request has changed the session by the time this one is
// written, it runs again on the new data, any number of times: no change is
// lost. It must depend on nothing but its argument, and must not call methods
// of the session. Its error is returned and nothing changes.
//
// Without an active session Update starts an anonymous one from the zero T. It
// is [ErrConflict] when the request has cookies of several live sessions.
//
// A change of identity gives the session a new ID and a new token, and keeps the
// data. From an anonymous session it is a sign-in: the times start now, and an
// earlier SetTTL is forgotten. From one user to another it keeps the time of
// creation, the authentication, the client, the TTL and the rest of the
// deadline. A user cannot become anonymous: that is [ErrInvalid]. So is a call of
// the session inside change, or, after 5 s, in a goroutine that change waits for.
func (s *Session[T]) Update(change func(*T) error) error { return s.bound().changes().update(change) }

// Destroy signs out: the record is deleted and the cookie expires. When the
// request has cookies of several live sessions, all of them end. Without a
// session it does nothing. It stands with any response. [ErrTooManyCookies].
func (s *Session[T]) Destroy() error { return s.bound().changes().destroy() }

// Renew gives the session a new token and keeps everything else, the absolute
// deadline included. The old token lives for Options.RotationGrace. When a
// parallel request has renewed it first, this one leaves the cookie alone.
// [ErrNoSession] without an active session; [errors.ErrUnsupported] when the
// session is in its cookie.
func (s *Session[T]) Renew() error { return s.bound().changes().renew() }

// Remember makes the cookie outlive the browser's session, with the timeouts
// Options.RememberIdleTimeout and RememberAbsoluteTimeout. Call it in the request
// that calls Start or Reauthenticated: only those move the absolute deadline
// later. On a session that exists already, the idle timeout becomes longer and
// the deadline stays. False takes it back, and may bring the deadline forward.
// [ErrNoSession] without an active session.
func (s *Session[T]) Remember(on bool) error { return s.bound().changes().remember(on) }

// SetTTL ends the session after at most d, even if it is active. It never moves
// the deadline later; for a longer life call Start or Reauthenticated with
// Remember. [ErrNoSession] without an active session; [ErrInvalid] for less than
// a second.
func (s *Session[T]) SetTTL(d time.Duration) error { return s.bound().changes().setTTL(d) }

// Commit writes the pending changes now, with the caller's context: for example
// inside a database transaction, or to keep a counter that must survive an
// error response. A session that Start has written this way is deleted again
// if the response is 400 or more.
func (s *Session[T]) Commit(ctx context.Context) error { return s.bound().writes().commitNow(ctx) }

// ID returns the session's public ID, or "". It stays the same until Start
// and is safe to log and to show, because it does not authenticate.
func (s *Session[T]) ID() string { return s.bound().view().id() }

// CreatedAt returns when the session began, or the zero time.
func (s *Session[T]) CreatedAt() time.Time { return s.bound().view().createdAt() }

// ExpiresAt returns when the session ends unless it is used again, or the
// zero time: up to a tenth of the idle timeout later than that timeout says. It
// includes the changes of this request. Asking does not extend it, but the
// request may: see [NoTouch].
func (s *Session[T]) ExpiresAt() time.Time { return s.bound().view().expiresAt() }

// Deadline returns when the session ends however busy it is, or the zero time.
// It includes the changes of this request.
func (s *Session[T]) Deadline() time.Time { return s.bound().view().deadline() }

// Reason returns why the request has no session, and "" with an active one:
//
//   - [events.ReasonAbsent]: it presented no cookie or token that counts.
//   - [events.ReasonUnknown]: its cookie or token opens nothing. The reason is the same
//     for a malformed, forged, unknown, expired or revoked one, so a client that sees
//     it learns no more than from a 401. Events tell more, to operators.
//   - [events.ReasonAmbiguous]: it presented several sessions, or too many cookies.
//   - [events.ReasonUndecodable]: Options.OnUndecodable hides the session.
//   - [events.ReasonEnded]: the request has ended it, by Destroy or RevokeAll.
//   - [events.ReasonRevoked]: a method returned [ErrRevoked], because the session ended
//     while the request ran. [Session.Active] may still report the session.
//
// A later call of Start or Update begins a session, and then there is no reason.
func (s *Session[T]) Reason() events.Reason { return s.bound().view().reason() }

// String returns the public ID, so that no session ends up in a log with
// more.
func (s Session[T]) String() string {
	if s.SessionMarker.state == nil {
		return "session(unbound)"
	}
	return "session(" + s.SessionMarker.state.view().id() + ")"
}

// GoString is String, for %#v.
func (s Session[T]) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer] with the public ID.
func (s Session[T]) LogValue() slog.Value { return slog.StringValue(s.String()) }

// GetKey returns the value under key, and false when there is none.
func GetKey[M ~map[string]V, V any](s *Session[M], key string) (V, bool) {
	data, _ := s.Get()
	v, ok := data[key]
	return v, ok
}

// SetKey sets one key by [Session.Update], which starts an anonymous session
// when none is active. Parallel requests that set other keys lose nothing. In a
// map of interfaces a typed value needs a conversion: SetKey(s, key, any(n)).
func SetKey[M ~map[string]V, V any](s *Session[M], key string, value V) error {
	return s.Update(func(data *M) error {
		if *data == nil {
			*data = M{}
		}
		(*data)[key] = value
		return nil
	})
}

// RemoveKey removes one key by [Session.Update]. Without an active session it
// does nothing.
func RemoveKey[M ~map[string]V, V any](s *Session[M], key string) error {
	if !s.Active() {
		return nil
	}
	return s.Update(func(data *M) error {
		delete(*data, key)
		return nil
	})
}

// resolve binds the session, if the policy that is enforced has the declaration
// of the type that embeds it.
func (s *Session[T]) resolve(ctx huma.Context, k kind) []error {
	r := gate.RequestOf(ctx)
	st, i := stateOf[T](r)
	if err := r.Unbindable(ctx, i); err != nil {
		return []error{err}
	}
	if k != nil {
		kind, guard := k.is()
		if err := r.Undeclared(ctx, kind, reflect.TypeFor[T](), guard); err != nil {
			return []error{err}
		}
	}
	s.SessionMarker.state = st // panics for an embedded nil pointer, which the gate answers
	r.Resolved(i)
	return nil
}

// Resolve implements [huma.Resolver]: it binds the session to the request.
func (s *Session[T]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, nil)
}

// Guarded is a [Required] that also passes a guard: 401 without a session,
// and 403 unless the session passes everything that the guard G asks for.
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
// "urn:humasess:problem:reauthentication-required".
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

type guardedKind[T, G any] struct{}

func (guardedKind[T, G]) declare() policy.Declaration {
	return policy.GuardedBy(reflect.TypeFor[G](), reflect.TypeFor[Guard[T]](), reflect.TypeFor[T]())
}

func (guardedKind[T, G]) is() (policy.Kind, reflect.Type) {
	return policy.Guarded, reflect.TypeFor[G]()
}

// Resolve is as for [Required].
func (s *Guarded[T, G]) Resolve(ctx huma.Context) []error {
	return s.resolve(ctx, guardedKind[T, G]{})
}

// Value is as for [Required].
func (s *Guarded[T, G]) Value() T {
	t, _ := s.Get()
	return t
}

// Done returns a channel that is closed when the session has ended: signed
// out, revoked, replaced by Start, evicted, or expired, in this process or in
// another. It is for work that lasts longer than a request, such as a
// stream or a websocket:
//
//	case <-in.Session.Done():
//		return // signed out
//
// An end by this process closes it at once, as does the end of its time. Of
// ends by other processes it learns from the store's hints ([stores.Watcher]) if it
// has any, and from looking every Options.DoneInterval in any case. A store
// that fails ends nothing. Waiting does not extend the session: a stream of
// which the client makes no requests ends with the idle timeout.
//
// Renew, a change of the data and of the time left leave the channel open. It
// belongs to the session that is active at the call. If Start has begun that
// session and the request does not write it, the channel closes. Without an
// active session it is closed already.
//
// The channel is also closed when the request is over, like that of its
// context, so that no goroutine leaks, and by [Manager.Close]. After Hijack
// the request is over when the connection is closed. A session in its cookie
// ends for its waiters at the deadline that this cookie has, even if another
// one has a later deadline by now. Done may be called at any time, and costs
// nothing when it is not called.
func (s *Session[T]) Done() <-chan struct{} { return s.bound().done() }
