package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
)

var errZeroID = errors.New("sqlite: the session ID is zero")

// statements are the SQL texts that the store executes.
type statements struct {
	load, list, state                    string
	free, insert, expired, number, evict string
	update, touch, remove                string
	marks, pastRevoked, pastChanged      string
	setMark, setChanged, live, revoke    string
	sweep, oldMark, oldChange            string
	bound, part, count, meant, clear     string
}

func newStatements(n names) statements {
	return statements{
		load:  n.sql(`SELECT ` + columns + ` FROM {sessions} WHERE id = ?`),
		list:  n.sql(`SELECT ` + columns + ` FROM {sessions} WHERE identity = ? ORDER BY seq`),
		state: n.sql(`SELECT version, last_seen, expires, deadline, identity FROM {sessions} WHERE id = ?`),

		free: n.sql(`DELETE FROM {sessions} WHERE id = ? AND expires <= ?`),
		insert: n.sql(`INSERT INTO {sessions} (id, identity, version, last_seen, expires, deadline, payload)
			VALUES (?, ?, 1, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`),
		expired: n.sql(`DELETE FROM {sessions} WHERE identity = ? AND expires <= ?`),
		number:  n.sql(`SELECT count(*) FROM {sessions} WHERE identity = ?`),
		evict: n.sql(`DELETE FROM {sessions} WHERE seq IN
			(SELECT seq FROM {sessions} WHERE identity = ? ORDER BY seq LIMIT ?)`),

		update: n.sql(`UPDATE {sessions} SET version = ?, last_seen = ?, expires = ?, deadline = ?, payload = ? WHERE id = ?`),
		touch:  n.sql(`UPDATE {sessions} SET last_seen = ?, expires = ? WHERE id = ?`),
		remove: n.sql(`DELETE FROM {sessions} WHERE id = ?`),

		marks: n.sql(`SELECT 0, revoked, mark FROM {revocations} WHERE identity IN (?1, x'') -- x'' is the mark of Clear
			UNION ALL SELECT 1, changed, mark FROM {changes} WHERE identity = ?1`),
		pastRevoked: n.sql(`UPDATE {revocations} SET revoked = ?1 WHERE identity IN (?2, x'') AND revoked > ?1`),
		pastChanged: n.sql(`UPDATE {changes} SET changed = ?1 WHERE identity = ?2 AND changed > ?1`),
		setMark: n.sql(`INSERT INTO {revocations} (identity, revoked, mark) VALUES (?, ?, ?)
			ON CONFLICT (identity) DO UPDATE SET revoked = excluded.revoked, mark = excluded.mark`),
		setChanged: n.sql(`INSERT INTO {changes} (identity, changed, mark) VALUES (?, ?, ?)
			ON CONFLICT (identity) DO UPDATE SET changed = excluded.changed, mark = excluded.mark`),
		live:   n.sql(`SELECT count(*) FROM {sessions} WHERE identity = ? AND id <> ? AND expires > ?`),
		revoke: n.sql(`DELETE FROM {sessions} WHERE identity = ? AND id <> ?`),

		bound: n.sql(`SELECT id FROM {sessions} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?`),
		part:  n.sql(`SELECT ` + columns + ` FROM {sessions} WHERE id > ? AND id <= ? AND substr(payload, 1, ?) = ? ORDER BY id`),
		count: n.sql(`SELECT count(*) FROM {sessions} WHERE expires > ? AND substr(payload, 1, ?) = ?`),
		meant: n.sql(`SELECT count(*) FROM {sessions} WHERE id > ? AND id <= ? AND substr(payload, 1, ?) = ? AND expires > ?`),
		clear: n.sql(`DELETE FROM {sessions} WHERE id > ? AND id <= ? AND substr(payload, 1, ?) = ?`),

		sweep: n.sql(`DELETE FROM {sessions} WHERE seq IN
			(SELECT seq FROM {sessions} WHERE expires <= ? ORDER BY expires LIMIT ?)`),
		oldMark: n.sql(`DELETE FROM {revocations} WHERE identity IN
			(SELECT identity FROM {revocations} WHERE revoked < ? ORDER BY revoked LIMIT ?)`),
		oldChange: n.sql(`DELETE FROM {changes} WHERE identity IN
			(SELECT identity FROM {changes} WHERE changed < ? ORDER BY changed LIMIT ?)`),
	}
}

// fits refuses a payload that is too large before anything is written.
func (s *Store) fits(payload []byte) error {
	if len(payload) > s.maxPayload {
		return fmt.Errorf("sqlite: payload of %d bytes, %d allowed: %w", len(payload), s.maxPayload, stores.ErrTooLarge)
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
		return stores.Updated{}, fmt.Errorf("sqlite: update of version %d", u.Version)
	case u.Idle < 0:
		return stores.Updated{}, fmt.Errorf("sqlite: update with idle timeout %v", u.Idle)
	case u.Absolute < 0:
		return stores.Updated{}, fmt.Errorf("sqlite: update with absolute timeout %v", u.Absolute)
	}
	if err := s.fits(u.Payload); err != nil {
		return stores.Updated{}, err
	}
	var updated stores.Updated
	err := s.write(ctx, func(t *tx) error {
		st, err := s.state(t, u.ID)
		if err != nil {
			return err
		}
		if st.version != u.Version {
			return stores.ErrConflict
		}
		if deadline := after(t.now, u.Absolute); u.Absolute > 0 && (!u.Shorten || deadline < st.deadline) {
			st.deadline = deadline
		}
		if u.Idle > 0 {
			st.seen, st.expires = t.now, after(t.now, u.Idle)
		}
		st.expires = min(st.expires, st.deadline)
		updated = stores.Updated{
			Version: u.Version + 1, Expires: at(st.expires), Deadline: at(st.deadline), Now: at(t.now),
		}
		_, err = t.exec(s.text.update, updated.Version, st.seen, st.expires, st.deadline, notNull(u.Payload), u.ID[:])
		return err
	})
	if err != nil {
		return stores.Updated{}, err
	}
	return updated, nil
}

// Touch extends the session to now + idle, never beyond its deadline, and
// returns when it expires. A touch within a twentieth of idle after
// LastSeen is not written.
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	if id.IsZero() {
		return time.Time{}, errZeroID
	}
	if idle <= 0 {
		return time.Time{}, fmt.Errorf("sqlite: touch with idle timeout %v", idle)
	}
	var expires int64
	err := s.write(ctx, func(t *tx) error {
		st, err := s.state(t, id)
		if err != nil {
			return err
		}
		expires = st.expires
		// After the clock was set back Touch always writes, because last_seen
		// must not stay in the future.
		if st.seen <= t.now && uint64(t.now-st.seen) < uint64(idle/20) {
			return nil
		}
		expires = min(after(t.now, idle), st.deadline)
		_, err = t.exec(s.text.touch, t.now, expires, id[:])
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	return at(expires), nil
}

// Delete removes the session for good. It answers ErrNotFound if there is no
// such session, and ErrConflict if the session has another version than
// required.
func (s *Store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	if id.IsZero() {
		return errZeroID
	}
	if when.Version < 0 {
		return fmt.Errorf("sqlite: delete of version %d", when.Version)
	}
	return s.write(ctx, func(t *tx) error {
		st, err := s.state(t, id)
		switch {
		case err != nil:
			return err
		case when.Identity != "" && !bytes.Equal(st.identity, []byte(when.Identity)):
			return stores.ErrNotFound
		case when.Version != 0 && st.version != when.Version:
			return stores.ErrConflict
		}
		_, err = t.exec(s.text.remove, id[:])
		return err
	})
}
