package databases_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
)

// split sends every other call to a second store on the same database.
type split struct {
	first, second stores.Store
	calls         atomic.Int64
}

var (
	_ stores.Index   = (*split)(nil)
	_ stores.IDMaker = (*split)(nil)
)

func (s *split) NewID(ctx context.Context, identity string) (stores.ID, error) {
	return stores.NewID(ctx, s.first, identity)
}

func (s *split) next() stores.Store {
	if s.calls.Add(1)%2 == 0 {
		return s.first
	}
	return s.second
}

func (s *split) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return s.next().Load(ctx, id)
}

func (s *split) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	return s.next().Create(ctx, c)
}

func (s *split) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	return s.next().Update(ctx, u)
}

func (s *split) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	return s.next().Touch(ctx, id, idle)
}

func (s *split) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	return s.next().Delete(ctx, id, when)
}

func (s *split) List(ctx context.Context, identity string) ([]stores.Record, error) {
	return stores.List(ctx, s.next(), identity)
}

func (s *split) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	return stores.RevokeIdentity(ctx, s.next(), identity, except)
}
