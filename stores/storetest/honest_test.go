package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// honest keeps all promises in the simplest way: one lock, one map. Each broken
// store is an honest one with one fault.
type honest struct {
	mu    sync.Mutex
	now   func() time.Time
	rows  map[stores.ID]*row
	marks map[string]time.Time
	seq   int
	ears  []chan stores.ID

	changes map[string]stamp
}

type row struct {
	stores.Record
	seq  int
	memo *stores.Memo
	idle time.Duration // given last
}

var (
	_ stores.Index       = (*honest)(nil)
	_ stores.MultiLoader = (*honest)(nil)
	_ stores.IDMaker     = (*honest)(nil)
	_ stores.Memoizer    = (*honest)(nil)
	_ stores.ClockUser   = (*honest)(nil)
	_ stores.Closer      = (*honest)(nil)
)

func newHonest() *honest {
	return &honest{now: time.Now, rows: make(map[stores.ID]*row), marks: make(map[string]time.Time), changes: make(map[string]stamp)}
}

func (h *honest) UseClock(now func() time.Time)                    { h.now = now }
func (h *honest) NewID(context.Context, string) (stores.ID, error) { return stores.RandomID() }
func (h *honest) Close(context.Context) error                      { return nil }
func (h *honest) lock() func()                                     { h.mu.Lock(); return h.mu.Unlock }
func (h *honest) live(id stores.ID) (*row, bool) {
	r, ok := h.rows[id]
	return r, ok && r.Expires.After(h.now())
}
func (h *honest) extend(r *row, idle time.Duration) {
	r.LastSeen, r.idle = h.now(), idle
	r.Expires = later(r.LastSeen, idle)
	h.clamp(r)
}
func (h *honest) replace(r *row, payload []byte) {
	r.Payload, r.memo = bytes.Clone(payload), new(stores.Memo)
}
func (h *honest) out(r *row) stores.Record {
	c := r.Record
	c.Now, c.Payload = h.now(), bytes.Clone(c.Payload)
	return c
}

func (h *honest) clamp(r *row) {
	if r.Expires.After(r.Deadline) {
		r.Expires = r.Deadline
	}
}

// later does not overflow, because it bounds d to a century.
func later(t time.Time, d time.Duration) time.Time { return t.Add(min(d, math.MaxInt64/3)) }

func (h *honest) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Record{}, err
	}
	r, ok := h.live(id)
	if !ok {
		return stores.Record{}, stores.ErrNotFound
	}
	return h.out(r), nil
}

func (h *honest) LoadMemo(ctx context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Record{}, nil, err
	}
	r, ok := h.live(id)
	if !ok {
		return stores.Record{}, nil, stores.ErrNotFound
	}
	return h.out(r), r.memo, nil
}

func (h *honest) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	defer h.lock()()
	var all []stores.Record
	for _, id := range ids {
		if r, ok := h.live(id); ok {
			all = append(all, h.out(r))
		}
	}
	return all, ctx.Err()
}

// of returns the live sessions of an identity, oldest first.
func (h *honest) of(identity string) []*row {
	var rows []*row
	for id, r := range h.rows {
		if _, ok := h.live(id); ok && r.Identity == identity {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return a.seq - b.seq })
	return rows
}

// marked returns when the identity, or all of them by Clear, was revoked last.
// "" is the mark of Clear.
func (h *honest) marked(identity string) (time.Time, bool) {
	all, cleared := h.marks[""]
	if t, ok := h.marks[identity]; ok && t.After(all) {
		return t, true
	}
	return all, cleared
}

func (h *honest) mark(identity string) int64 {
	if t, ok := h.marked(identity); ok {
		return t.UnixNano()
	}
	return 0
}

func (h *honest) ago(identity string) time.Duration {
	if t, ok := h.marked(identity); ok {
		return time.Since(t)
	}
	return stores.NotRevoked
}

func (h *honest) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Created{}, err
	}
	if c.ID.IsZero() || c.Idle <= 0 || c.Absolute <= 0 {
		return stores.Created{}, errors.New("honest: invalid")
	}
	if err := h.fits(c.Payload); err != nil {
		return stores.Created{}, err
	}
	if _, ok := h.live(c.ID); ok {
		return stores.Created{}, stores.ErrExists
	}
	if !c.NotAfter.IsZero() && !c.NotAfter.After(h.now()) {
		return stores.Created{}, stores.ErrNotFound
	}
	changed := h.changes[c.Identity]
	err := c.TooOld(&stores.Created{RevokedAgo: h.ago(c.Identity), ChangeMark: changed.mark, ChangedAgo: time.Since(changed.at)})
	if err != nil {
		return stores.Created{}, err
	}
	replaced, err := h.replaced(c)
	if err != nil {
		return stores.Created{}, err
	}
	evicted := 0
	rows := slices.DeleteFunc(h.of(c.Identity), func(r *row) bool { return replaced[r.ID] })
	if c.Limit > 0 && c.Identity != "" && len(rows) >= c.Limit {
		if c.Refuse {
			return stores.Created{}, stores.ErrLimit
		}
		evicted = len(rows) - c.Limit + 1
		for _, r := range rows[:evicted] {
			delete(h.rows, r.ID)
			h.hint(r.ID)
		}
	}
	for id := range replaced {
		delete(h.rows, id)
		h.hint(id)
	}
	return h.insert(c, evicted), nil
}

func (h *honest) insert(c stores.Create, evicted int) stores.Created {
	h.seq++
	r := &row{seq: h.seq, Record: stores.Record{ID: c.ID, Identity: c.Identity, Version: 1}}
	h.replace(r, c.Payload)
	r.Deadline = later(h.now(), c.Absolute)
	if !c.NotAfter.IsZero() && c.NotAfter.Before(r.Deadline) {
		r.Deadline = c.NotAfter
	}
	h.extend(r, c.Idle)
	h.rows[c.ID] = r
	changed := h.changes[c.Identity]
	return stores.Created{
		Version: 1, Expires: r.Expires, Deadline: r.Deadline, Now: h.now(),
		RevokedAgo: h.ago(c.Identity), Mark: h.mark(c.Identity), Evicted: evicted,
		ChangeMark: changed.mark, ChangedAgo: time.Since(changed.at), Replaced: len(c.Replaces) > 0,
	}
}

func (h *honest) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Updated{}, err
	}
	if err := h.fits(u.Payload); err != nil {
		return stores.Updated{}, err
	}
	r, ok := h.live(u.ID)
	switch {
	case !ok:
		return stores.Updated{}, stores.ErrNotFound
	case r.Version != u.Version:
		return stores.Updated{}, stores.ErrConflict
	}
	return h.apply(r, u), nil
}

func (h *honest) apply(r *row, u stores.Update) stores.Updated {
	h.replace(r, u.Payload)
	r.Version++
	if deadline := later(h.now(), u.Absolute); u.Absolute > 0 && (!u.Shorten || deadline.Before(r.Deadline)) {
		r.Deadline = deadline
	}
	if u.Idle > 0 {
		h.extend(r, u.Idle)
	}
	h.clamp(r)
	return stores.Updated{Version: r.Version, Expires: r.Expires, Deadline: r.Deadline, Now: h.now()}
}

func (h *honest) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	r, ok := h.live(id)
	if !ok {
		return time.Time{}, stores.ErrNotFound
	}
	if h.now().Sub(r.LastSeen) >= idle/20 {
		h.extend(r, idle)
	}
	return r.Expires, nil
}

func (h *honest) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return err
	}
	r, ok := h.live(id)
	switch {
	case !ok, when.Identity != "" && when.Identity != r.Identity:
		return stores.ErrNotFound
	case when.Version != 0 && when.Version != r.Version:
		return stores.ErrConflict
	}
	delete(h.rows, id)
	h.hint(id)
	return nil
}

func (h *honest) List(ctx context.Context, identity string) ([]stores.Record, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	var all []stores.Record
	for _, r := range h.of(identity) {
		all = append(all, h.out(r))
	}
	return all, nil
}

func (h *honest) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Revoked{}, err
	}
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	revoked := stores.Revoked{Ago: h.ago(identity)}
	h.marks[identity] = time.Now()
	revoked.Mark = h.mark(identity)
	for _, r := range h.of(identity) {
		if r.ID != except {
			delete(h.rows, r.ID)
			h.hint(r.ID)
			revoked.Count++
		}
	}
	return revoked, nil
}
