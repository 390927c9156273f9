package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgtype"
)

var errZeroID = errors.New("postgres: the zero ID names no session")

// micros rounds a duration up to the microseconds that PostgreSQL knows.
func micros(d time.Duration) int64 {
	n := int64(d / time.Microsecond)
	if d%time.Microsecond > 0 {
		n++
	}
	return n
}

// bytesArg is an argument that costs no allocation, where it is part of
// something larger.
type bytesArg []byte

// BytesValue implements pgtype.BytesValuer.
func (b *bytesArg) BytesValue() ([]byte, error) { return *b, nil }

// bytesOrNull is what stands for an identity: NULL for none.
func bytesOrNull(identity string) []byte {
	if identity == "" {
		return nil
	}
	return []byte(identity)
}

// notNull is payload, never NULL.
func notNull(payload []byte) []byte {
	if payload == nil {
		return []byte{}
	}
	return payload
}

// maxIdentity is in bytes. An entry of PostgreSQL's indexes has 2704 at most,
// and a statement that fails on it would end the caller's transaction.
const maxIdentity = 1024

func fitsIndex(identity string) error {
	if len(identity) > maxIdentity {
		return fmt.Errorf("postgres: identity of %d bytes, %d allowed: %w", len(identity), maxIdentity, stores.ErrTooLarge)
	}
	return nil
}

// fits refuses a payload that is too large before anything is written.
func (s *Store) fits(payload []byte) error {
	if len(payload) > s.maxPayload {
		return fmt.Errorf("postgres: payload of %d bytes, %d allowed: %w", len(payload), s.maxPayload, stores.ErrTooLarge)
	}
	return nil
}

// Create adds a session, or answers ErrExists without touching the one that
// has the ID. An identity of more than 1024 bytes is ErrTooLarge, as is a
// payload over the bound.
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
	}
	if err := s.fits(c.Payload); err != nil {
		return stores.Created{}, err
	}
	if err := fitsIndex(c.Identity); err != nil {
		return stores.Created{}, err
	}
	limit := int64(c.Limit)
	if c.Refuse {
		limit = -limit
	}
	var answer struct {
		status  int32
		times   instants
		revoked pgtype.Timestamptz
		evicted int64
	}
	err := s.row(ctx, s.text.create, []any{
		c.ID[:], bytesOrNull(c.Identity), notNull(c.Payload), micros(c.Idle), micros(c.Absolute), limit,
	}, &answer.status, &answer.times, &answer.revoked, &answer.evicted)
	if err == nil {
		err = failure(answer.status)
	}
	if err != nil {
		return stores.Created{}, err
	}
	s.wake() //nolint:contextcheck // it outlives the call
	return stores.Created{
		Version: 1, Expires: answer.times[0], Deadline: answer.times[1], Now: answer.times[2],
		RevokedAgo: ago(answer.revoked, answer.times[2]), Mark: mark(answer.revoked), Evicted: int(answer.evicted),
	}, nil
}

// mark is the time of a mark in microseconds, or 0.
func mark(revoked pgtype.Timestamptz) int64 {
	if !revoked.Valid {
		return 0
	}
	return revoked.Time.UnixMicro()
}

// ago is how long before now a mark was set.
func ago(mark pgtype.Timestamptz, now time.Time) time.Duration {
	if !mark.Valid {
		return stores.NotRevoked
	}
	age := now.Sub(mark.Time)
	if age > stores.RevocationRetention {
		return stores.NotRevoked // about to be swept: do not depend on when
	}
	return max(age, 0) // fail closed where the server's clock was set back
}

// Update replaces the payload of exactly the version given, else answers
// ErrConflict; ErrNotFound when there is no such session.
func (s *Store) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	switch {
	case u.ID.IsZero():
		return stores.Updated{}, errZeroID
	case u.Version <= 0:
		return stores.Updated{}, fmt.Errorf("postgres: update of version %d", u.Version)
	case u.Idle < 0:
		return stores.Updated{}, fmt.Errorf("postgres: update with idle timeout %v", u.Idle)
	case u.Absolute < 0:
		return stores.Updated{}, fmt.Errorf("postgres: update with absolute timeout %v", u.Absolute)
	}
	if err := s.fits(u.Payload); err != nil {
		return stores.Updated{}, err
	}
	// One allocation for all of it: an Update is the most frequent write.
	var call struct {
		id      stores.ID
		bytes   [2]bytesArg
		args    [5]any
		results [2]any
		status  int32
		times   instants
	}
	call.id = u.ID
	call.bytes = [2]bytesArg{call.id[:], notNull(u.Payload)}
	call.args = [5]any{&call.bytes[0], u.Version, &call.bytes[1], micros(u.Idle), micros(u.Absolute)}
	call.results = [2]any{&call.status, &call.times}
	err := s.row(ctx, s.text.update, call.args[:], call.results[:]...)
	if err == nil {
		err = failure(call.status)
	}
	if err != nil {
		return stores.Updated{}, err
	}
	return stores.Updated{
		Version: u.Version + 1, Expires: call.times[0], Deadline: call.times[1], Now: call.times[2],
	}, nil
}

// Touch extends the session to now + idle, never beyond its deadline, and
// returns when it expires. A touch within a tenth of idle after LastSeen is
// not written.
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	if id.IsZero() {
		return time.Time{}, errZeroID
	}
	if idle <= 0 {
		return time.Time{}, fmt.Errorf("postgres: touch with idle timeout %v", idle)
	}
	var expires pgtype.Timestamptz
	if err := s.row(ctx, s.text.touch, []any{id[:], micros(idle)}, &expires); err != nil {
		return time.Time{}, err
	}
	if !expires.Valid {
		return time.Time{}, stores.ErrNotFound
	}
	return expires.Time.UTC(), nil
}

// Delete removes the session for good. ErrNotFound when there is nothing to
// remove, ErrConflict when it is at another version than required.
func (s *Store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	if id.IsZero() {
		return errZeroID
	}
	if when.Version < 0 {
		return fmt.Errorf("postgres: delete of version %d", when.Version)
	}
	var status int32
	if err := s.row(ctx, s.text.remove, []any{id[:], when.Version, bytesOrNull(when.Identity)}, &status); err != nil {
		return err
	}
	return failure(status)
}

// RevokeIdentity deletes every session of an identity but except, atomically,
// and leaves the revocation mark. An identity that Create refuses is
// ErrTooLarge here too.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	if err := fitsIndex(identity); err != nil {
		return stores.Revoked{}, err
	}
	var pending int64
	if inTx(ctx) != nil {
		pending = 1
	}
	var (
		count  int64
		before pgtype.Timestamptz
		now    time.Time
	)
	err := s.row(ctx, s.text.revoke, []any{[]byte(identity), except[:], pending}, &count, &before, &now)
	if err != nil {
		return stores.Revoked{}, err
	}
	s.wake() //nolint:contextcheck // it outlives the call; a mark has to be removed some day too
	return stores.Revoked{Count: int(count), Ago: ago(before, now), Mark: now.UnixMicro()}, nil
}
