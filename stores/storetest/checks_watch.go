package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// hinted is how long a check waits for a hint.
const hinted = 30 * time.Second

// ear is a watcher.
type ear struct {
	*env
	heard chan stores.ID
	ended chan error
	stop  context.CancelFunc
}

// watch returns after the first hint. From then on the store must not miss a
// hint.
func (e *env) watch(w stores.Watcher) *ear {
	ctx, cancel := context.WithCancel(e.ctx)
	x := &ear{env: e, heard: make(chan stores.ID, 10_000), ended: make(chan error, 1), stop: cancel}
	go func() { x.ended <- w.Watch(ctx, func(id stores.ID) { x.heard <- id }) }()
	if id, err := x.next(); errors.Is(err, errors.ErrUnsupported) {
		cancel()
		e.fatalf("%w", lacksError{"Watcher that is set up"})
	} else if err != nil || !id.IsZero() {
		cancel()
		e.fatalf("Watch begins with the hint %v and error %v, want the zero ID", id, err)
	}
	return x
}

func (x *ear) next() (stores.ID, error) {
	timer := time.NewTimer(hinted)
	defer timer.Stop()
	select {
	case id := <-x.heard:
		return id, nil
	case err := <-x.ended:
		x.ended <- err
		return stores.ID{}, fmt.Errorf("Watch has returned: %w", err)
	case <-x.ctx.Done():
		return stores.ID{}, fmt.Errorf("no hint: %w", x.ctx.Err())
	case <-timer.C:
		return stores.ID{}, fmt.Errorf("no hint for %v", hinted)
	}
}

// hears waits until every ID in want, or the zero ID, has come as a hint. A
// hint of an ID in nots is a failure.
func (x *ear) hears(label string, want, nots []stores.ID) {
	for want = slices.Clone(want); len(want) > 0; {
		id, err := x.next()
		switch {
		case err != nil:
			x.fatalf("%s: %w", label, err)
		case id.IsZero():
			return
		case slices.Contains(nots, id):
			x.errorf("%s: got a hint of a session that did not end", label)
		}
		want = slices.DeleteFunc(want, func(w stores.ID) bool { return w == id })
	}
}

// end requires Watch to return the error of its context.
func (x *ear) end() {
	x.stop()
	select {
	case err := <-x.ended:
		if !errors.Is(err, context.Canceled) {
			x.errorf("Watch returns %v when its context ends, want its error", err)
		}
	case <-x.ctx.Done():
		x.errorf("Watch goes on after its context has ended")
	case <-time.After(hinted):
		x.errorf("Watch goes on after its context has ended")
	}
}

var watchChecks = []Check{
	newOptional(3, "a hint comes when a session ends",
		"Watch gave no hint of an ended session, or a hint of another one.",
		func(e *env) {
			w := need[stores.Watcher](e, "Watcher")
			goes, wrong := e.add("bob", "goes on"), e.add("bob", "wrong version")
			x := e.watch(w)
			defer x.end()
			nots := []stores.ID{goes, wrong}

			// A call that changes or extends a session does not end it.
			v := e.update(stores.Update{ID: goes, Version: e.load(goes).Version, Payload: []byte("changed"), Idle: hour}).Version
			e.touch(goes, hour)
			e.fails("Delete of another version", e.store.Delete(e.ctx, wrong, stores.Condition{Version: v + 5}), stores.ErrConflict)

			deleted := e.add("", "deleted")
			if err := e.store.Delete(e.ctx, deleted, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			x.hears("Delete", []stores.ID{deleted}, nots)
			if e.index == nil {
				return
			}
			kept, gone, other := e.add("alice", "kept"), e.add("alice", "gone"), e.add("alice", "gone too")
			if _, err := e.index.RevokeIdentity(e.ctx, "alice", kept); err != nil {
				e.fatalf("RevokeIdentity: %v", err)
			}
			x.hears("RevokeIdentity", []stores.ID{gone, other}, append(nots, kept))

			e.tick()
			c := e.spec("alice", "new")
			c.Limit = 1
			e.create(c)
			x.hears("Create over the limit", []stores.ID{kept}, append(nots, c.ID))
			if err := e.store.Delete(e.ctx, c.ID, stores.Condition{Identity: "alice"}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			x.hears("Delete of an identity's", []stores.ID{c.ID}, nots)
		}),

	newOptional(9, "every watcher gets hints",
		"Of several watchers, one got no hint, or did not stop.",
		func(e *env) {
			w := need[stores.Watcher](e, "Watcher")
			one, two, left := e.watch(w), e.watch(w), e.watch(w)
			left.end()
			id := e.add("alice", "x")
			if err := e.store.Delete(e.ctx, id, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			one.hears("Delete", []stores.ID{id}, nil)
			two.hears("Delete", []stores.ID{id}, nil)
			one.end()
			two.end()
			if n := len(left.heard); n > 0 {
				e.errorf("a watcher that has stopped gets %d hints", n)
			}
		}),
}
