package postgres

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgtype"
)

// mark is a mark as functions tell it: how many microseconds ago it was left,
// and its name. NULL is no mark.
type mark struct{ ago, name pgtype.Int8 }

// since is how long ago the mark was left.
func (m mark) since() time.Duration {
	if !m.ago.Valid {
		return stores.NotRevoked
	}
	return time.Duration(m.ago.Int64) * time.Microsecond
}

// RevokeIdentity deletes every session of an identity except the given one,
// atomically, and leaves the revocation mark. An identity that Create refuses is
// ErrTooLarge here too.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if err := markable(identity); err != nil {
		return stores.Revoked{}, err
	}
	var count int64
	var before mark // its ago, with the name of the new one
	err := s.row(ctx, s.text.revoke, []any{[]byte(identity), except[:], inTx(ctx) != nil}, &count, &before.ago, &before.name)
	if err != nil {
		return stores.Revoked{}, err
	}
	s.wake() //nolint:contextcheck // it outlives the call; a mark has to be removed some day too
	return stores.Revoked{Count: int(count), Ago: before.since(), Mark: before.name.Int64}, nil
}

// MarkChanged leaves the mark of a change and ends no session. It waits for
// creates of the identity that have begun, and later ones wait for it, in a
// transaction of the caller's until that ends. An identity that Create refuses
// is ErrTooLarge here too.
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	if err := markable(identity); err != nil {
		return stores.Changed{}, err
	}
	var before mark // its ago, with the name of the new one
	if err := s.row(ctx, s.text.change, []any{[]byte(identity), inTx(ctx) != nil}, &before.ago, &before.name); err != nil {
		return stores.Changed{}, err
	}
	s.wake() //nolint:contextcheck // it outlives the call; a mark has to be removed some day too
	return stores.Changed{Ago: before.since(), Mark: before.name.Int64}, nil
}

func markable(identity string) error {
	if identity == "" {
		return stores.ErrNoIdentity
	}
	return fitsIndex(identity)
}
