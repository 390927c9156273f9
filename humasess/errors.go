package humasess

import "github.com/humasess/sessions/humasess/internal/gate"

// Errors that methods return. Match them with [errors.Is]. Each also leads to
// a [huma.StatusError], so that a handler may return it as it is; the status
// is given in parentheses. An action that the store does not support
// matches [errors.ErrUnsupported] (501).
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

	// ErrConflict is returned when concurrent changes kept a change from
	// being written, when the function of an Update failed while it was
	// replayed, when the request came with a token that a parallel one has
	// just renewed and asks for an action that only the newest token allows,
	// when the request has cookies of several sessions, or when the user's data
	// changed during the sign-in: then the client may repeat it at once (409).
	ErrConflict = gate.ErrConflict

	// ErrLimit is returned when a Start is refused by Options.RefuseOverLimit: the
	// identity has as many sessions as it may (409).
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
	// another identity in UpdateIdentity. The program is to be changed (500).
	ErrInvalid = gate.ErrInvalid

	// ErrHide is the error that Options.OnUndecodable returns to hide a record.
	ErrHide = gate.ErrHide
)
