package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
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

// challenge is the challenge of a 401 (RFC 9110 § 11.6.1). Browsers do not show a
// prompt for its scheme.
const challenge = `Cookie realm="session"`

const fieldChallenge = "WWW-Authenticate"

// answer is the part of a response that the client reads. Nothing in it comes from
// a request, a store or a guard.
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
	answerCSRF          = answer{http.StatusForbidden, problemCSRF, "the CSRF token is missing or does not belong to the session", ""}
	answerCrossOrigin   = answer{http.StatusForbidden, problemCrossOrigin, "cross-origin request refused", ""}
	answerNotFound      = answer{http.StatusNotFound, problemNotFound, "session not found", ""}
	answerConflict      = answer{http.StatusConflict, problemConflict, "the session was changed by another request", ""}
	answerSeveral       = answer{http.StatusConflict, problemConflict, "the request has several active sessions; sign in again or sign out", ""}
	answerChanged       = answer{http.StatusConflict, problemChanged, "the user's data changed during the sign-in; sign in again", "0"}
	answerBesideToken   = answer{http.StatusConflict, problemConflict, "this sign-in is for a cookie; leave the bearer token out, or sign in for a token", ""}
	answerJustRenewed   = answer{http.StatusConflict, problemConflict, "the token was replaced a moment ago; use the new token, or try again later", ""}
	answerOtherCarrier  = answer{http.StatusNotImplemented, problemUnsupported, "not supported for a session of this kind, with a cookie or a bearer token", ""}
	answerUndecided     = answer{http.StatusServiceUnavailable, problemUnavailable, "the sign-in could not be completed; try again", "1"}
	answerCookies       = answer{http.StatusBadRequest, problemCookies, "too many cookies of the session's name; delete the cookies of this site", ""}
	answerLimit         = answer{http.StatusConflict, problemLimit, "too many active sessions; sign out on another device first", ""}
	answerUnavailable   = answer{http.StatusServiceUnavailable, problemUnavailable, "sessions are unavailable at the moment", "5"}
	answerUnsupported   = answer{http.StatusNotImplemented, problemUnsupported, "not supported by the session store", ""}
	answerInternal      = answer{http.StatusInternalServerError, problemInternal, "unexpected error occurred", ""}
)

// model returns the body of an answer, with the program's own error type if it has
// one.
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

// withHeader returns a copy with one more header.
func withHeader(headers http.Header, name, value string) http.Header {
	all := http.Header{name: {value}}
	maps.Copy(all, headers)
	return all
}

// names reports whether a header is present. A literal may spell its name in any case.
func names(headers http.Header, name string) bool {
	for have := range headers {
		if response.SameName(have, name) {
			return true
		}
	}
	return false
}

// writeProblem answers with an error model as huma does, but it cannot fail: a model
// that a transformer refuses is sent as it is. api is nil outside an API.
func writeProblem(api huma.API, ctx huma.Context, model huma.StatusError) {
	if api == nil {
		writePlainProblem(ctx, model)
		return
	}
	contentType, err := api.Negotiate(ctx.Header("Accept"))
	if err != nil {
		contentType = "application/json"
	}
	if f, ok := model.(huma.ContentTypeFilter); ok {
		contentType = f.ContentType(contentType)
	}
	ctx.SetHeader("Content-Type", contentType)
	if h, ok := model.(huma.HeadersError); ok {
		for name, values := range h.GetHeaders() {
			for _, v := range values {
				ctx.AppendHeader(name, v)
			}
		}
	}
	var body any = model
	if transformed, err := api.Transform(ctx, fmt.Sprint(model.GetStatus()), model); err == nil {
		body = transformed
	}
	ctx.SetStatus(model.GetStatus())
	// The client may have hung up, and there is no other reader of the error.
	_ = api.Marshal(ctx.BodyWriter(), contentType, body)
}

// writePlainProblem is writeProblem without an API, whose formats are not known.
func writePlainProblem(ctx huma.Context, model huma.StatusError) {
	contentType := "application/json"
	if f, ok := model.(huma.ContentTypeFilter); ok {
		contentType = f.ContentType(contentType)
	}
	ctx.SetHeader("Content-Type", contentType)
	ctx.SetStatus(model.GetStatus())
	// The client may have hung up, and there is no other reader of the error.
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(model) //nolint:errchkjson // the same for a model that does not encode
}

// headersAround returns the headers of huma.ErrorWithHeaders, which wraps the model.
func headersAround(err error, model huma.StatusError) http.Header {
	var h huma.HeadersError
	if _, own := model.(huma.HeadersError); own || !errors.As(err, &h) {
		return nil
	}
	return h.GetHeaders()
}
