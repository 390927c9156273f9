package stores

import (
	"context"
	"time"
)

// LongestSession bounds the life of any session, because browsers keep no
// cookie longer (RFC 6265bis § 5.5).
const LongestSession = 400 * 24 * time.Hour

// Revocations remembers which sessions must be refused although their cookies
// still open. It keeps each mark for the time that the method promises, unless
// its server evicts the mark. An implementation that may have lost marks
// changes its Era, and then every cookie from before is refused. Its methods
// are safe for concurrent use and honour their context. Each is one round trip.
//
// The caller gives each End and each RevokeIdentity a random name. If the
// answer is lost, the caller repeats the call under the same name, and the call
// recognises its own mark. The name 0 is never recognised.
type Revocations interface {
	// Check returns the marks of a session and of its identity, which is "" for
	// an anonymous session.
	Check(ctx context.Context, id ID, identity string) (Standing, error)

	// End marks a session as ended for at least keep, and forgets the mark soon
	// after. It returns ErrNotFound if an earlier call ended the session. Of
	// parallel calls with different names exactly one ends the session. A
	// repeated call with the name of that one answers nil.
	End(ctx context.Context, id ID, keep time.Duration, name int64) error

	// RevokeIdentity marks all sessions of an identity that have begun, for at
	// least LongestSession. Revoked.Mark differs from all earlier marks.
	// Revoked.Before is the mark that this call replaced, read in the same
	// atomic step, so parallel calls never replace the same mark. A call with
	// the name of the last one changes nothing and returns the same answer.
	RevokeIdentity(ctx context.Context, identity string, name int64) (Revoked, error)
}

// Standing is the state of a session in [Revocations].
type Standing struct {
	Ended bool // End was called for it

	// Era names the memory that holds the marks. It changes when marks
	// may have been lost, for example after a restart. A session that began in another
	// era is refused, because its end may be among the lost marks.
	Era uint32

	// Mark is the [Revoked.Mark] of the identity's last revocation, or 0
	// without one. A session that began under another mark is revoked.
	Mark int64

	RevokedAgo time.Duration // since that revocation, or NotRevoked
}

// Subject is the session that a caller of [Revocations] asks about.
type Subject struct {
	ID       ID     // of the session
	Identity string // "" for an anonymous session
}

// MultiRevocations are [Revocations] that check several sessions in one round
// trip, because a browser may send more than one cookie that opens.
type MultiRevocations interface {
	Revocations

	// CheckMany returns the answer of Check for each subject, in their order.
	CheckMany(ctx context.Context, subjects []Subject) ([]Standing, error)
}

// TransactionalRevocations are [Revocations] whose calls may be part of a
// transaction of the program. Then they take effect only when the program
// commits.
type TransactionalRevocations interface {
	Revocations

	// InTransaction reports whether calls with this context are part of one.
	InTransaction(ctx context.Context) bool
}

// CheckMany checks several sessions: with one call for [MultiRevocations],
// otherwise one by one.
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
