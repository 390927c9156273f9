package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/stores"
)

// Errors of the public package, which documents them, and their special cases.
var (
	ErrNoSession      = errors.New("humasess: no active session")
	ErrRevoked        = errors.New("humasess: session was revoked")
	ErrReauthenticate = errors.New("humasess: authentication is not fresh enough")
	ErrNotFound       = errors.New("humasess: session not found")
	ErrConflict       = errors.New("humasess: conflicting change")
	ErrLimit          = errors.New("humasess: identity has as many sessions as it may")
	ErrTooManyCookies = errors.New("humasess: too many session cookies")
	ErrUnavailable    = errors.New("humasess: session store unavailable")
	ErrCommitted      = errors.New("humasess: session changed after the response has begun")
	ErrInvalid        = errors.New("humasess: invalid call")
	ErrHide           = errors.New("humasess: hide undecodable session")

	ErrSeveral          = fmt.Errorf("humasess: the request has several active sessions, which Start and Destroy end: %w", ErrConflict)
	ErrChangedMeanwhile = fmt.Errorf("humasess: the user's data changed during the sign-in: %w", ErrConflict)
	ErrUndecided        = fmt.Errorf("humasess: it is not known whether the user was revoked during the sign-in: %w", ErrUnavailable)
)

// Problem types, for the "type" member of RFC 9457 answers. They are stable.
const (
	problemNoSession   = "urn:humasess:problem:no-session"
	problemForbidden   = "urn:humasess:problem:forbidden"
	problemReauth      = "urn:humasess:problem:reauthentication_required"
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
	case errors.Is(err, ErrSeveral):
		return answerSeveral
	case errors.Is(err, ErrChangedMeanwhile):
		return answerChanged
	case errors.Is(err, ErrUndecided):
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

func Fail(sentinel, cause error) error {
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
func Unavailable(cause error) error {
	switch {
	case errors.Is(cause, errors.ErrUnsupported):
		return Fail(errors.ErrUnsupported, cause)
	case errors.Is(cause, stores.ErrTooLarge): // trying again does not help
		return Fail(stores.ErrTooLarge, cause)
	}
	return Fail(ErrUnavailable, cause)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
