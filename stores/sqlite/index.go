package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/humasess/sessions/stores"
)

// Create adds a session. It answers ErrExists if a live session has the ID, and
// leaves that session unchanged. It ends the sessions of Create.Replaces in the
// same transaction.
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
	for _, old := range c.Replaces {
		if old.ID.IsZero() || old.ID == c.ID || old.Version < 0 {
			return stores.Created{}, fmt.Errorf("sqlite: create of %v replaces %v at version %d", c.ID, old.ID, old.Version)
		}
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
	if !c.NotAfter.IsZero() {
		if deadline = min(deadline, nanos(c.NotAfter)); deadline <= t.now {
			return none, stores.ErrNotFound
		}
	}
	expires := min(after(t.now, c.Idle), deadline)
	created := stores.Created{
		Version: 1, Expires: at(expires), Deadline: at(deadline), Now: at(t.now), Replaced: len(c.Replaces) > 0,
	}
	revoked, changed, err := s.marks(t, c.Identity)
	if err != nil {
		return none, err
	}
	created.RevokedAgo, created.Mark = revoked.age(t)
	created.ChangedAgo, created.ChangeMark = changed.age(t)
	if err := c.TooOld(&created); err != nil {
		return none, err
	}
	if err := s.replace(t, c.Replaces); err != nil {
		return none, err
	}
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
	if c.Limit > 0 && c.Identity != "" {
		if created.Evicted, err = s.evict(t, c); err != nil {
			return none, err
		}
	}
	return created, nil
}

// replace deletes the sessions that the new one replaces. After an error the
// transaction undoes the deletes.
func (s *Store) replace(t *tx, replaces []stores.Replaced) error {
	for i, old := range replaces {
		st, err := s.state(t, old.ID)
		twice := slices.ContainsFunc(replaces[:i], func(r stores.Replaced) bool { return r.ID == old.ID })
		switch {
		case errors.Is(err, stores.ErrNotFound) && (old.MayBeGone || twice):
			continue
		case err != nil:
			return err
		case old.Version != 0 && st.version != old.Version:
			return stores.ErrConflict
		}
		if _, err := t.exec(s.text.remove, old.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// evict deletes the oldest sessions beyond a limit. With Refuse it returns
// ErrLimit instead, and the transaction undoes the new session.
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

// RevokeIdentity atomically deletes every session of an identity except the
// session except, and leaves the revocation mark.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	var revoked stores.Revoked
	err := s.write(ctx, func(t *tx) error {
		before, _, err := s.marks(t, identity)
		if err != nil {
			return err
		}
		revoked.Ago, _ = before.age(t)
		now := before.next(t)
		if _, err := t.exec(s.text.setMark, []byte(identity), now.at, now.name); err != nil {
			return err
		}
		revoked.Mark = now.name
		if err := t.row(s.text.live, []byte(identity), except[:], t.now).Scan(&revoked.Count); err != nil {
			return err
		}
		_, err = t.exec(s.text.revoke, []byte(identity), except[:])
		return err
	})
	if err != nil {
		return stores.Revoked{}, err
	}
	s.wake() // the sweeper removes the mark later
	return revoked, nil
}
