package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
)

// Create adds a session, or answers ErrExists without touching the one that
// has the ID.
func (s *Store) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	switch {
	case c.ID.IsZero():
		return stores.Created{}, errZeroID
	case c.Idle <= 0:
		return stores.Created{}, fmt.Errorf("sqlite: create with idle timeout %v", c.Idle)
	case c.Absolute <= 0:
		return stores.Created{}, fmt.Errorf("sqlite: create with absolute timeout %v", c.Absolute)
	case c.Limit < 0:
		return stores.Created{}, fmt.Errorf("sqlite: create with limit %d", c.Limit)
	}
	if err := s.fits(c.Payload); err != nil {
		return stores.Created{}, err
	}
	var created stores.Created
	err := s.write(ctx, func(t *tx) (err error) {
		created, err = s.create(t, c)
		return err
	})
	if err != nil {
		return stores.Created{}, err
	}
	s.wake()
	return created, nil
}

func (s *Store) create(t *tx, c stores.Create) (stores.Created, error) {
	none := stores.Created{}
	deadline := after(t.now, c.Absolute)
	expires := min(after(t.now, c.Idle), deadline)
	if _, err := t.exec(s.text.free, c.ID[:], t.now); err != nil {
		return none, err
	}
	n, err := t.count(s.text.insert, c.ID[:], notEmpty(c.Identity), t.now, expires, deadline, notNull(c.Payload))
	if err != nil {
		return none, err
	}
	if n == 0 {
		return none, stores.ErrExists
	}
	created := stores.Created{
		Version: 1, Expires: at(expires), Deadline: at(deadline), Now: at(t.now), RevokedAgo: stores.NotRevoked,
	}
	if created.RevokedAgo, created.Mark, err = s.revokedAgo(t, c.Identity); err != nil {
		return none, err
	}
	if c.Limit > 0 && c.Identity != "" {
		if created.Evicted, err = s.evict(t, c); err != nil {
			return none, err
		}
	}
	return created, nil
}

// evict makes the oldest sessions beyond a limit give way, or is ErrLimit: then
// the transaction takes the new one back.
func (s *Store) evict(t *tx, c stores.Create) (int, error) {
	identity := []byte(c.Identity)
	if _, err := t.exec(s.text.expired, identity, t.now); err != nil {
		return 0, err
	}
	var n int
	if err := t.row(s.text.number, identity).Scan(&n); err != nil || n <= c.Limit {
		return 0, err
	}
	if c.Refuse {
		return 0, stores.ErrLimit
	}
	_, err := t.exec(s.text.evict, identity, n-c.Limit)
	return n - c.Limit, err
}

// revokedAgo is how long ago an identity or everybody was revoked, or
// NotRevoked, and when.
func (s *Store) revokedAgo(t *tx, identity string) (ago time.Duration, mark int64, err error) {
	var last sql.NullInt64
	if err := t.row(s.text.mark, []byte(identity)).Scan(&last); err != nil {
		return 0, 0, err
	}
	age := time.Duration(t.real - last.Int64)
	if !last.Valid || age > stores.RevocationRetention {
		return stores.NotRevoked, 0, nil // or about to be swept: do not depend on when
	}
	return max(age, 0), last.Int64, nil // fail closed where the clock was set back
}

// RevokeIdentity deletes every session of an identity but except, atomically,
// and leaves the revocation mark.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	var revoked stores.Revoked
	err := s.write(ctx, func(t *tx) (err error) {
		if revoked.Ago, _, err = s.revokedAgo(t, identity); err != nil {
			return err
		}
		if _, err := t.exec(s.text.setMark, []byte(identity), t.real); err != nil {
			return err
		}
		revoked.Mark = t.real
		if err := t.row(s.text.live, []byte(identity), except[:], t.now).Scan(&revoked.Count); err != nil {
			return err
		}
		_, err = t.exec(s.text.revoke, []byte(identity), except[:])
		return err
	})
	if err != nil {
		return stores.Revoked{}, err
	}
	s.wake() // a mark has to be removed some day too
	return revoked, nil
}
