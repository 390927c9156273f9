package storetest_test

import (
	"context"
	"runtime"
	"time"

	"github.com/humasess/sessions/stores"
)

// broken is an honest store, except for the methods that a fault replaces.
type broken struct {
	*honest
	load     func(context.Context, stores.ID) (stores.Record, error)
	create   func(context.Context, stores.Create) (stores.Created, error)
	update   func(context.Context, stores.Update) (stores.Updated, error)
	touch    func(context.Context, stores.ID, time.Duration) (time.Time, error)
	delete   func(context.Context, stores.ID, stores.Condition) error
	list     func(context.Context, string) ([]stores.Record, error)
	revoke   func(context.Context, string, stores.ID) (stores.Revoked, error)
	loadMany func(context.Context, []stores.ID) ([]stores.Record, error)
	loadMemo func(context.Context, stores.ID) (stores.Record, *stores.Memo, error)
	newID    func(context.Context, string) (stores.ID, error)
	useClock func(func() time.Time)
	close    func(context.Context) error
	watch    func(context.Context, func(stores.ID)) error
	changed  func(context.Context, string) (stores.Changed, error)

	scan  func(context.Context, []byte, string, int) (stores.Page, error)
	count func(context.Context, []byte) (int, error)
	clear func(context.Context, []byte) (stores.Cleared, error)
}

// newBroken returns a store without a fault.
func newBroken() *broken {
	h := newHonest()
	return &broken{
		honest: h, load: h.Load, create: h.Create, update: h.Update, touch: h.Touch, delete: h.Delete,
		list: h.List, revoke: h.RevokeIdentity, loadMany: h.LoadMany, loadMemo: h.LoadMemo,
		newID: h.NewID, useClock: h.UseClock, close: h.Close,
		scan: h.Scan, count: h.Count, clear: h.Clear, watch: h.Watch, changed: h.MarkChanged,
	}
}

func (b *broken) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return b.load(ctx, id)
}

func (b *broken) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	return b.create(ctx, c)
}

func (b *broken) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	return b.update(ctx, u)
}

func (b *broken) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	return b.touch(ctx, id, idle)
}

func (b *broken) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	return b.delete(ctx, id, when)
}

func (b *broken) List(ctx context.Context, identity string) ([]stores.Record, error) {
	return b.list(ctx, identity)
}

func (b *broken) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	return b.revoke(ctx, identity, except)
}

func (b *broken) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	return b.loadMany(ctx, ids)
}

func (b *broken) LoadMemo(ctx context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
	return b.loadMemo(ctx, id)
}

func (b *broken) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	return b.scan(ctx, head, cursor, limit)
}

func (b *broken) Count(ctx context.Context, head []byte) (int, error) { return b.count(ctx, head) }

func (b *broken) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	return b.clear(ctx, head)
}

func (b *broken) NewID(ctx context.Context, identity string) (stores.ID, error) {
	return b.newID(ctx, identity)
}
func (b *broken) UseClock(now func() time.Time)   { b.useClock(now) }
func (b *broken) Close(ctx context.Context) error { return b.close(ctx) }

func (b *broken) Watch(ctx context.Context, ended func(stores.ID)) error { return b.watch(ctx, ended) }

func (b *broken) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	return b.changed(ctx, identity)
}

// window lets other goroutines run, in place of a lock that the broken store
// lacks.
func window() {
	for range 20 {
		runtime.Gosched()
	}
}

// fault breaks a store in one way.
type fault struct {
	name    string
	promise int
	caught  []string // the checks that must fail; the first is about promise
	spoil   func(b *broken)
}
