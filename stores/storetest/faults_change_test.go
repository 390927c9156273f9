package storetest_test

import (
	"context"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	changeMarks   = "a change leaves a mark"
	changeIsNoEnd = "a change is not a revocation"
	changeInForce = "a change is in force when it is acknowledged"
)

// createAnswers changes the answer to Create.
func createAnswers(b *broken, f func(c stores.Create, created *stores.Created)) {
	b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
		created, err := b.honest.Create(ctx, c)
		if err == nil {
			defer b.lock()()
			f(c, &created)
		}
		return created, err
	}
}

// changeFaults break the marks of changes.
var changeFaults = []fault{
	{"create reports no change", 5, []string{changeMarks, changeInForce, changeIsNoEnd}, func(b *broken) {
		createAnswers(b, func(_ stores.Create, created *stores.Created) { created.ChangeMark = 0 })
	}},
	{"create consumes the mark of a change", 5, []string{changeMarks, changeIsNoEnd}, func(b *broken) {
		createAnswers(b, func(c stores.Create, _ *stores.Created) { delete(b.changes, c.Identity) })
	}},
	{"changes seem older than they are", 5, []string{changeMarks}, func(b *broken) {
		createAnswers(b, func(_ stores.Create, created *stores.Created) { created.ChangedAgo += 2 * time.Second })
	}},
	{"changes never age", 5, []string{changeMarks}, func(b *broken) {
		createAnswers(b, func(_ stores.Create, created *stores.Created) { created.ChangedAgo = 0 })
	}},
	{"one change is like another", 5, []string{changeMarks, changeInForce}, func(b *broken) {
		createAnswers(b, func(_ stores.Create, created *stores.Created) { created.ChangeMark = min(created.ChangeMark, 1) })
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			changed, err := b.honest.MarkChanged(ctx, identity)
			changed.Mark = min(changed.Mark, 1)
			return changed, err
		}
	}},
	{"a change tells nothing of the one before", 5, []string{changeMarks}, func(b *broken) {
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			changed, err := b.honest.MarkChanged(ctx, identity)
			changed.Ago = stores.NotRevoked
			return changed, err
		}
	}},
	{"the anonymous change", 5, []string{changeMarks}, func(b *broken) {
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			if identity == "" {
				return stores.Changed{Mark: 1}, nil
			}
			return b.honest.MarkChanged(ctx, identity)
		}
	}},
	{"changes of folded identities", 5, []string{changeMarks}, func(b *broken) {
		createAnswers(b, func(c stores.Create, created *stores.Created) {
			if mark := b.changes[strings.ToLower(c.Identity)].mark; mark != 0 {
				created.ChangeMark = mark
			}
		})
	}},
	{"a change ends sessions", 5, []string{changeMarks}, func(b *broken) {
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			changed, err := b.honest.MarkChanged(ctx, identity)
			defer b.lock()()
			for _, r := range b.of(identity) {
				delete(b.rows, r.ID)
			}
			return changed, err
		}
	}},
	{"a change is a revocation", 5, []string{changeIsNoEnd}, func(b *broken) {
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			changed, err := b.honest.MarkChanged(ctx, identity)
			defer b.lock()()
			b.marks[identity] = time.Now()
			return changed, err
		}
	}},
	{"a revocation is a change", 5, []string{changeIsNoEnd}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			defer b.lock()()
			b.changes[identity] = stamp{revoked.Mark, time.Now()}
			return revoked, err
		}
	}},
	{"a clear is a change", 5, []string{changeIsNoEnd}, func(b *broken) {
		b.clear = func(ctx context.Context, head []byte) (stores.Cleared, error) {
			cleared, err := b.honest.Clear(ctx, head)
			defer b.lock()()
			clear(b.changes)
			return cleared, err
		}
	}},
	{"a change is acknowledged before it is in force", 5, []string{changeInForce}, func(b *broken) {
		late := make(map[string]stamp)
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			unlock := b.lock()
			before := b.changes[identity]
			unlock()
			changed, err := b.honest.MarkChanged(ctx, identity)
			defer b.lock()()
			late[identity] = b.changes[identity]
			b.changes[identity] = before
			return changed, err
		}
		createAnswers(b, func(c stores.Create, _ *stores.Created) {
			if s, ok := late[c.Identity]; ok {
				b.changes[c.Identity] = s
			}
		})
	}},
	{"a refused change is written", 9, []string{"a cancelled context is honoured", "a context past its deadline is honoured"}, func(b *broken) {
		b.changed = func(ctx context.Context, identity string) (stores.Changed, error) {
			changed, _ := b.honest.MarkChanged(context.WithoutCancel(ctx), identity)
			return changed, ctx.Err()
		}
	}},
}
