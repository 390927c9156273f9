package stores

import (
	"context"
	"time"
)

// ClientSide is a [Store] of client-side sessions: it keeps no sessions, because
// each session is sealed in its own cookie. An ID alone finds nothing, so the
// methods of Store answer [errors.ErrUnsupported]. The core makes a
// [RequestStore] for each request instead. A ClientSide store cannot keep
// promises 2, 3, 5, 6, and 7, because a client can keep an older value of the
// cookie and present it again.
type ClientSide interface {
	Store

	// Bind returns a function that makes the request stores of one manager. Their
	// sessions open only for this manager and under this name of the cookie.
	// Bind returns an error if the store's options do not say how a logout
	// works.
	Bind(cookie, manager string) (func() RequestStore, error)
}

// RequestStore holds the client-side sessions of one request: those in its
// cookies and those that the request creates. For these it keeps the contract of
// [Store] and [Index], as far as its [ClientSide] store can. Other calls answer
// [errors.ErrUnsupported]. One goroutine at a time may use it.
//
// Three methods do more than those of other stores, because other copies of a
// cookie may be in other hands:
//
//   - Delete and Create.Replaces with MayBeGone also accept an ID whose own
//     copy has expired. They end the other copies. Delete then answers
//     ErrNotFound, as for any session that has expired.
//   - Update never moves a deadline later. So the store needs to remember
//     the end of a session only until the session's first deadline.
//   - RevokeIdentity answers ErrNotFound if the session to except has itself
//     been revoked. Otherwise that session continues only if this request
//     writes it again.
type RequestStore interface {
	Index

	// Open decodes a value of the cookie, without I/O, and returns the ID of
	// its session for Load and the other methods. If several values hold one
	// session, the newest counts. Any invalid value gives [ErrNotFound]. Old is
	// true if the value should be written again soon.
	Open(value string) (id ID, old bool, err error)

	// AppendValue appends the new value of the cookie for a session after a
	// Create, Update, or Touch. Without one of these it appends the value that
	// the session came with. It appends nothing for a session that the request
	// does not hold.
	AppendValue(dst []byte, id ID) []byte
}

// FormerNameOpener is a [RequestStore] that also opens values sealed for a former
// name of the cookie.
type FormerNameOpener interface {
	RequestStore

	// OpenFormer is Open for a value that the client sent under a former name.
	// It opens only values that were sealed for that name.
	OpenFormer(cookie, value string) (id ID, old bool, err error)
}

// TransactionalRequestStore is a [RequestStore] of a store that is
// [Transactional].
type TransactionalRequestStore interface {
	RequestStore

	// TakeBack undoes the effects on the request store of calls in a transaction
	// of the program, if that transaction was rolled back. It reports whether it
	// has done so. Then the session is accepted as it was before the first of
	// these calls.
	TakeBack(ctx context.Context, id ID) bool
}

// Replayable is a [ClientSide] store that may accept a copy of a cookie after its session
// has ended. Then no call can know that it is the one that ended the session.
type Replayable interface {
	ClientSide

	// AllowsReplay reports whether the store accepts such copies.
	AllowsReplay() bool
}

// EndChecker is a [RequestStore] that tells whether one of its sessions has
// ended for good, for callers that wait for that after the request.
type EndChecker interface {
	RequestStore

	// Check returns how much longer the session can last. It returns
	// [ErrNotFound] if the session was revoked or is past its deadline. It
	// ignores the idle timeout, because the client may have a newer value of
	// the cookie.
	Check(ctx context.Context, id ID) (left time.Duration, err error)
}
