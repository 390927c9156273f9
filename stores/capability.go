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
	// extending them. An identity without sessions gives an empty list and a
	// nil error. Identity "" is ErrNoIdentity.
	List(ctx context.Context, identity string) ([]Record, error)

	// RevokeIdentity deletes every session of an identity except the session
	// except; the zero ID excepts none. It is atomic against concurrent writes.
	// It leaves the revocation mark even if the identity had no sessions.
	// Identity "" is ErrNoIdentity.
	RevokeIdentity(ctx context.Context, identity string, except ID) (Revoked, error)
}

// Revoked is a store's answer to RevokeIdentity.
type Revoked struct {
	Count int // sessions deleted, -1 if the store does not know

	// Ago is the time since the previous revocation of the identity, or since a
	// Clear if that was later. It is [NotRevoked] without either.
	Ago time.Duration

	// Mark differs from the marks of other calls for the identity, so the order
	// of calls does not depend on clocks. A store without marks returns 0. Then
	// the core compares clocks, and sessions that start right after a
	// revocation take longer.
	Mark int64

	// Before is the mark that this call replaced, or 0 if the store held none.
	// Only [Revocations] set it. A session that began under a mark other than
	// Before was already revoked, so it must not continue under Mark.
	Before int64
}

// Marker is an [Index] that remembers that the data of an identity changed. The
// core refuses a sign-in that began before such a change, because the sign-in
// may carry the old roles. With any other store it refuses only the sign-ins of
// its own process.
type Marker interface {
	Index

	// MarkChanged leaves the mark of a change for at least
	// [RevocationRetention] and ends no session. The mark applies to every
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

	// LoadMany returns the live sessions among ids, in any order.
	LoadMany(ctx context.Context, ids []ID) ([]Record, error)
}

// IDMaker is a [Store] that chooses the IDs of its sessions, for example to
// keep all sessions of an identity in one cluster slot.
type IDMaker interface {
	Store

	// NewID returns at least 96 bits from a cryptographic source. Identity is
	// "" for an anonymous session. A store that asks a server before it makes
	// an ID stops waiting when the context ends.
	NewID(ctx context.Context, identity string) (ID, error)
}

// Memoizer is a [Store] in this process. Beside each payload it keeps a [Memo],
// where the core caches the decoded data.
type Memoizer interface {
	Store

	// LoadMemo is Load with two differences. The payload is the store's own
	// copy, so the caller must not change it. The memo belongs to exactly this
	// payload: Update replaces it by an empty one, or by [Update.Memo], and
	// Touch keeps it.
	LoadMemo(ctx context.Context, id ID) (Record, *Memo, error)
}

// Memo holds one value. The zero Memo is empty. It is safe for concurrent use.
type Memo struct{ value atomic.Pointer[any] }

// Value returns the last value that Set stored, or nil.
func (m *Memo) Value() any {
	if p := m.value.Load(); p != nil {
		return *p
	}
	return nil
}

// Set replaces the value. The caller must not change v afterwards, because
// other goroutines read it.
func (m *Memo) Set(v any) { m.value.Store(&v) }

// ClockUser is a [Store] without a clock of its own, for tests and for embedded
// stores. It judges deadlines by the clock that UseClock sets.
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
// program. Then they take effect only when the program commits.
type Transactional interface {
	Store

	// InTransaction reports whether calls with this context are part of one.
	InTransaction(ctx context.Context) bool
}

// Watcher is a [Store] that tells when another call, in this process or
// another, ends a session before its time. Such a hint lets the core end a
// stream or drop a cached record sooner. A hint may come twice, late, or not at
// all, so only Load decides.
type Watcher interface {
	Store

	// Watch calls ended with the ID of each session that was deleted, revoked
	// or evicted. It makes one call at a time, until the context ends, and
	// returns the context's error. The zero ID means that hints may have been
	// missed, so any session may have ended. Watch begins with it. Sessions
	// that expire give no hint. Ended must not block. A store that is not set
	// up for Watch returns at once with an error that matches
	// [errors.ErrUnsupported].
	Watch(ctx context.Context, ended func(ID)) error
}

// As returns the outermost store with the capability C. It starts with store
// and follows methods Unwrap() Store.
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

// LoadMany loads the live sessions among ids: with one call if the store is a
// [MultiLoader], otherwise one by one.
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

// NewID returns an ID from an [IDMaker], or a [RandomID] for any other store.
func NewID(ctx context.Context, store Store, identity string) (ID, error) {
	if m, ok := As[IDMaker](store); ok {
		return m.NewID(ctx, identity)
	}
	return RandomID()
}

// List lists the sessions of an identity from an [Index]. For any other store
// the error matches [errors.ErrUnsupported].
func List(ctx context.Context, store Store, identity string) ([]Record, error) {
	if x, ok := As[Index](store); ok {
		return x.List(ctx, identity)
	}
	return nil, unsupported(store, noIndex)
}

// RevokeIdentity revokes the sessions of an identity in an [Index]. For any
// other store the error matches [errors.ErrUnsupported].
func RevokeIdentity(ctx context.Context, store Store, identity string, except ID) (Revoked, error) {
	if x, ok := As[Index](store); ok {
		return x.RevokeIdentity(ctx, identity, except)
	}
	return Revoked{}, unsupported(store, noIndex)
}

// MarkChanged leaves the mark of a change in a [Marker]. For any other store
// the error matches [errors.ErrUnsupported].
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
	noScan  = "cannot scan its sessions"
)

func unsupported(store Store, why string) error {
	return fmt.Errorf("stores: %T %s: %w", store, why, errors.ErrUnsupported)
}
