package moving

import (
	"context"
	"errors"
	"time"
)

// docs: begin old

// Old finds and ends the sessions of the former library.
type Old interface {
	Find(ctx context.Context, cookie string) (Found, error) // ErrDead if the cookie opens nothing
	End(ctx context.Context, cookie string) error           // nil if there is nothing to end
}

// Found is an old session.
type Found struct {
	ID             string // of the user, "" for an anonymous session
	SignedIn, Ends time.Time
	Persistent     bool // the cookie outlives the browser
}

// signedIn is a time that cannot count as a recent sign-in if the old library tells none.
func (f Found) signedIn() time.Time {
	if f.SignedIn.IsZero() || f.SignedIn.After(time.Now()) {
		return time.Unix(0, 0)
	}
	return f.SignedIn
}

// ErrDead is the error for a cookie that opens nothing.
var ErrDead = errors.New("an old cookie that opens nothing")

// docs: end
