package cookie

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// carrier holds the settings that all request stores of one manager share.
type carrier struct {
	store   *Store
	binding security.Binding
}

// now returns the time in whole seconds, because a cookie holds whole seconds.
func (c *carrier) now() time.Time { return (*c.store.clock.Load())().Truncate(time.Second) }

// deadline returns the end of a session that may last for absolute from now on.
// It drops the fraction of a second once, after the addition.
func (c *carrier) deadline(absolute time.Duration) time.Time {
	return (*c.store.clock.Load())().Add(min(absolute, longest)).Truncate(time.Second)
}

// wholeIdle returns the idle timeout in whole seconds, rounded up. The core has
// promised the client that time after its last request, so rounding down would
// break the promise.
func wholeIdle(idle time.Duration) time.Duration {
	idle = min(idle, longest)
	if whole := idle.Truncate(time.Second); whole < idle {
		return whole + time.Second
	}
	return idle
}

// requestStore holds the sessions of one request.
type requestStore struct {
	*carrier
	items []item
	saved *[]item // before the first call in a transaction of the program

	// This memory is enough for a usual request: one session, opened and sealed
	// again. It is part of the request store, so it needs no allocation of its own.
	room  [1]item
	space [spaceSize]byte
	used  int
}

// spaceSize is enough for a session of 120 bytes that is opened and written
// with securecookie. With it a request store fills its size class of the runtime.
const spaceSize = 768

// free returns space to append to. Then keep marks the appended bytes as used.
func (t *requestStore) free() []byte { return t.space[t.used:t.used] }

func (t *requestStore) keep(b []byte) []byte {
	if n := t.used + len(b); n <= len(t.space) { // otherwise append has moved b to other memory
		t.used = n
	}
	return slices.Clip(b)
}

var (
	_ stores.RequestStore              = (*requestStore)(nil)
	_ stores.MultiLoader               = (*requestStore)(nil)
	_ stores.FormerNameOpener          = (*requestStore)(nil)
	_ stores.EndChecker                = (*requestStore)(nil)
	_ stores.IDMaker                   = (*requestStore)(nil)
	_ stores.TransactionalRequestStore = (*requestStore)(nil)
)

// NewID returns 96 random bits. The other bits are zero, so the cookie omits
// them.
func (t *requestStore) NewID(context.Context, string) (id stores.ID, err error) {
	_, err = rand.Read(id[:shortID])
	return id, err
}

// Open implements [stores.RequestStore].
func (t *requestStore) Open(value string) (stores.ID, bool, error) { return t.open(value, t.binding) }

// OpenFormer implements [stores.FormerNameOpener].
func (t *requestStore) OpenFormer(cookie, value string) (stores.ID, bool, error) {
	binding := t.binding
	binding.Cookie = cookie
	return t.open(value, binding)
}

func (t *requestStore) open(value string, binding security.Binding) (stores.ID, bool, error) {
	if len(value) > maxCookie-len(binding.Cookie) {
		return stores.ID{}, false, stores.ErrNotFound
	}
	plain, old, err := security.AppendOpen(t.store.sealer, t.free(), value, binding)
	it := item{value: value, old: old}
	if err != nil || !it.decode(t.keep(plain)) {
		return stores.ID{}, false, stores.ErrNotFound
	}
	known := t.find(it.ID)
	switch {
	case known == nil:
		t.add(it)
	case it.Version > known.Version || it.Version == known.Version && it.LastSeen.After(known.LastSeen):
		*known = it
	}
	return it.ID, old, nil
}

// AppendValue implements [stores.RequestStore].
func (t *requestStore) AppendValue(dst []byte, id stores.ID) []byte {
	switch it := t.find(id); {
	case it == nil:
		return dst
	case it.sealed != nil:
		return append(dst, it.sealed...)
	default:
		return append(dst, it.value...)
	}
}

func (t *requestStore) find(id stores.ID) *item {
	for i := range t.items {
		if t.items[i].ID == id {
			return &t.items[i]
		}
	}
	return nil
}

// live returns the session with the time in Now, or ErrNotFound if it has
// expired.
func (t *requestStore) live(ctx context.Context, id stores.ID) (*item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	it := t.find(id)
	if it == nil {
		return nil, stores.ErrNotFound
	}
	if it.Now = t.now(); it.over() {
		return nil, stores.ErrNotFound
	}
	return it, nil
}

// over reports whether this copy has expired. Another copy of the session may
// still be accepted.
func (it *item) over() bool { return !it.Now.Before(it.Expires) || !it.Now.Before(it.Deadline) }

// stands returns ErrNotFound if the session was revoked. It does not ask for a
// fresh session, because no other copy exists.
func (t *requestStore) stands(ctx context.Context, it *item) error {
	if t.store.revoked == nil || it.fresh {
		return nil
	}
	st, err := t.store.revoked.Check(ctx, it.ID, it.Identity)
	if err == nil && !it.standsBy(st) {
		err = stores.ErrNotFound
	}
	return err
}

// standsBy reports whether the session has not been revoked since it began.
func (it *item) standsBy(st stores.Standing) bool {
	return !st.Ended && it.stood && st.Era == it.era && (st.Mark == 0 || st.Mark == it.mark)
}

// Check implements [stores.EndChecker].
func (t *requestStore) Check(ctx context.Context, id stores.ID) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	it := t.find(id)
	if it == nil {
		return 0, stores.ErrNotFound
	}
	left := it.Deadline.Sub(t.now())
	if left <= 0 {
		return 0, stores.ErrNotFound
	}
	return left, t.stands(ctx, it)
}

// Load implements [stores.Store].
func (t *requestStore) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	it, err := t.live(ctx, id)
	if err == nil {
		err = t.stands(ctx, it)
	}
	if err != nil {
		return stores.Record{}, err
	}
	return it.Record, nil
}

// LoadMany implements [stores.MultiLoader].
func (t *requestStore) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	var records []stores.Record
	var asked []*item
	var subjects []stores.Subject
	for _, id := range ids {
		switch it, err := t.live(ctx, id); {
		case errors.Is(err, stores.ErrNotFound):
		case err != nil:
			return nil, err
		case t.store.revoked == nil || it.fresh:
			records = append(records, it.Record)
		default:
			asked, subjects = append(asked, it), append(subjects, stores.Subject{ID: id, Identity: it.Identity})
		}
	}
	if len(asked) == 0 {
		return records, nil
	}
	standings, err := stores.CheckMany(ctx, t.store.revoked, subjects)
	if err != nil {
		return nil, err
	}
	for i, it := range asked {
		if it.standsBy(standings[i]) {
			records = append(records, it.Record)
		}
	}
	return records, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Update implements [stores.Store]. Two requests with one cookie both succeed.
// The deadline never moves later, because the mark of an ended session is kept
// only until the session's first deadline.
func (t *requestStore) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	it, err := t.live(ctx, u.ID)
	if err == nil && it.Version != u.Version {
		err = stores.ErrConflict
	}
	if err == nil {
		err = t.stands(ctx, it)
	}
	if err != nil {
		return stores.Updated{}, err
	}
	next := *it
	next.Version++
	next.Payload = u.Payload
	if u.Absolute > 0 {
		next.Deadline = earlier(t.deadline(u.Absolute), next.Deadline)
	}
	if u.Idle > 0 {
		next.LastSeen, next.Expires = next.Now, next.Now.Add(wholeIdle(u.Idle))
	}
	next.Expires = earlier(next.Expires, next.Deadline)
	if err := t.seal(&next); err != nil {
		return stores.Updated{}, err
	}
	t.save(ctx)
	*it = next
	return stores.Updated{Version: it.Version, Expires: it.Expires, Deadline: it.Deadline, Now: it.Now}, nil
}

// Touch implements [stores.Store].
func (t *requestStore) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	it, err := t.live(ctx, id)
	if err == nil {
		err = t.stands(ctx, it)
	}
	if err != nil {
		return time.Time{}, err
	}
	if since := it.Now.Sub(it.LastSeen); since >= 0 && since < idle/20 {
		return it.Expires, nil
	}
	next := *it
	next.LastSeen, next.Expires = next.Now, earlier(next.Now.Add(wholeIdle(idle)), next.Deadline)
	if err := t.seal(&next); err != nil {
		return time.Time{}, err
	}
	t.save(ctx)
	*it = next
	return it.Expires, nil
}

func (t *requestStore) add(it item) {
	if t.items == nil {
		t.items = t.room[:0]
	}
	t.items = append(t.items, it)
}

func (t *requestStore) forget(id stores.ID) {
	t.items = slices.DeleteFunc(t.items, func(it item) bool { return it.ID == id })
}

// List answers [errors.ErrUnsupported].
func (t *requestStore) List(context.Context, string) ([]stores.Record, error) {
	return nil, errElsewhere
}

// seal makes the cookie's value. Then the payload is in the request store's own memory.
func (t *requestStore) seal(it *item) error {
	if size := len(t.binding.Cookie) + len(it.Identity) + len(it.Payload); size > maxCookie {
		return &SizeError{Size: size}
	}
	plain := t.keep(it.appendTo(t.free()))
	sealed, err := security.AppendSeal(t.store.sealer, t.free(), plain, t.binding)
	if err != nil {
		return fmt.Errorf("cookie: seal: %w", err)
	}
	if size := len(t.binding.Cookie) + len(sealed); size > maxCookie {
		return &SizeError{Size: size}
	}
	it.Payload = plain[len(plain)-len(it.Payload):]
	it.value, it.sealed, it.old = "", t.keep(sealed), false
	return nil
}
