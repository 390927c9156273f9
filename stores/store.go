package stores

import (
	"context"
	"errors"
	"time"
)

// RevocationRetention is how long at least a store remembers that an identity
// was revoked. It is longer than any request: the core refuses to start a
// session in a request that has been running for longer.
const RevocationRetention = time.Hour

// NotRevoked is the value of [Created.RevokedAgo] and [Revoked.Ago] when the
// store holds no revocation mark for the identity.
const NotRevoked time.Duration = -1

var (
	// ErrNotFound is returned when no live session has the ID: it was never
	// created, has expired, or was deleted. The three are not told apart.
	ErrNotFound = errors.New("stores: session not found")

	// ErrConflict is returned by Update and Delete when the session exists at
	// another version than the one given. Load it again and decide anew.
	ErrConflict = errors.New("stores: session has another version")

	// ErrExists is returned by Create when the ID is taken.
	ErrExists = errors.New("stores: session ID exists")

	// ErrFull is returned by Create when a bounded store has no room and
	// nothing that it may evict.
	ErrFull = errors.New("stores: store is full")

	// ErrLimit is returned by Create with Refuse when the identity has as many
	// live sessions as it may. Nothing has been written.
	ErrLimit = errors.New("stores: identity has as many sessions as it may")

	// ErrRevoked is returned by Create with an Age when the identity, or every
	// session by Clear, was revoked since the request began. Nothing has been
	// written.
	ErrRevoked = errors.New("stores: identity was revoked since the request began")

	// ErrChanged is returned by Create with an Age when the identity was marked
	// as changed since the request began. Nothing has been written.
	ErrChanged = errors.New("stores: identity was changed since the request began")

	// ErrTooLarge is returned by Create and Update for a payload over the
	// store's limit (1 MiB unless its options say otherwise), and by Create and
	// RevokeIdentity of a store with a limit on identities. Nothing has been
	// written.
	ErrTooLarge = errors.New("stores: payload or identity is too large")

	// ErrNoIdentity is returned by List and RevokeIdentity for the empty
	// identity: anonymous sessions are in no index.
	ErrNoIdentity = errors.New("stores: anonymous sessions are not indexed")
)

// Record is a session as a store keeps it.
type Record struct {
	ID       ID
	Identity string // groups one user's sessions; "" is anonymous and unindexed
	Version  int64  // 1 or more, grows with every Update, untouched by Touch

	LastSeen time.Time // of the last Create, extending Update, or Touch that was not throttled
	Expires  time.Time // LastSeen plus the idle timeout, never after Deadline
	Deadline time.Time // end of the session whatever its activity
	Now      time.Time // the store's clock when it read this

	Payload []byte // opaque: core encodes and versions it
}

// Create describes a session to be created.
type Create struct {
	ID       ID
	Identity string
	Payload  []byte

	Idle     time.Duration // until it expires unless touched; more than 0
	Absolute time.Duration // until it expires in any case; more than 0

	// Limit bounds the live sessions of Identity, this one included; those
	// created first give way. 0 is no limit. It is ignored when anonymous.
	Limit int

	// Refuse makes Create answer ErrLimit instead, and nobody gives way, where
	// there are Limit live sessions of Identity already.
	Refuse bool

	// NotAfter bounds the deadline on the store's clock, for a session that
	// carries on another one. The zero time is no bound.
	NotAfter time.Time

	// Age is how long ago the request began that signs in. Create answers
	// ErrRevoked when the identity was revoked no longer ago than that, and
	// ErrChanged when it was marked as changed; nothing is written then. A store
	// that does not know the field reports RevokedAgo and ChangedAgo, from which
	// the caller decides. 0 leaves the decision to the caller.
	Age time.Duration

	// Replaces are sessions whose place the new one takes. The store checks
	// and deletes them in the same atomic step, and does not count them against
	// Limit. Create answers ErrConflict when one has another version, and
	// ErrNotFound when one is gone that must not be. Nothing is written then.
	Replaces []Replaced
}

// Replaced is a session that a Create ends.
type Replaced struct {
	ID        ID
	Version   int64 // exactly this version; 0 is any
	MayBeGone bool  // a session that has ended already does not stop the Create
}

// Created is what a store answers to Create.
type Created struct {
	Version  int64
	Expires  time.Time
	Deadline time.Time
	Now      time.Time

	// RevokedAgo is how long before Now the identity was last revoked by
	// RevokeIdentity, or all were by Clear. It is [NotRevoked] without either.
	// Marks older than [RevocationRetention] may be forgotten.
	RevokedAgo time.Duration

	// Mark is the [Revoked.Mark] of that revocation, or 0.
	Mark int64

	// ChangeMark is the [Changed.Mark] of the identity's last [Marker] call,
	// or 0 if the store holds none.
	ChangeMark int64

	// ChangedAgo is how long before Now that call was. It has no meaning while
	// ChangeMark is 0.
	ChangedAgo time.Duration

	// Evicted is the number of sessions that gave way to Limit.
	Evicted int

	// Replaced says that the store has deleted [Create.Replaces]. A store that
	// does not know the field leaves it false, and the core deletes them.
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
	ID      ID
	Version int64 // the version it replaces, exactly
	Payload []byte

	Idle     time.Duration // extends the session to now + Idle; 0 leaves Expires and LastSeen
	Absolute time.Duration // restarts the deadline at now + Absolute; 0 leaves it

	// Shorten makes Absolute an upper bound: the deadline becomes the earlier of
	// the present one and now + Absolute.
	Shorten bool

	// Memo, if not nil, is what the caller would decode from Payload: a
	// Memoizer may offer it at the next load. Others ignore it.
	Memo any
}

// Updated is what a store answers to Update.
type Updated struct {
	Version  int64
	Expires  time.Time
	Deadline time.Time
	Now      time.Time
}

// Condition narrows a Delete. The zero Condition deletes whatever is there.
type Condition struct {
	Version  int64  // if not 0: only this version, else ErrConflict
	Identity string // if not "": only a session of this identity, else ErrNotFound
}

// Store keeps sessions. Its methods are safe for concurrent use, honour their
// context, and copy what they are given and what they return. A session that
// has expired does not exist for any of them. Errors that are not sentinels
// of this package mean that the store could not be reached or could not tell.
type Store interface {
	// Load returns the live session, or ErrNotFound.
	Load(ctx context.Context, id ID) (Record, error)

	// Create adds a session, or answers ErrExists without touching the one
	// that has the ID, or ErrFull, or ErrLimit.
	Create(ctx context.Context, c Create) (Created, error)

	// Update replaces the payload of exactly the version given, else answers
	// ErrConflict; ErrNotFound when there is no such session. It never
	// creates and never changes the identity.
	Update(ctx context.Context, u Update) (Updated, error)

	// Touch extends the session to now + idle, never beyond its deadline, at
	// any version and without changing it, and returns when it expires. A
	// touch within a twentieth of idle after LastSeen is not written and returns
	// the present end. ErrNotFound when there is no such session.
	Touch(ctx context.Context, id ID, idle time.Duration) (expires time.Time, err error)

	// Delete removes the session for good. ErrNotFound when there is nothing
	// to remove, ErrConflict when it is at another version than required.
	Delete(ctx context.Context, id ID, when Condition) error
}
