package gate

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/stores"
)

// Errors of the public package, which documents them, and their special cases.
var (
	ErrNoSession      = newSentinel("no active session", answerNoSession, nil)
	ErrRevoked        = newSentinel("session was revoked", answerNoSession, nil)
	ErrReauthenticate = newSentinel("authentication is not fresh enough", answerReauth, nil)
	ErrNotFound       = newSentinel("session not found", answerNotFound, nil)
	ErrConflict       = newSentinel("conflicting change", answerConflict, nil)
	ErrLimit          = newSentinel("identity has as many sessions as it may", answerLimit, nil)
	ErrTooManyCookies = newSentinel("too many session cookies", answerCookies, nil)
	ErrUnavailable    = newSentinel("session store unavailable", answerUnavailable, nil)
	ErrCommitted      = newSentinel("session changed after the response has begun", answerInternal, nil)
	ErrInvalid        = newSentinel("invalid call", answerInternal, nil)
	ErrHide           = errors.New("humasess: hide undecodable session")

	ErrSeveral          = newSentinel("the request has several active sessions, which Start and Destroy end", answerSeveral, ErrConflict)
	ErrChangedMeanwhile = newSentinel("the user's data changed during the sign-in", answerChanged, ErrConflict)
	ErrBesideToken      = newSentinel("the client has a bearer token, so a cookie would be lost: use StartBearer", answerBesideToken, ErrConflict)
	ErrJustRenewed      = newSentinel("the token was replaced, and the client may still receive the new one", answerJustRenewed, ErrConflict)
	ErrOtherCarrier     = newSentinel("not for the carrier of this session", answerOtherCarrier, errors.ErrUnsupported)
	ErrUndecided        = newSentinel("it is not known whether the user was revoked during the sign-in", answerUndecided, ErrUnavailable)
)

// sentinel is an error that programs compare with. It is a huma.StatusError by
// [errors.As] only, because huma.NewError, which makes its body, may change.
type sentinel struct {
	text   string
	answer answer
	kind   error // that it also matches
}

func newSentinel(text string, a answer, kind error) error {
	text = "humasess: " + text
	if kind != nil {
		text += ": " + kind.Error()
	}
	return &sentinel{text, a, kind}
}

func (s *sentinel) Error() string { return s.text }

func (s *sentinel) Unwrap() error { return s.kind }

// GetHeaders implements [huma.HeadersError].
func (s *sentinel) GetHeaders() http.Header { return s.answer.headers() }

// As makes the answer of a sentinel that a program returns by itself. The program may ask
// for its own type of huma.NewError.
func (s *sentinel) As(target any) bool { return errors.As(s.answer.model(nil), target) }

// ErrorDetail implements [huma.ErrorDetailer]: the text of a member of "errors", which
// clients read.
func (s *sentinel) ErrorDetail() *huma.ErrorDetail { return s.answer.detail() }

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

// ErrorDetail implements [huma.ErrorDetailer]: a program may put the error into the
// "errors" of its own answer, and huma does so with one of a Resolve. There the text has
// to be that of the answer, because the cause is for operators.
func (f *failure) ErrorDetail() *huma.ErrorDetail { return answerTo(f).detail() }

func (f *failure) Unwrap() []error {
	all := []error{f.model, f.sentinel}
	if f.cause != nil {
		all = append(all, f.cause)
	}
	return all
}

// FailFor is Fail with the time after which the client may try again.
func FailFor(sentinel error, after time.Duration) error {
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

// statusError returns the answer in an error of the program, or nil. That of an error of
// ours is made for the request, unless several errors are joined.
func statusError(ctx huma.Context, err error) (model huma.StatusError) {
	if own := ours(err); own != nil {
		return answerTo(own).model(ctx)
	}
	errors.As(err, &model)
	return model
}

// ours returns the error of ours that an error is or wraps, unless the program has chosen
// another answer around it.
func ours(err error) error {
	for ; err != nil; err = errors.Unwrap(err) {
		switch err.(type) { //nolint:errorlint // one link of the chain at a time
		case *sentinel, *failure:
			return err
		case huma.StatusError, interface{ As(target any) bool }:
			return nil
		}
	}
	return nil
}

// answerTo returns the answer that belongs to an error.
func answerTo(err error) answer {
	var f *failure
	if errors.As(err, &f) {
		err = f.sentinel // not its cause
	}
	var s *sentinel
	switch {
	case errors.As(err, &s):
		return s.answer
	case errors.Is(err, errors.ErrUnsupported):
		return answerUnsupported
	}
	return answerInternal
}
