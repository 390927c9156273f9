package stores

import "context"

// Scanner is a [Store] that can go through all of its sessions, for
// administration. A session is meant when it is live and its payload begins
// with head: so a manager that shares the store means its own. An empty head
// means all. The work is done in slices, and nobody else waits for longer than
// one takes.
type Scanner interface {
	Store

	// Scan returns about limit sessions, which may be none before the end, in
	// no order. The cursor is "" at first and then the Next of the page
	// before, of this store alone. A session that is live from the first call
	// to the last is on one page at least; one that starts or ends meanwhile
	// is on a page or on none.
	Scan(ctx context.Context, head []byte, cursor string, limit int) (Page, error)

	// Count returns how many sessions there are: each that is live from its
	// call to its return counts once.
	Count(ctx context.Context, head []byte) (int, error)

	// Clear deletes all sessions that it means, and nothing that is not a
	// session of this store's table, prefix or file. It is not atomic, but
	// first leaves a mark that every Create reports as if its identity had
	// been revoked, whichever head it has and anonymous ones too. So a session
	// whose Create did not report it has ended when Clear returns. One that
	// starts meanwhile may end too. An error comes with what was done by then.
	Clear(ctx context.Context, head []byte) (Cleared, error)
}

// Page is a part of what a store holds.
type Page struct {
	Records []Record
	Next    string // the cursor of the next page, "" after the last
}

// Cleared is what a store answers to Clear.
type Cleared struct {
	Count int   // sessions deleted
	Mark  int64 // as [Revoked.Mark]
}

// Scan returns a page of a [Scanner]; any other store is an error that matches
// [errors.ErrUnsupported].
func Scan(ctx context.Context, store Store, head []byte, cursor string, limit int) (Page, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Scan(ctx, head, cursor, limit)
	}
	return Page{}, unsupported(store, noScan)
}

// Count counts the sessions of a [Scanner]; any other store is an error that
// matches [errors.ErrUnsupported].
func Count(ctx context.Context, store Store, head []byte) (int, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Count(ctx, head)
	}
	return 0, unsupported(store, noScan)
}

// Clear ends the sessions of a [Scanner]; any other store is an error that
// matches [errors.ErrUnsupported].
func Clear(ctx context.Context, store Store, head []byte) (Cleared, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Clear(ctx, head)
	}
	return Cleared{}, unsupported(store, noScan)
}
