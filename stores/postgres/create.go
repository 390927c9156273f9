package postgres

import (
	"context"
	"fmt"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgtype"
)

// Create adds a session. It answers ErrExists if a live session has the ID, and
// leaves that session unchanged. It answers ErrTooLarge for an identity of more
// than 1024 bytes or a payload over the bound. After an error nothing has
// changed, also in a transaction of the caller.
func (s *Store) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	switch {
	case c.ID.IsZero():
		return stores.Created{}, errZeroID
	case c.Idle <= 0:
		return stores.Created{}, fmt.Errorf("postgres: create with idle timeout %v", c.Idle)
	case c.Absolute <= 0:
		return stores.Created{}, fmt.Errorf("postgres: create with absolute timeout %v", c.Absolute)
	case c.Limit < 0:
		return stores.Created{}, fmt.Errorf("postgres: create with limit %d", c.Limit)
	case c.Age < 0:
		return stores.Created{}, fmt.Errorf("postgres: create with age %v", c.Age)
	}
	if err := s.fits(c.Payload); err != nil {
		return stores.Created{}, err
	}
	if err := fitsIndex(c.Identity); err != nil {
		return stores.Created{}, err
	}
	old, err := replaces(c)
	if err != nil {
		return stores.Created{}, err
	}
	limit := int64(c.Limit)
	if c.Refuse {
		limit = -limit
	}
	notAfter := pgtype.Timestamptz{Time: c.NotAfter, Valid: !c.NotAfter.IsZero()}
	var answer struct {
		status           int32
		times            instants
		revoked, changed mark
		evicted          int64
	}
	err = s.row(ctx, s.text.create, []any{
		c.ID[:], bytesOrNull(c.Identity), notNull(c.Payload), micros(c.Idle), micros(c.Absolute), limit,
		notAfter, micros(c.Age), old.ids, old.versions, old.gone,
	}, &answer.status, &answer.times, &answer.revoked.ago, &answer.revoked.name, &answer.changed.ago, &answer.changed.name, &answer.evicted)
	if err == nil {
		err = failure(answer.status)
	}
	if err != nil {
		return stores.Created{}, err
	}
	s.wake() //nolint:contextcheck // the sweeper outlives the call
	return stores.Created{
		Version: 1, Expires: answer.times[0], Deadline: answer.times[1], Now: answer.times[2],
		RevokedAgo: answer.revoked.since(), Mark: answer.revoked.name.Int64,
		ChangedAgo: answer.changed.since(), ChangeMark: answer.changed.name.Int64,
		Evicted: int(answer.evicted), Replaced: true,
	}, nil
}

// replaced holds stores.Create.Replaces as arguments for the server. The slices
// are nil for none.
type replaced struct {
	ids      [][]byte
	versions []int64
	gone     []bool
}

func replaces(c stores.Create) (old replaced, err error) {
	for i := range c.Replaces {
		switch r := &c.Replaces[i]; {
		case r.ID.IsZero():
			return old, errZeroID
		case r.ID == c.ID:
			return old, fmt.Errorf("postgres: create replaces its own session %v", c.ID)
		case r.Version < 0:
			return old, fmt.Errorf("postgres: create replaces version %d", r.Version)
		default:
			old.ids = append(old.ids, r.ID[:])
			old.versions = append(old.versions, r.Version)
			old.gone = append(old.gone, r.MayBeGone)
		}
	}
	return old, nil
}
