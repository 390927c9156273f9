package stores

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Index is a [Store] that finds sessions by identity.
type Index interface {
	Store

	// List returns the live sessions of an identity, oldest first, without
	// extending them. No sessions is no error; identity "" is ErrNoIdentity.
	List(ctx context.Context, identity string) ([]Record, error)

	// RevokeIdentity deletes every session of an identity but except (the
	// zero ID excepts none), atomically against concurrent writes, and leaves
	// the revocation mark whether it found any or not. Identity "" is
	// ErrNoIdentity.
	RevokeIdentity(ctx context.Context, identity string, except ID) (Revoked, error)
}

// Revoked is what a store answers to RevokeIdentity.
type Revoked struct {
	Count int // sessions deleted, -1 if they are not known to the store

	// Ago is how long ago the identity had been revoked before this call, or
	// all had by Clear, or [NotRevoked].
	Ago time.Duration

	// Mark tells the mark that this call has left from those of other calls
	// for the identity, whatever clocks say. 0 leaves that to the clocks:
	// sessions that are started right after a revocation take longer then.
	Mark int64

	// Before is the mark that this call replaced, or 0 if the store held none.
	// Only [Revocations] fill it in. A session that stood under another mark
	// than Before had been revoked, so it must not carry on under Mark.
	Before int64
}

// Marker is an [Index] that remembers that the data of an identity changed. The
// core refuses a sign-in that began before such a change, because the sign-in
// may carry the old roles. With any other store it refuses only the sign-ins of
// its own process.
type Marker interface {
	Index

	// MarkChanged leaves the mark of a change for at least
	// [RevocationRetention] and ends no session. The mark is in force for every
	// Create that begins after MarkChanged has returned. Identity "" is
	// ErrNoIdentity.
	MarkChanged(ctx context.Context, identity string) (Changed, error)
}

// Changed is the answer to MarkChanged.
type Changed struct {
	Ago  time.Duration // since the mark before this one, or [NotRevoked]
	Mark int64         // differs from the marks of all other calls for the identity; never 0
}

// MultiLoader is a [Store] that loads several sessions in one round trip.
type MultiLoader interface {
	Store

	// LoadMany returns those of ids that are live, in any order.
	LoadMany(ctx context.Context, ids []ID) ([]Record, error)
}

// IDMaker is a [Store] that chooses the IDs of its sessions, for example to
// keep all of an identity's in one cluster slot.
type IDMaker interface {
	Store

	// NewID returns at least 96 bits from a cryptographic source. Identity is
	// "" for an anonymous session.
	NewID(identity string) (ID, error)
}

// ContextIDMaker is an [IDMaker] that may have to ask a server before it makes
// an ID. A wrapper that replaces its NewID must replace NewIDContext as well.
type ContextIDMaker interface {
	IDMaker

	// NewIDContext is NewID, except that waiting ends with the context.
	NewIDContext(ctx context.Context, identity string) (ID, error)
}

// Memoizer is a [Store] in this process that offers a place beside each
// payload for what the core decoded from it.
type Memoizer interface {
	Store

	// LoadMemo is Load, except that the payload is the kept one, which the
	// caller must not change, and that the memo is the one of exactly this
	// payload: an Update comes with a fresh one, a Touch does not.
	LoadMemo(ctx context.Context, id ID) (Record, *Memo, error)
}

// Memo holds one value. The zero Memo is empty. It is safe for concurrent use.
type Memo struct{ value atomic.Pointer[any] }

// Value returns what was set, or nil.
func (m *Memo) Value() any {
	if p := m.value.Load(); p != nil {
		return *p
	}
	return nil
}

// Set replaces the value, which nobody may change from now on.
func (m *Memo) Set(v any) { m.value.Store(&v) }

// ClockUser is a [Store] without a clock of its own, for tests and for
// embedded stores: it judges deadlines by the clock it is given.
type ClockUser interface {
	Store

	// UseClock replaces the clock. It is called before the first session.
	UseClock(now func() time.Time)
}

// Closer is a [Store] that has background work to stop.
type Closer interface {
	Store

	// Close stops background work and is idempotent. Sessions stay usable,
	// and a client that was passed in stays open.
	Close(ctx context.Context) error
}

// Transactional is a [Store] whose calls may be part of a transaction of the
// program, which decides later whether they have happened.
type Transactional interface {
	Store

	// InTransaction reports whether calls with this context are part of one.
	InTransaction(ctx context.Context) bool
}

// Watcher is a [Store] that tells when sessions end before their time, in
// whatever process. That is a hint, to end a stream or to drop a cache sooner:
// one may come twice, late, or not at all, and only Load decides.
type Watcher interface {
	Store

	// Watch calls ended, one call at a time, with the ID of each session that
	// was deleted, revoked or evicted, until the context ends, and returns its
	// error. The zero ID says that hints may have been missed, at the beginning
	// too: any session may have ended. Sessions that expire give no hint.
	// Ended must not block. A store that is not set up for it returns an error
	// that matches [errors.ErrUnsupported] at once.
	Watch(ctx context.Context, ended func(ID)) error
}

// As returns the first of store and what it wraps, by methods
// Unwrap() Store, that has the capability C.
func As[C Store](store Store) (C, bool) {
	for store != nil {
		if c, ok := store.(C); ok {
			return c, true
		}
		w, ok := store.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		store = w.Unwrap()
	}
	var none C
	return none, false
}

// LoadMany loads those of ids that are live: at once from a [MultiLoader],
// else one by one.
func LoadMany(ctx context.Context, store Store, ids []ID) ([]Record, error) {
	if m, ok := As[MultiLoader](store); ok {
		return m.LoadMany(ctx, ids)
	}
	records := make([]Record, 0, len(ids))
	for _, id := range ids {
		r, err := store.Load(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// NewID returns an ID made by an [IDMaker], else a [RandomID].
func NewID(store Store, identity string) (ID, error) {
	if m, ok := As[IDMaker](store); ok {
		return m.NewID(identity)
	}
	return RandomID()
}

// NewIDContext returns an ID made by a [ContextIDMaker] or an [IDMaker], the
// outermost of which counts, else a [RandomID].
func NewIDContext(ctx context.Context, store Store, identity string) (ID, error) {
	m, ok := As[IDMaker](store)
	if !ok {
		return RandomID()
	}
	if c, ok := m.(ContextIDMaker); ok {
		return c.NewIDContext(ctx, identity)
	}
	return m.NewID(identity)
}

// List lists the sessions of an identity from an [Index]; any other store is
// an error that matches [errors.ErrUnsupported].
func List(ctx context.Context, store Store, identity string) ([]Record, error) {
	if x, ok := As[Index](store); ok {
		return x.List(ctx, identity)
	}
	return nil, unsupported(store, noIndex)
}

// RevokeIdentity revokes the sessions of an identity in an [Index]; any other
// store is an error that matches [errors.ErrUnsupported].
func RevokeIdentity(ctx context.Context, store Store, identity string, except ID) (Revoked, error) {
	if x, ok := As[Index](store); ok {
		return x.RevokeIdentity(ctx, identity, except)
	}
	return Revoked{}, unsupported(store, noIndex)
}

// MarkChanged leaves the mark of a change in a [Marker]; any other store is an
// error that matches [errors.ErrUnsupported].
func MarkChanged(ctx context.Context, store Store, identity string) (Changed, error) {
	if m, ok := As[Marker](store); ok {
		return m.MarkChanged(ctx, identity)
	}
	return Changed{}, unsupported(store, "keeps no marks of changes")
}

// InTransaction reports whether calls of the store with this context are part of
// a transaction of the program. A store that is not [Transactional] has none.
func InTransaction(ctx context.Context, store Store) bool {
	t, ok := As[Transactional](store)
	return ok && t.InTransaction(ctx)
}

const (
	noIndex = "has no index by identity"
	noScan  = "cannot go through its sessions"
)

func unsupported(store Store, why string) error {
	return fmt.Errorf("stores: %T %s: %w", store, why, errors.ErrUnsupported)
}
