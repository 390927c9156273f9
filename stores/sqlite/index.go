package sqlite

import (
	"context"
	"database/sql"
	"errors"
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
	if c.Identity == "" {
		return created, nil
	}
	if created.RevokedAgo, created.Mark, err = s.revokedAgo(t, c.Identity); err != nil {
		return none, err
	}
	if c.Limit > 0 {
		if created.Evicted, err = s.evict(t, c.Identity, c.Limit); err != nil {
			return none, err
		}
	}
	return created, nil
}

// evict makes the oldest sessions beyond a limit give way.
func (s *Store) evict(t *tx, identity string, limit int) (int, error) {
	if _, err := t.exec(s.text.expired, []byte(identity), t.now); err != nil {
		return 0, err
	}
	var n int
	if err := t.row(s.text.number, []byte(identity)).Scan(&n); err != nil || n <= limit {
		return 0, err
	}
	_, err := t.exec(s.text.evict, []byte(identity), n-limit)
	return n - limit, err
}

// revokedAgo is how long ago an identity was revoked, or NotRevoked, and when.
func (s *Store) revokedAgo(t *tx, identity string) (ago time.Duration, mark int64, err error) {
	switch err := t.row(s.text.mark, []byte(identity)).Scan(&mark); {
	case errors.Is(err, sql.ErrNoRows):
		return stores.NotRevoked, 0, nil
	case err != nil:
		return 0, 0, err
	}
	age := time.Duration(t.real - mark)
	if age > stores.RevocationRetention {
		return stores.NotRevoked, 0, nil // about to be swept: do not depend on when
	}
	return max(age, 0), mark, nil // fail closed where the clock was set back
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
