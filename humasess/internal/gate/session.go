package gate

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/cookies"
)

// Session is one session in one request. Its methods are safe for concurrent use.
type Session interface { //nolint:interfacebloat // one type implements it, for each T
	// Enter makes r the request that the session belongs to, and that writes it.
	// With login the operation is one that starts a session. Only one goroutine has the
	// session before its first Enter.
	Enter(r *Request, login bool)

	// Load looks up the tokens in the cookies of the request, or its bearer token. A token
	// without a session is not an error.
	Load(ctx context.Context, lines *cookies.Lines) error

	// Active reports whether there is a session.
	Active() bool

	// Admits compares the session with a requirement.
	Admits(roles []string) Admission

	// Judge compares the user of another credential with the requirements for that of a
	// session.
	Judge(user any, roles []string) Admission

	// Bring makes the user of another credential the one of the request.
	Bring(user any, scheme string)

	// Brought reports whether another credential has brought the user.
	Brought() bool

	// Empty reports whether the request has presented no session, not even one that the
	// handler does not see.
	Empty() bool

	// Needs notes the roles that the session was admitted for. They are checked again
	// when a concurrent change makes the request start over.
	Needs(roles *[]string)

	// Proven reports whether the user has authenticated within that time, if it is
	// not 0, and by all of the methods, each within that time.
	Proven(methods []string, within time.Duration) bool

	// Describe returns the part of an event that the session knows. A user is the one of
	// another credential, and nil for that of the session.
	Describe(user any, roles []string) Described

	// Check calls the guard with the session's data.
	Check(ctx huma.Context, guard any) error

	// Forged reports whether the CSRF token is missing or wrong.
	Forged(ctx huma.Context) bool

	// Unwritten reports whether a change is pending that the program asked for,
	// and whether it needs a cookie.
	Unwritten() (change, cookie bool)

	// Commit writes the pending changes before the first byte of a response with this
	// status. An error response drops all changes except those that end sessions.
	Commit(status int) error

	// Abandon forgets the pending changes.
	Abandon()

	// Undo forgets the pending changes, deletes a session that the request has
	// created, and refuses further changes.
	Undo()

	// Refused notes that the request was refused, so it does not extend the
	// session. With confirm it also writes that the request presented the token.
	Refused(confirm bool)

	// Issued returns the response headers that follow from the session.
	Issued() Issued

	// Release closes the channels that wait for the end of the session, because the
	// request is over.
	Release()
}

// Described is the part of an event that a session knows.
type Described struct {
	SessionID string
	Identity  string
	Reason    events.Reason // as Session.Reason of the public package returns it
	Lacks     []string      // the roles that the user lacks
}

// slot is the place of one session in a request. A request inside of [Handler]
// borrows sessions of the request around it, which loads, commits and releases them.
type slot struct {
	Session

	borrowed bool // a request around this one has it
	bound    bool // the operation's input holds the session
	relied   bool // a requirement has admitted the request by it
}

// Admission is the result of comparing a session with a requirement.
type Admission uint8

// Results of [Session.Admits].
const (
	// NoSession says that there is no session, or one without a user.
	NoSession Admission = iota

	// RolesMissing says that the session lacks one of the roles.
	RolesMissing

	// Admitted says that the session satisfies the requirement.
	Admitted
)

// Issued holds the response headers of one session. Empty ones are not sent.
type Issued struct {
	Active              bool     // there is a session; this is no header
	Cookie              string   // Set-Cookie
	Former              []string // Set-Cookie lines that expire the cookie's former scopes
	CSRFName, CSRFValue string   // of Options.CSRFHeader
	Token               string   // Session-Token, of a session that a bearer token carries
	Secret              bool     // the answer has a token that the program was given
	ClearSiteData       string
}

// Watch reports whether a channel of [Session.Release] can still be made, and notes
// that there is one.
func (r *Request) Watch() bool {
	return r.marks.Or(watched)&watchOver == 0
}

// unwatch closes the channels that wait for sessions, because the request is over.
func (r *Request) unwatch() {
	if was := r.marks.Or(watchOver); was&watchOver != 0 || was&watched == 0 {
		return
	}
	for i := range r.sessions() {
		if !r.sessions()[i].borrowed {
			r.sessions()[i].Release()
		}
	}
}
