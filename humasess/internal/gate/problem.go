package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
	"github.com/humasess/sessions/internal/policy"
)

// challenge asks for a session. See [policy.SessionChallenge].
const challenge = policy.SessionChallenge

const fieldChallenge = policy.FieldChallenge

// answer is the part of a response that the client reads.
type answer policy.Problem

// headers returns the headers that go with the answer.
func (a answer) headers() http.Header {
	h := http.Header{}
	if a.Retry != "" {
		h["Retry-After"] = []string{a.Retry}
	}
	if a.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{challenge}
	}
	return h
}

var (
	answerNoSession     = answer(policy.ProblemNoSession)
	answerNoCredentials = answer(policy.ProblemNoCredentials)
	answerForbidden     = answer(policy.ProblemForbidden)
	answerReauth        = answer(policy.ProblemReauth)
	answerCSRF          = answer(policy.ProblemCSRF)
	answerCrossOrigin   = answer(policy.ProblemCrossOrigin)
	answerNotFound      = answer(policy.ProblemNotFound)
	answerConflict      = answer(policy.ProblemConflict)
	answerSeveral       = answer(policy.ProblemSeveral)
	answerChanged       = answer(policy.ProblemChanged)
	answerBesideToken   = answer(policy.ProblemBesideToken)
	answerJustRenewed   = answer(policy.ProblemJustRenewed)
	answerOtherCarrier  = answer(policy.ProblemOtherCarrier)
	answerUndecided     = answer(policy.ProblemUndecided)
	answerCookies       = answer(policy.ProblemCookies)
	answerLimit         = answer(policy.ProblemLimit)
	answerUnavailable   = answer(policy.ProblemUnavailable)
	answerUnsupported   = answer(policy.ProblemUnsupported)
	answerInternal      = answer(policy.ProblemInternal)
)

// model returns the body of an answer, with the program's own error type if it has
// one. The details become its member "errors".
func (a answer) model(ctx huma.Context, details ...error) huma.StatusError {
	var e huma.StatusError
	if ctx != nil {
		e = huma.NewErrorWithContext(ctx, a.Status, a.Detail, details...)
	} else {
		e = huma.NewError(a.Status, a.Detail, details...)
	}
	if m, ok := e.(*huma.ErrorModel); ok {
		m.Type = a.Type
	}
	return e
}

// detail returns the answer as a member of "errors" in the body of another one.
func (a answer) detail() *huma.ErrorDetail { return &huma.ErrorDetail{Message: a.Detail} }

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
