package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgtype"
)

var errZeroID = errors.New("postgres: the session ID is zero")

// micros rounds a duration up to the microseconds of PostgreSQL.
func micros(d time.Duration) int64 {
	n := int64(d / time.Microsecond)
	if d%time.Microsecond > 0 {
		n++
	}
	return n
}

// bytesOrNull returns the identity, or NULL if it is empty.
func bytesOrNull(identity string) []byte {
	if identity == "" {
		return nil
	}
	return []byte(identity)
}

// notNull returns payload, never NULL.
func notNull(payload []byte) []byte {
	if payload == nil {
		return []byte{}
	}
	return payload
}

// maxIdentity is in bytes. An index entry of PostgreSQL has at most 2704, and a
// statement that exceeds this would abort the caller's transaction.
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

// Update replaces the payload if the session has exactly the given version. It
// answers ErrConflict for another version, and ErrNotFound if there is no such
// session.
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
	// This is one allocation for all arguments, because Update is the most
	// frequent write.
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
	absolute := micros(u.Absolute)
	if u.Shorten {
		absolute = -absolute
	}
	call.args = [5]any{&call.bytes[0], u.Version, &call.bytes[1], micros(u.Idle), absolute}
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
// returns when it expires. A touch within a twentieth of idle after LastSeen is
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

// Delete removes the session for good. It answers ErrNotFound if there is no
// such session, and ErrConflict if the session has another version than
// required.
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
