package humasess

import "github.com/humasess/sessions/humasess/internal/gate"

// Errors that methods return. Match them with [errors.Is]. By [errors.As] each is also a
// [huma.StatusError] with the status in parentheses. So a handler or a guard returns it as
// it is, wraps it, or returns the variable itself. The client never gets the text of an
// error around it. An action that the store does not support matches
// [errors.ErrUnsupported] (501 if a method returned it).
var (
	// ErrNoSession is returned by methods that need an active session when there
	// is none (401).
	ErrNoSession = gate.ErrNoSession

	// ErrRevoked is returned when the session ended, or its identity was
	// revoked, while the request ran and wanted to write (401).
	ErrRevoked = gate.ErrRevoked

	// ErrReauthenticate is returned by RequireFresh when the user has to prove
	// their identity again (403).
	ErrReauthenticate = gate.ErrReauthenticate

	// ErrNotFound is returned by Revoke for an ID that is not one of the
	// caller's live sessions, and by Take when another request has ended the session
	// (404).
	ErrNotFound = gate.ErrNotFound

	// ErrConflict is returned for a change that cannot be combined with another one
	// (409). The reasons are:
	//
	//   - Concurrent changes kept a change from being written.
	//   - The function of an Update failed while it was replayed.
	//   - A parallel request has just renewed the token, and the action needs the newest
	//     token.
	//   - The request has cookies of several sessions.
	//   - The request has a bearer token, so a cookie that Start sets would be lost.
	//   - RenewBearer renews a token that was replaced within the grace.
	//   - The user's data changed during the sign-in. The client may
	//     repeat the sign-in at once, as the header Retry-After says.
	ErrConflict = gate.ErrConflict

	// ErrLimit is returned when [Options.RefuseOverLimit] refuses a Start, because the
	// identity has [Options.MaxPerIdentity] sessions (409).
	ErrLimit = gate.ErrLimit

	// ErrTooManyCookies is returned by Start, Destroy, and an Update without an
	// active session. The request has more cookies of the session's name than are
	// looked up, so an active session could stay unnoticed (400).
	ErrTooManyCookies = gate.ErrTooManyCookies

	// ErrUnavailable is returned when the store could not be reached; a write
	// that timed out may have been applied (503).
	ErrUnavailable = gate.ErrUnavailable

	// ErrCommitted is returned by changes after the response has begun, which
	// therefore could not be kept (500). It has also begun when the handler has
	// changed the session and then asked for the router's own context, as by
	// humago.Unwrap: the cookie must be in the response before the handler can
	// write there.
	ErrCommitted = gate.ErrCommitted

	// ErrInvalid is returned for a call that can never work: data that the
	// codec cannot encode, a TTL of less than a second, an empty identity, or
	// another identity in UpdateIdentity. The program needs a correction, and the log
	// has the reason (500).
	ErrInvalid = gate.ErrInvalid
)

// ErrHide is the error that the program's [Options.OnUndecodable] returns to hide a record.
// It has no status, and no method returns it.
var ErrHide = gate.ErrHide
