package stores

import (
	"context"
	"time"
)

// Traveler is a [Store] that keeps no sessions, because each session is sealed
// in its own cookie. An ID alone finds nothing, so the methods of Store answer
// [errors.ErrUnsupported]. The core makes a [Trip] for each request instead. A
// Traveler cannot keep promises 2, 3, 5, 6, and 7 as a store does, because a
// client can keep an older value of the cookie and present it again.
type Traveler interface {
	Store

	// Travel returns a function that makes the trips of one manager. Its
	// sessions open only for this manager and under this name of the cookie.
	// Travel returns an error if the store's options do not say how a logout
	// works.
	Travel(cookie, manager string) (func() Trip, error)
}

// Trip holds the sessions of one request: those in its cookies and those that
// the request creates. For these it keeps the contract of [Store] and [Index],
// as far as its [Traveler] can. Other calls answer [errors.ErrUnsupported]. One
// goroutine at a time may use it.
//
// Three methods do more than those of a store, because other copies of a cookie
// may be in other hands:
//
//   - Delete and Create.Replaces with MayBeGone also accept an ID whose own
//     copy has expired. They end the other copies. Delete then answers
//     ErrNotFound, as for any session that has expired.
//   - Update never moves a deadline later. So the store needs to remember
//     the end of a session only until the session's first deadline.
//   - RevokeIdentity answers ErrNotFound if the session to except has itself
//     been revoked. Otherwise that session continues only if this trip
//     writes it again.
type Trip interface {
	Index

	// Open decodes a value of the cookie, without I/O, and returns the ID of
	// its session for Load and the other methods. If several values hold one
	// session, the newest counts. Any invalid value gives [ErrNotFound]. Old is
	// true if the value should be written again soon.
	Open(value string) (id ID, old bool, err error)

	// AppendValue appends the new value of the cookie for a session after a
	// Create, Update, or Touch. Without one of these it appends the value that
	// the session came with. It appends nothing for a session that the trip
	// does not hold.
	AppendValue(dst []byte, id ID) []byte
}

// FormerOpener is a [Trip] that also opens values sealed for a former name of
// the cookie.
type FormerOpener interface {
	Trip

	// OpenFormer is Open for a value that the client sent under a former name.
	// It opens only values that were sealed for that name.
	OpenFormer(cookie, value string) (id ID, old bool, err error)
}

// TransactionalTrip is a [Trip] of a store that is [Transactional].
type TransactionalTrip interface {
	Trip

	// TakeBack undoes the effects on the trip of calls in a transaction of the
	// program, if that transaction was rolled back. It reports whether it has
	// done so. Then the session is accepted as it was before the first of these
	// calls.
	TakeBack(ctx context.Context, id ID) bool
}

// TripChecker is a [Trip] that tells whether one of its sessions has ended for
// good, for callers that wait for that after the request.
type TripChecker interface {
	Trip

	// Check returns how much longer the session can last. It returns
	// [ErrNotFound] if the session was revoked or is past its deadline. It
	// ignores the idle timeout, because the client may have a newer value of
	// the cookie.
	Check(ctx context.Context, id ID) (left time.Duration, err error)
}
