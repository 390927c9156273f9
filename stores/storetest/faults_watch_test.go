package storetest_test

import (
	"context"

	"github.com/humasess/sessions/stores"
)

const (
	hintComes = "a hint comes when a session ends"
	allHear   = "every watcher gets hints"
)

// withWatch replaces the hints of the honest Watch.
func withWatch(b *broken, tell func(id stores.ID, ended func(stores.ID))) {
	b.watch = func(ctx context.Context, ended func(stores.ID)) error {
		return b.honest.Watch(ctx, func(id stores.ID) { tell(id, ended) })
	}
}

// watchFaults break Watch.
var watchFaults = []fault{
	{"watch is silent", 3, []string{hintComes}, func(b *broken) {
		withWatch(b, func(id stores.ID, ended func(stores.ID)) {
			if id.IsZero() {
				ended(id)
			}
		})
	}},
	{"watch does not say from when on nothing is missed", 3, []string{hintComes}, func(b *broken) {
		withWatch(b, func(id stores.ID, ended func(stores.ID)) {
			if !id.IsZero() {
				ended(id)
			}
		})
	}},
	{"revoke gives no hints", 3, []string{hintComes}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			unlock := b.lock()
			ears := b.ears
			b.ears = nil
			unlock()
			defer func() {
				defer b.lock()()
				b.ears = ears
			}()
			return b.honest.RevokeIdentity(ctx, identity, except)
		}
	}},
	{"eviction gives no hints", 3, []string{hintComes}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			unlock := b.lock()
			ears := b.ears
			b.ears = nil
			unlock()
			defer func() {
				defer b.lock()()
				b.ears = ears
			}()
			return b.honest.Create(ctx, c)
		}
	}},
	{"an update is hinted at", 3, []string{hintComes}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			updated, err := b.honest.Update(ctx, u)
			defer b.lock()()
			b.hint(u.ID)
			return updated, err
		}
	}},
	{"a delete that fails is hinted at", 3, []string{hintComes}, func(b *broken) {
		b.delete = func(ctx context.Context, id stores.ID, when stores.Condition) error {
			unlock := b.lock()
			b.hint(id)
			unlock()
			return b.honest.Delete(ctx, id, when)
		}
	}},
	{"only one watcher gets hints", 9, []string{allHear}, func(b *broken) {
		b.delete = func(ctx context.Context, id stores.ID, when stores.Condition) error {
			unlock := b.lock()
			b.ears = b.ears[:1]
			unlock()
			return b.honest.Delete(ctx, id, when)
		}
	}},
	{"watch has no end", 9, []string{allHear}, func(b *broken) {
		b.watch = func(ctx context.Context, ended func(stores.ID)) error {
			return b.honest.Watch(context.WithoutCancel(ctx), ended)
		}
	}},
}
