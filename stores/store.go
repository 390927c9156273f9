package stores

import (
	"context"
	"errors"
	"time"
)

// RevocationRetention is the least time for which a store remembers that an
// identity was revoked. It is longer than any request, because the core refuses
// to start a session in a request that has run for longer.
const RevocationRetention = time.Hour

// NotRevoked is the value of [Created.RevokedAgo] and [Revoked.Ago] when the
// store holds no revocation mark for the identity.
const NotRevoked time.Duration = -1

var (
	// ErrNotFound is returned when no live session has the ID. The session was
	// never created, has expired, or was deleted; the error does not tell
	// which.
	ErrNotFound = errors.New("stores: session not found")

	// ErrConflict is returned by Update and Delete when the session has another
	// version than the given one. Load the session again and decide anew.
	ErrConflict = errors.New("stores: session has another version")

	// ErrExists is returned by Create when the ID is taken.
	ErrExists = errors.New("stores: session ID exists")

	// ErrFull is returned by Create when a bounded store is full and may not
	// evict any session.
	ErrFull = errors.New("stores: store is full")

	// ErrLimit is returned by Create with Refuse when the identity already has
	// Limit live sessions. Nothing has been written.
	ErrLimit = errors.New("stores: identity has reached its limit of sessions")

	// ErrRevoked is returned by Create with an Age when the identity, or every
	// session by Clear, was revoked since the request began. Nothing has been
	// written.
	ErrRevoked = errors.New("stores: identity was revoked since the request began")

	// ErrChanged is returned by Create with an Age when the identity was marked
	// as changed since the request began. Nothing has been written.
	ErrChanged = errors.New("stores: identity was changed since the request began")

	// ErrTooLarge is returned by Create and Update for a payload over the
	// store's limit, which is 1 MiB unless the store's options say otherwise. A
	// store that limits identities returns it from Create and RevokeIdentity
	// too. Nothing has been written.
	ErrTooLarge = errors.New("stores: payload or identity is too large")

	// ErrNoIdentity is returned by List and RevokeIdentity for the empty
	// identity, because anonymous sessions are not in the index.
	ErrNoIdentity = errors.New("stores: anonymous sessions are not indexed")
)

// Record is a session in a store.
type Record struct {
	ID       ID     // as in Create
	Identity string // groups one user's sessions; "" is anonymous and unindexed
	Version  int64  // 1 or more; every Update increases it, Touch does not

	LastSeen time.Time // of the last Create, extending Update, or Touch that was not throttled
	Expires  time.Time // LastSeen plus the idle timeout, never after Deadline
	Deadline time.Time // end of the session, even if it is in use
	Now      time.Time // the time on the store's clock at the read

	Payload []byte // opaque: core encodes and versions it
}

// Create describes a session to be created.
type Create struct {
	ID       ID     // of [NewID]; the zero ID is not allowed
	Identity string // of the user; "" is anonymous and unindexed
	Payload  []byte // opaque data, at most the limit of the store

	Idle     time.Duration // until it expires unless touched; more than 0
	Absolute time.Duration // until it expires in any case; more than 0

	// Limit bounds the live sessions of Identity, this one included. Create
	// ends the oldest of them to make room. 0 means no limit. Create ignores it
	// for an anonymous session.
	Limit int

	// Refuse makes Create answer ErrLimit when Identity already has Limit live
	// sessions. Then no session ends.
	Refuse bool

	// NotAfter bounds the deadline on the store's clock, for a session that
	// continues another one. The zero time means no bound.
	NotAfter time.Time

	// Age is how long ago the request began that signs in. Create answers
	// ErrRevoked if the identity was revoked within that time, and ErrChanged
	// if it was marked as changed. Then nothing is written. A store that does
	// not know the field reports RevokedAgo and ChangedAgo, and the caller
	// decides. With 0 the caller decides too.
	Age time.Duration

	// Replaces lists the sessions that the new one replaces. The store checks
	// and deletes them in the same atomic step, and does not count them against
	// Limit. Create answers ErrConflict if one has another version. It answers
	// ErrNotFound if one is gone without MayBeGone. Nothing is written then.
	Replaces []Replaced
}

// Replaced is a session that a Create ends.
type Replaced struct {
	ID        ID    // of the session that ends
	Version   int64 // exactly this version; 0 is any
	MayBeGone bool  // Create succeeds even if the session has already ended
}

// Created is a store's answer to Create.
type Created struct {
	Version  int64     // of the session after the call
	Expires  time.Time // as [Record.Expires]
	Deadline time.Time // as [Record.Deadline]
	Now      time.Time // the time of the call on the store's clock

	// RevokedAgo is the time from the last revocation to Now: by RevokeIdentity
	// for this identity, or by Clear for all. It is [NotRevoked] without
	// either. The store may forget marks older than [RevocationRetention].
	RevokedAgo time.Duration

	// Mark is the [Revoked.Mark] of that revocation, or 0.
	Mark int64

	// ChangeMark is the [Changed.Mark] of the identity's last MarkChanged, or 0
	// if the store holds none.
	ChangeMark int64

	// ChangedAgo is the time from that call to Now. It has no meaning while
	// ChangeMark is 0.
	ChangedAgo time.Duration

	// Evicted is the number of sessions that ended because of Limit.
	Evicted int

	// Replaced is true if the store has deleted [Create.Replaces]. A store that
	// does not know the field leaves it false, and then the core deletes them.
	Replaced bool
}

// TooOld returns [ErrRevoked] or [ErrChanged] when a mark that the store found is
// no older than Age, and nil otherwise. A store calls it before Create changes
// anything.
func (c *Create) TooOld(found *Created) error {
	switch {
	case c.Age <= 0:
		return nil
	case found.RevokedAgo >= 0 && found.RevokedAgo <= c.Age:
		return ErrRevoked
	case found.ChangeMark != 0 && found.ChangedAgo <= c.Age:
		return ErrChanged
	}
	return nil
}

// Update describes the new state of an existing session.
type Update struct {
	ID      ID     // of a live session
	Version int64  // the version it replaces, exactly
	Payload []byte // replaces the payload; at most the limit of the store

	Idle     time.Duration // extends the session to now + Idle; 0 leaves Expires and LastSeen
	Absolute time.Duration // restarts the deadline at now + Absolute; 0 leaves it

	// Shorten makes Absolute an upper bound: the deadline becomes the earlier of
	// the present one and now + Absolute.
	Shorten bool

	// Memo, if not nil, is the decoded form of Payload. A [Memoizer] may return
	// it at the next load. Other stores ignore it.
	Memo any

	// Owned, if not nil, is the first byte of a payload that the caller never changes
	// again. A store in memory can keep that Payload without a copy. It copies any
	// other, such as one that a store around it has put there.
	Owned *byte
}

// Updated is a store's answer to Update.
type Updated struct {
	Version  int64     // of the session after the call
	Expires  time.Time // as [Record.Expires]
	Deadline time.Time // as [Record.Deadline]
	Now      time.Time // the time of the call on the store's clock
}

// Condition restricts a Delete. The zero Condition deletes any session with the
// ID.
type Condition struct {
	Version  int64  // if not 0: only this version, else ErrConflict
	Identity string // if not "": only a session of this identity, else ErrNotFound
}

// Store keeps sessions. Its methods are safe for concurrent use and honour
// their context. They copy their arguments and their results. For all of them,
// an expired session does not exist. An error that is not a sentinel of this
// package means that the store was not reached or does not know the result.
type Store interface {
	// Load returns the live session, or ErrNotFound.
	Load(ctx context.Context, id ID) (Record, error)

	// Create adds a session. It answers ErrExists if a live session has the ID,
	// and leaves that session unchanged. It may also answer ErrFull or
	// ErrLimit.
	Create(ctx context.Context, c Create) (Created, error)

	// Update replaces the payload if the session has exactly the given version.
	// It answers ErrConflict for another version, and ErrNotFound if there is
	// no such session. It never creates and never changes the identity.
	Update(ctx context.Context, u Update) (Updated, error)

	// Touch extends the session to now + idle, never beyond its deadline, and
	// returns its expiry. It accepts any version and does not change it. A
	// touch within a twentieth of idle after LastSeen is not written and
	// returns the present expiry. The core asks once per tenth of idle, and parallel
	// requests may ask together. It answers ErrNotFound if there is no such
	// session.
	Touch(ctx context.Context, id ID, idle time.Duration) (expires time.Time, err error)

	// Delete removes the session for good. It answers ErrNotFound if there is
	// no such session, and ErrConflict if the session has another version than
	// required.
	Delete(ctx context.Context, id ID, when Condition) error
}
