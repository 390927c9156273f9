package humasess

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/stores"
)

// Errors that methods return. Match them with [errors.Is]. Each also leads to
// a [huma.StatusError], so that a handler may return it as it is; the status
// is given in parentheses. What no store can do matches
// [errors.ErrUnsupported] (501).
var (
	// ErrNoSession is returned by what needs an active session when there is
	// none (401).
	ErrNoSession = errors.New("humasess: no active session")

	// ErrRevoked is returned when the session ended, or its identity was
	// revoked, while the request ran and wanted to write (401).
	ErrRevoked = errors.New("humasess: session was revoked")

	// ErrReauthenticate is returned by RequireFresh when the user has to prove
	// again who they are (403).
	ErrReauthenticate = errors.New("humasess: authentication is not fresh enough")

	// ErrNotFound is returned by Revoke for an ID that is not one of the
	// caller's live sessions (404).
	ErrNotFound = errors.New("humasess: session not found")

	// ErrConflict is returned when concurrent changes kept a change from
	// being written, when the function of an Update failed while it was
	// replayed, when the request came with a token that a parallel one has
	// just renewed and asks for an action that only the newest token allows,
	// when the request has cookies of several sessions, or when the user's data
	// changed during the sign-in: then the client may repeat it at once (409).
	ErrConflict = errors.New("humasess: conflicting change")

	// ErrLimit is returned when a Start is refused by Options.OverLimit: the
	// identity has as many sessions as it may (409).
	ErrLimit = errors.New("humasess: identity has as many sessions as it may")

	// ErrTooManyCookies is returned by Start, Destroy, and an Update without an
	// active session. The request has more cookies of the session's name than are
	// looked up, so an active session could stay unnoticed (400).
	ErrTooManyCookies = errors.New("humasess: too many session cookies")

	// ErrUnavailable is returned when the store could not be reached; a write
	// that timed out may have been applied (503).
	ErrUnavailable = errors.New("humasess: session store unavailable")

	// ErrCommitted is returned by changes after the response has begun, which
	// therefore could not be kept (500). It has also begun when the handler has
	// changed the session and then asked for the router's own context, as by
	// humago.Unwrap: the cookie must be in the response before the handler can
	// write there.
	ErrCommitted = errors.New("humasess: session changed after the response has begun")

	// ErrInvalid is returned for a call that can never work: data that the
	// codec cannot encode, a TTL of less than a second, an empty identity, or
	// another identity in UpdateIdentity. The program is to be changed (500).
	ErrInvalid = errors.New("humasess: invalid call")

	errSeveral          = fmt.Errorf("humasess: the request has several active sessions, which Start and Destroy end: %w", ErrConflict)
	errChangedMeanwhile = fmt.Errorf("humasess: the user's data changed during the sign-in: %w", ErrConflict)
	errUndecided        = fmt.Errorf("humasess: it is not known whether the user was revoked during the sign-in: %w", ErrUnavailable)

	// ErrHide is what Options.OnUndecodable returns to hide a record.
	ErrHide = errors.New("humasess: hide undecodable session")
)

// Problem types, for the "type" member of RFC 9457 answers. They are stable.
const (
	problemNoSession   = "urn:humasess:problem:no-session"
	problemForbidden   = "urn:humasess:problem:forbidden"
	problemReauth      = "urn:humasess:problem:reauthentication-required"
	problemCSRF        = "urn:humasess:problem:csrf-token"
	problemCrossOrigin = "urn:humasess:problem:cross-origin"
	problemConflict    = "urn:humasess:problem:conflict"
	problemChanged     = "urn:humasess:problem:changed-during-sign-in"
	problemCookies     = "urn:humasess:problem:too-many-cookies"
	problemLimit       = "urn:humasess:problem:limit"
	problemUnavailable = "urn:humasess:problem:unavailable"
	problemUnsupported = "urn:humasess:problem:unsupported"
	problemNotFound    = "urn:humasess:problem:not-found"
	problemInternal    = "about:blank"
)

// answer is what a client gets to read: nothing in it comes from a request, a
// store or a guard.
type answer struct {
	status int
	kind   string
	detail string
	retry  string // the Retry-After header in seconds (RFC 9110 § 10.2.3), "" for none
}

// headers returns the headers that go with the answer.
func (a answer) headers() http.Header {
	h := http.Header{}
	if a.retry != "" {
		h["Retry-After"] = []string{a.retry}
	}
	if a.status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{challenge}
	}
	return h
}

var (
	answerNoSession     = answer{http.StatusUnauthorized, problemNoSession, "a valid session is required", ""}
	answerNoCredentials = answer{http.StatusUnauthorized, problemNoSession, "valid credentials are required", ""}
	answerForbidden     = answer{http.StatusForbidden, problemForbidden, "the session is not allowed to do this", ""}
	answerReauth        = answer{http.StatusForbidden, problemReauth, "the user has to authenticate again", ""}
	answerCSRF          = answer{http.StatusForbidden, problemCSRF, "the CSRF token is missing or not that of the session", ""}
	answerCrossOrigin   = answer{http.StatusForbidden, problemCrossOrigin, "cross-origin request refused", ""}
	answerNotFound      = answer{http.StatusNotFound, problemNotFound, "session not found", ""}
	answerConflict      = answer{http.StatusConflict, problemConflict, "the session was changed by another request", ""}
	answerSeveral       = answer{http.StatusConflict, problemConflict, "the request has several active sessions; sign in again or sign out", ""}
	answerChanged       = answer{http.StatusConflict, problemChanged, "the user's data changed during the sign-in; sign in again", "0"}
	answerUndecided     = answer{http.StatusServiceUnavailable, problemUnavailable, "the sign-in could not be completed; try again", "1"}
	answerCookies       = answer{http.StatusBadRequest, problemCookies, "too many cookies of the session's name; delete the cookies of this site", ""}
	answerLimit         = answer{http.StatusConflict, problemLimit, "too many active sessions; sign out on another device first", ""}
	answerUnavailable   = answer{http.StatusServiceUnavailable, problemUnavailable, "sessions are unavailable at the moment", "5"}
	answerUnsupported   = answer{http.StatusNotImplemented, problemUnsupported, "not supported by the session store", ""}
	answerInternal      = answer{http.StatusInternalServerError, problemInternal, "unexpected error occurred", ""}
)

func answerTo(err error) answer {
	var f *failure
	if errors.As(err, &f) {
		err = f.sentinel // whatever has caused it
	}
	switch {
	case errors.Is(err, errSeveral):
		return answerSeveral
	case errors.Is(err, errChangedMeanwhile):
		return answerChanged
	case errors.Is(err, errUndecided):
		return answerUndecided
	case errors.Is(err, ErrTooManyCookies):
		return answerCookies
	case errors.Is(err, ErrNoSession), errors.Is(err, ErrRevoked):
		return answerNoSession
	case errors.Is(err, ErrReauthenticate):
		return answerReauth
	case errors.Is(err, ErrNotFound):
		return answerNotFound
	case errors.Is(err, ErrConflict):
		return answerConflict
	case errors.Is(err, ErrLimit):
		return answerLimit
	case errors.Is(err, errors.ErrUnsupported):
		return answerUnsupported
	case errors.Is(err, ErrUnavailable):
		return answerUnavailable
	}
	return answerInternal
}

// model makes the body of an answer the way the program wants its errors.
func (a answer) model(ctx huma.Context) huma.StatusError {
	var e huma.StatusError
	if ctx != nil {
		e = huma.NewErrorWithContext(ctx, a.status, a.detail)
	} else {
		e = huma.NewError(a.status, a.detail)
	}
	if m, ok := e.(*huma.ErrorModel); ok {
		m.Type = a.kind
	}
	return e
}

// failure is an error of ours. It is no huma.StatusError itself but unwraps
// to the one that huma.NewError makes, which huma then sends as the body.
type failure struct {
	sentinel error
	cause    error // for operators
	model    huma.StatusError
	headers  http.Header
}

func fail(sentinel, cause error) error {
	a := answerTo(sentinel)
	return &failure{sentinel: sentinel, cause: cause, model: a.model(nil), headers: a.headers()}
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.sentinel.Error() + ": " + f.cause.Error()
	}
	return f.sentinel.Error()
}

// GetHeaders implements [huma.HeadersError].
func (f *failure) GetHeaders() http.Header { return f.headers }

func (f *failure) Unwrap() []error {
	all := []error{f.sentinel, f.model}
	if f.cause != nil {
		all = append(all, f.cause)
	}
	return all
}

// unavailable wraps what a store returned beyond its sentinels.
func unavailable(cause error) error {
	switch {
	case errors.Is(cause, errors.ErrUnsupported):
		return fail(errors.ErrUnsupported, cause)
	case errors.Is(cause, stores.ErrTooLarge): // trying again does not help
		return fail(stores.ErrTooLarge, cause)
	}
	return fail(ErrUnavailable, cause)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
