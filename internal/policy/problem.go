package policy

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Problem is an answer of the core in place of the handler's. Nothing in it comes from
// a request, a store or a guard. The document shows it as an example.
type Problem struct {
	Status int
	Type   string // the member "type" of RFC 9457; the types are stable
	Detail string
	Retry  string // the header Retry-After in seconds (RFC 9110 § 10.2.3), "" for none
}

// Types of problems. Their words are joined by hyphens.
const (
	typeNoSession   = "urn:humasess:problem:no-session"
	typeForbidden   = "urn:humasess:problem:forbidden"
	typeReauth      = "urn:humasess:problem:reauthentication-required"
	typeCSRF        = "urn:humasess:problem:csrf-token"
	typeCrossOrigin = "urn:humasess:problem:cross-origin"
	typeConflict    = "urn:humasess:problem:conflict"
	typeChanged     = "urn:humasess:problem:changed-during-sign-in"
	typeCookies     = "urn:humasess:problem:too-many-cookies"
	typeLimit       = "urn:humasess:problem:too-many-sessions"
	typeUnavailable = "urn:humasess:problem:unavailable"
	typeUnsupported = "urn:humasess:problem:unsupported"
	typeNotFound    = "urn:humasess:problem:not-found"
	typeInternal    = "about:blank"
)

// The problems. [Causes] says when the core answers with each of them.
var (
	ProblemNoSession     = Problem{http.StatusUnauthorized, typeNoSession, "a valid session is required", ""}
	ProblemNoCredentials = Problem{http.StatusUnauthorized, typeNoSession, "valid credentials are required", ""}
	ProblemForbidden     = Problem{http.StatusForbidden, typeForbidden, "the user is not allowed to do this", ""}
	ProblemReauth        = Problem{http.StatusForbidden, typeReauth, "the user has to authenticate again", ""}
	ProblemCSRF          = Problem{http.StatusForbidden, typeCSRF, "the CSRF token is missing or does not belong to the session", ""}
	ProblemCrossOrigin   = Problem{http.StatusForbidden, typeCrossOrigin, "cross-origin request refused", ""}
	ProblemNotFound      = Problem{http.StatusNotFound, typeNotFound, "session not found", ""}
	ProblemConflict      = Problem{http.StatusConflict, typeConflict, "the session was changed by another request", ""}
	ProblemSeveral       = Problem{http.StatusConflict, typeConflict, "the request has several active sessions; sign in again or sign out", ""}
	ProblemChanged       = Problem{http.StatusConflict, typeChanged, "the user's data changed during the sign-in; sign in again", "0"}
	ProblemBesideToken   = Problem{http.StatusConflict, typeConflict, "this sign-in is for a cookie; leave the bearer token out, or sign in for a token", ""}
	ProblemJustRenewed   = Problem{http.StatusConflict, typeConflict, "the token was replaced a moment ago; use the new token, or try again later", ""}
	ProblemOtherCarrier  = Problem{http.StatusNotImplemented, typeUnsupported, "not supported for a session of this kind, with a cookie or a bearer token", ""}
	ProblemUndecided     = Problem{http.StatusServiceUnavailable, typeUnavailable, "the sign-in could not be completed; try again", "1"}
	ProblemCookies       = Problem{http.StatusBadRequest, typeCookies, "too many cookies of the session's name; delete the cookies of this site", ""}
	ProblemLimit         = Problem{http.StatusConflict, typeLimit, "too many active sessions; sign out on another device first", ""}
	ProblemUnavailable   = Problem{http.StatusServiceUnavailable, typeUnavailable, "sessions are unavailable at the moment", "5"}
	ProblemUnsupported   = Problem{http.StatusNotImplemented, typeUnsupported, "the sessions of this API do not support this", ""}
	ProblemInternal      = Problem{http.StatusInternalServerError, typeInternal, "unexpected error occurred", ""}
)

// MissingMethod returns the detail of [ProblemReauth] that names a method of
// authentication. The name is one that a guard of the program has declared.
func MissingMethod(name string) *huma.ErrorDetail {
	return &huma.ErrorDetail{Message: "the user has to authenticate by " + name, Location: "authentication.methods", Value: name}
}

// Cause is a reason for which the core answers with a problem.
type Cause struct {
	Problem Problem
	When    string // Markdown
}

// Causes returns the causes of all problems, in the order of docs/errors.md. A test
// writes that page's table from them.
func Causes() []Cause {
	return []Cause{
		{ProblemCookies, "a sign-in, a sign-out or an `Update` without an active session, with more than 16 different cookies of the session's name"},
		{ProblemNoSession, "an operation requires a session, and no user is signed in (an anonymous session does not suffice)"},
		{ProblemNoCredentials, "none of an operation's schemes is satisfied, and one of them needs no session. The detail is \"" + ProblemNoCredentials.Detail + "\""},
		{ProblemNoSession, "the session was revoked while the request ran, before the request wrote"},
		{ProblemForbidden, "a role is missing, or a guard returned an error that is not a `huma.StatusError`"},
		{ProblemCrossOrigin, "an unsafe method, or the handshake of a websocket, sent by a page of another origin"},
		{ProblemCSRF, "with `Options.CSRFHeader`: the header lacks the session's token"},
		{ProblemReauth, "the operation requires a recent sign-in, or one by other methods. Each method of a guard's `Methods` that the session lacks " +
			"is the `value` of a member of `errors`, with the `location` `authentication.methods`"},
		{ProblemNotFound, "`Revoke` of a session that is not the caller's, or has ended"},
		{ProblemConflict, "concurrent changes kept this one from being written"},
		{ProblemSeveral, "the request has cookies of several active sessions, and the handler called `Update`"},
		{ProblemConflict, "the request came with a token that was just replaced, and the action requires the newest token"},
		{ProblemBesideToken, "with `Options.Bearer`: a request with a bearer token called an operation that starts a session in a cookie " +
			"(`Start`, or `Update` without an active session)"},
		{ProblemJustRenewed, "with `Options.Bearer`: `RenewBearer` with a token that was replaced within `RotationGrace`, while the answer with the new one may " +
			"still arrive. The client waits as `Retry-After` says, and then renews again with the token that it has"},
		{ProblemChanged, "the user's data were changed by `UpdateIdentity`, or sessions of the user ended by `RevokeWhere`, during the sign-in; " +
			"the client may sign in again at once, as `Retry-After: 0` says"},
		{ProblemLimit, "with `Options.RefuseOverLimit`: the user already has `MaxPerIdentity` sessions at a `Start`"},
		{ProblemUnsupported, "the store cannot list or revoke by user, or `Options.Identity` is not set; `StartBearer` without `Options.Bearer`"},
		{ProblemOtherCarrier, "`RenewBearer` of a session in a cookie; `Remember` and `CSRFToken` of one with a bearer token"},
		{ProblemUnavailable, "the store could not be reached; with `Retry-After`"},
		{ProblemUndecided, "the store could not say whether the user's sessions were revoked during the sign-in; with `Retry-After`"},
		{ProblemInternal, "a mistake in the program. For an input whose session is not enforced, the problem names the operation and the remedy. " +
			"For `ErrInvalid` it says only that an unexpected error occurred. The log has the reason. For session data larger than the store takes, the log names the sizes"},
	}
}
