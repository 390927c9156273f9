package stores

import "context"

// Scanner is a [Store] that can visit all of its sessions, for administration.
// Each method applies to the live sessions whose payload begins with head. So
// managers that share a store each see their own sessions only. An empty head
// applies to all. The store works in slices, so other calls wait no longer than
// one slice takes.
type Scanner interface {
	Store

	// Scan returns about limit sessions in no particular order. A page may be
	// empty before the end. The cursor is "" at first, then the Next of the
	// previous page from this store. A session that is live from the first call
	// to the last is on at least one page. One that starts or ends meanwhile
	// may be on a page.
	Scan(ctx context.Context, head []byte, cursor string, limit int) (Page, error)

	// Count returns the number of sessions. Each session that is live from its
	// call to its return counts once.
	Count(ctx context.Context, head []byte) (int, error)

	// Clear deletes the sessions with head, and only rows of this store's own
	// table, prefix or file. It is not atomic. It first leaves a mark that
	// every Create reports as if its identity had been revoked, with any head
	// and also when anonymous. So when Clear returns, each session whose Create
	// did not report the mark has ended. A session that starts meanwhile may
	// end too. An error comes with the count of the sessions deleted until
	// then.
	Clear(ctx context.Context, head []byte) (Cleared, error)
}

// Page is one page of a Scan.
type Page struct {
	Records []Record // may be empty before the last page
	Next    string   // the cursor of the next page, "" after the last
}

// Cleared is a store's answer to Clear.
type Cleared struct {
	Count int   // sessions deleted
	Mark  int64 // as [Revoked.Mark]
}

// Scan returns a page of a [Scanner]. For any other store the error matches
// [errors.ErrUnsupported].
func Scan(ctx context.Context, store Store, head []byte, cursor string, limit int) (Page, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Scan(ctx, head, cursor, limit)
	}
	return Page{}, unsupported(store, noScan)
}

// Count counts the sessions of a [Scanner]. For any other store the error
// matches [errors.ErrUnsupported].
func Count(ctx context.Context, store Store, head []byte) (int, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Count(ctx, head)
	}
	return 0, unsupported(store, noScan)
}

// Clear ends the sessions of a [Scanner]. For any other store the error matches
// [errors.ErrUnsupported].
func Clear(ctx context.Context, store Store, head []byte) (Cleared, error) {
	if s, ok := As[Scanner](store); ok {
		return s.Clear(ctx, head)
	}
	return Cleared{}, unsupported(store, noScan)
}
