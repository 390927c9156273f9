package postgres

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgtype"
)

// mark is a mark in the result of a function: its age in microseconds and its
// name. NULL means that there is no mark.
type mark struct{ ago, name pgtype.Int8 }

// since returns the age of the mark.
func (m mark) since() time.Duration {
	if !m.ago.Valid {
		return stores.NotRevoked
	}
	return time.Duration(m.ago.Int64) * time.Microsecond
}

// RevokeIdentity atomically deletes every session of an identity except the
// session except, and leaves the revocation mark. It answers ErrTooLarge for an
// identity that Create refuses.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if err := markable(identity); err != nil {
		return stores.Revoked{}, err
	}
	var count int64
	var before mark // age of the old mark, name of the new one
	err := s.row(ctx, s.text.revoke, []any{[]byte(identity), except[:], inTx(ctx) != nil}, &count, &before.ago, &before.name)
	if err != nil {
		return stores.Revoked{}, err
	}
	s.wake() //nolint:contextcheck // the sweeper outlives the call, and removes the mark later
	return stores.Revoked{Count: int(count), Ago: before.since(), Mark: before.name.Int64}, nil
}

// MarkChanged leaves the mark of a change and ends no session. It waits for
// creates of the identity that have begun, and later ones wait for it. In a
// transaction of the caller they wait until it ends. It answers ErrTooLarge for
// an identity that Create refuses.
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	if err := markable(identity); err != nil {
		return stores.Changed{}, err
	}
	var before mark // age of the old mark, name of the new one
	if err := s.row(ctx, s.text.change, []any{[]byte(identity), inTx(ctx) != nil}, &before.ago, &before.name); err != nil {
		return stores.Changed{}, err
	}
	s.wake() //nolint:contextcheck // the sweeper outlives the call, and removes the mark later
	return stores.Changed{Ago: before.since(), Mark: before.name.Int64}, nil
}

func markable(identity string) error {
	if identity == "" {
		return stores.ErrNoIdentity
	}
	return fitsIndex(identity)
}
