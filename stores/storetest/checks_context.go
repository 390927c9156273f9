package storetest

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

var contextChecks = []Check{
	newCheck(9, "a cancelled context is honoured",
		"A method worked although its context was cancelled.",
		func(e *env) {
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			e.refuses(ctx)
		}),

	newCheck(9, "a context past its deadline is honoured",
		"A method worked although its context was past its deadline.",
		func(e *env) {
			ctx, cancel := context.WithDeadline(e.ctx, time.Unix(1, 0))
			defer cancel()
			e.refuses(ctx)
		}),
}

// refuses requires every method to return the error of ctx and to change
// nothing.
func (e *env) refuses(ctx context.Context) {
	id := e.add("alice", "x")
	want := e.load(id)
	fresh := e.spec("alice", "x")
	fresh.Limit = 1

	_, err := e.store.Load(ctx, id)
	e.fails("Load", err, ctx.Err())
	_, err = e.store.Create(ctx, fresh)
	e.fails("Create", err, ctx.Err())
	_, err = e.store.Update(ctx, stores.Update{ID: id, Version: want.Version, Payload: []byte("y"), Idle: 2 * hour})
	e.fails("Update", err, ctx.Err())
	_, err = e.store.Touch(ctx, id, time.Second)
	e.fails("Touch", err, ctx.Err())
	err = e.store.Delete(ctx, id, stores.Condition{})
	e.fails("Delete", err, ctx.Err())
	_, err = e.store.Load(ctx, e.id(""))
	e.fails("Load of a session that never was", err, ctx.Err())
	if m, ok := stores.As[stores.MultiLoader](e.store); ok {
		_, err = m.LoadMany(ctx, []stores.ID{id})
		e.fails("LoadMany", err, ctx.Err())
	}
	if m, ok := stores.As[stores.Memoizer](e.store); ok {
		_, _, err = m.LoadMemo(ctx, id)
		e.fails("LoadMemo", err, ctx.Err())
	}
	if e.index != nil {
		_, err = e.index.List(ctx, "alice")
		e.fails("List", err, ctx.Err())
		_, err = e.index.RevokeIdentity(ctx, "alice", stores.ID{})
		e.fails("RevokeIdentity", err, ctx.Err())
	}
	if m, ok := stores.As[stores.Marker](e.store); ok {
		_, err = m.MarkChanged(ctx, "alice")
		e.fails("MarkChanged", err, ctx.Err())
	}

	e.gone("after calls that were refused", fresh.ID)
	e.equal("after calls that were refused", e.load(id), want)
	created := e.create(e.spec("alice", "x"))
	if got := created.RevokedAgo; got != stores.NotRevoked {
		e.errorf("after a RevokeIdentity that was refused RevokedAgo is %v, want NotRevoked", got)
	}
	if got := created.ChangeMark; got != 0 {
		e.errorf("after a MarkChanged that was refused ChangeMark is %d, want 0", got)
	}
}
