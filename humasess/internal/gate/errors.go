package gate

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

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
	ErrBesideToken      = fmt.Errorf("humasess: the client has a bearer token, so a cookie would be lost: use StartBearer: %w", ErrConflict)
	ErrJustRenewed      = fmt.Errorf("humasess: the token was replaced, and the client may still receive the new one: %w", ErrConflict)
	ErrOtherCarrier     = fmt.Errorf("humasess: not for the carrier of this session: %w", errors.ErrUnsupported)
	ErrUndecided        = fmt.Errorf("humasess: it is not known whether the user was revoked during the sign-in: %w", ErrUnavailable)
)

// failure is an error of ours. It is not a huma.StatusError itself, but unwraps to
// the one that huma.NewError makes, which huma then sends as the body.
type failure struct {
	sentinel error
	cause    error // for operators, never for clients
	model    huma.StatusError
	headers  http.Header
}

// Fail returns an error that matches the sentinel and the cause. If a handler returns
// it, the client gets the answer that belongs to the sentinel.
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

// FailUntil is Fail with the time after which the client may try again.
func FailUntil(sentinel error, after time.Duration) error {
	a := answerTo(sentinel)
	f := &failure{sentinel: sentinel, model: a.model(nil), headers: a.headers()}
	f.headers["Retry-After"] = []string{strconv.Itoa(int(max((after+time.Second-1)/time.Second, 1)))}
	return f
}

// Unavailable returns the error for a store's error that is not a sentinel.
func Unavailable(cause error) error {
	switch {
	case errors.Is(cause, errors.ErrUnsupported):
		return Fail(errors.ErrUnsupported, cause)
	case errors.Is(cause, stores.ErrTooLarge): // trying again does not help
		return Fail(stores.ErrTooLarge, cause)
	}
	return Fail(ErrUnavailable, cause)
}

// answerTo returns the answer that belongs to an error.
func answerTo(err error) answer {
	var f *failure
	if errors.As(err, &f) {
		err = f.sentinel // not its cause
	}
	switch {
	case errors.Is(err, ErrSeveral):
		return answerSeveral
	case errors.Is(err, ErrChangedMeanwhile):
		return answerChanged
	case errors.Is(err, ErrBesideToken):
		return answerBesideToken
	case errors.Is(err, ErrJustRenewed):
		return answerJustRenewed
	case errors.Is(err, ErrOtherCarrier):
		return answerOtherCarrier
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
