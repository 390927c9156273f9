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
type Revocations interface {
	// Check returns what is known about a session and its identity, which is
	// "" for an anonymous one.
	Check(ctx context.Context, id ID, identity string) (Standing, error)

	// End marks a session as ended, for at least keep. It returns ErrNotFound
	// when it was ended before.
	End(ctx context.Context, id ID, keep time.Duration) error

	// RevokeIdentity marks all sessions of an identity that have begun, for at
	// least LongestSession. Mark is another one than ever before.
	RevokeIdentity(ctx context.Context, identity string) (Revoked, error)
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
