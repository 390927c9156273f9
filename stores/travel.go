package stores

import (
	"context"
	"time"
)

// Traveler is a [Store] that keeps no sessions: each travels, sealed, in the
// cookie that it is for. There is nothing to find by its ID, so the methods of
// Store answer [errors.ErrUnsupported]; the core makes a [Trip] for each
// request instead. It cannot keep promises 2, 3, 5, 6, and 7 as a store does:
// whoever has kept an older value of the cookie can present it again.
type Traveler interface {
	Store

	// Travel returns what makes the trips of one manager, whose sessions open
	// under no other cookie's name and for no other manager. It is an error
	// when the store leaves open what a logout is to do.
	Travel(cookie, manager string) (func() Trip, error)
}

// Trip is the sessions of one request: those that its cookies hold, and those
// that it creates. It keeps the contract of [Store] and [Index] for these, as
// far as its [Traveler] can; anything else is [errors.ErrUnsupported]. It
// serves one goroutine at a time.
//
// Three methods do more than those of a store, because other copies of a cookie
// may be in other hands:
//
//   - Delete and Create.Replaces with MayBeGone also take an ID whose copy at
//     hand has expired. They end the other copies. Delete answers ErrNotFound
//     then, as for any session that has expired.
//   - Update never moves a deadline later. So the end of a session has to be
//     known only until the deadline that the session began with.
//   - RevokeIdentity answers ErrNotFound when the session to except has been
//     revoked itself. Otherwise the session carries on only when it is written
//     again in this trip.
type Trip interface {
	Index

	// Open reads a value of the cookie, without I/O, and returns the ID of the
	// session in it, for Load and the others. Of several values for one
	// session, the newest counts. Whatever is wrong with a value, the error is
	// [ErrNotFound]. Old is true when the value is to be written again soon.
	Open(value string) (id ID, old bool, err error)

	// AppendValue appends what the cookie is to carry for a session after a
	// Create, Update, or Touch, and else what it came with; nothing for a
	// session that the trip does not hold.
	AppendValue(dst []byte, id ID) []byte
}

// FormerOpener is a [Trip] that opens values which were sealed for a former name
// of the cookie.
type FormerOpener interface {
	Trip

	// OpenFormer is Open for a value that came under a former name. It opens no
	// value that was sealed for another name.
	OpenFormer(cookie, value string) (id ID, old bool, err error)
}

// TransactionalTrip is a [Trip] of a store that is [Transactional].
type TransactionalTrip interface {
	Trip

	// TakeBack undoes the effects on the trip of calls in a transaction of the
	// program, if that transaction was rolled back. It reports whether it has
	// done so: the session is accepted as it was before the first of these calls.
	TakeBack(ctx context.Context, id ID) bool
}

// TripChecker is a [Trip] that tells whether one of its sessions has ended for
// good, for those who wait for that after its request.
type TripChecker interface {
	Trip

	// Check returns how much longer the session can last, or [ErrNotFound]
	// when it was revoked or is past its deadline. That it expired for want of
	// use is not known: the client may have a newer value of the cookie.
	Check(ctx context.Context, id ID) (left time.Duration, err error)
}
