package stores

import (
	"context"
	"time"
)

// LongestSession bounds the life of any session: no browser keeps a cookie for
// longer (RFC 6265bis § 5.5).
const LongestSession = 400 * 24 * time.Hour

// Revocations remembers which sessions must not be accepted any more although
// their cookies still open. It keeps what it is told for as long as it says,
// where nothing evicts it. One that may have lost something has another Era:
// then every cookie from before is refused. Its methods are safe for
// concurrent use and honour their context; each is one round trip.
//
// The caller gives each End and each RevokeIdentity a random name. It repeats a
// call whose answer was lost under the same name, and the call recognises its own
// mark. The name 0 is never recognised.
type Revocations interface {
	// Check returns what is known about a session and its identity, which is
	// "" for an anonymous one.
	Check(ctx context.Context, id ID, identity string) (Standing, error)

	// End marks a session as ended, for at least keep, and forgets the mark
	// soon after that. It returns ErrNotFound when the session was ended before.
	// Of parallel calls with different names exactly one ends the session. A
	// call with the name of the one that ended it answers nil.
	End(ctx context.Context, id ID, keep time.Duration, name int64) error

	// RevokeIdentity marks all sessions of an identity that have begun, for at
	// least LongestSession. Revoked.Mark differs from all earlier marks.
	// Revoked.Before is the mark that this call replaced, read in the same
	// atomic step: of parallel calls, each replaces the mark of another one. A
	// call with the name of the last one changes nothing and has its answer.
	RevokeIdentity(ctx context.Context, identity string, name int64) (Revoked, error)
}

// Standing is what [Revocations] know about a session.
type Standing struct {
	Ended bool // End was called for it
	Era   uint32

	// Mark is the [Revoked.Mark] of the identity's last revocation, and 0 if
	// there is none. A session that began under another one is revoked.
	Mark int64

	RevokedAgo time.Duration // since that revocation, or NotRevoked
}

// Subject is what [Revocations] are asked about.
type Subject struct {
	ID       ID
	Identity string // "" for an anonymous session
}

// MultiRevocations are [Revocations] that tell about several sessions in one
// round trip: a browser may send more than one cookie that opens.
type MultiRevocations interface {
	Revocations

	// CheckMany returns what Check would for each subject, in their order.
	CheckMany(ctx context.Context, subjects []Subject) ([]Standing, error)
}

// TransactionalRevocations are [Revocations] whose calls may be part of a
// transaction of the program, which decides later whether they have happened.
type TransactionalRevocations interface {
	Revocations

	// InTransaction reports whether calls with this context are part of one.
	InTransaction(ctx context.Context) bool
}

// CheckMany checks several sessions: at once with [MultiRevocations], else one
// by one.
func CheckMany(ctx context.Context, r Revocations, subjects []Subject) ([]Standing, error) {
	if m, ok := r.(MultiRevocations); ok {
		return m.CheckMany(ctx, subjects)
	}
	standings := make([]Standing, len(subjects))
	for i, s := range subjects {
		var err error
		if standings[i], err = r.Check(ctx, s.ID, s.Identity); err != nil {
			return nil, err
		}
	}
	return standings, nil
}
