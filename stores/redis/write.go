package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

var (
	errZeroID = errors.New("redis: the zero ID names no session")

	// errForeignID matches ErrExists: another ID is what helps.
	errForeignID = fmt.Errorf("redis: ID was not made by NewID for this identity: %w", stores.ErrExists)
)

// Create adds a session, or answers ErrExists without touching the one that
// has the ID. An ID that is not one of NewID for the identity answers
// ErrExists too: there is no place for it. ErrFull is the server at its
// maxmemory, ErrLimit a limit that refuses.
func (s *Store) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	var none stores.Created
	switch {
	case c.ID.IsZero():
		return none, errZeroID
	case c.Idle <= 0:
		return none, fmt.Errorf("redis: create with idle timeout %v", c.Idle)
	case c.Absolute <= 0:
		return none, fmt.Errorf("redis: create with absolute timeout %v", c.Absolute)
	case c.Limit < 0:
		return none, fmt.Errorf("redis: create with limit %d", c.Limit)
	}
	var of *digest
	owner := ""
	if c.Identity != "" {
		d := s.hasher.hash(c.Identity)
		of, owner = &d, string(d.rest[:])
	}
	if of == nil != isAnonymous(c.ID) || of != nil && !of.owns(c.ID) {
		return none, errForeignID
	}
	limit := c.Limit
	if c.Refuse {
		limit = -limit
	}
	values, err := s.integers(ctx, s.scripts.create, s.markedKeys(group(c.ID), of), s.hinted([]string{
		owner, string(c.ID[:]), string(c.Payload), micros(c.Idle), micros(c.Absolute), c.Identity, strconv.Itoa(limit),
	}), 7)
	switch {
	case errors.Is(err, stores.ErrNotFound):
		return none, stores.ErrExists
	case errors.Is(err, stores.ErrConflict):
		return none, stores.ErrLimit
	case err != nil:
		return none, err
	}
	s.noteLost(ctx, values[5])
	return stores.Created{
		Version:    1,
		Now:        time.UnixMicro(values[0]),
		Expires:    time.UnixMicro(values[1]),
		Deadline:   time.UnixMicro(values[2]),
		RevokedAgo: age(values[3]),
		Evicted:    int(values[4]),
		Mark:       values[6],
	}, nil
}

// age is how long ago an identity was revoked; negative is not at all.
func age(micros int64) time.Duration {
	if micros < 0 {
		return stores.NotRevoked
	}
	return time.Duration(micros) * time.Microsecond
}

const evictedText = "redis has evicted keys of sessions that had not expired, which logs users out: set maxmemory-policy to noeviction"

// noteLost tells operators that Redis has thrown sessions away.
func (s *Store) noteLost(ctx context.Context, lost int64) {
	if lost > 0 {
		s.logger.WarnContext(ctx, evictedText)
	}
}

// Update replaces the payload of exactly the version given, else answers
// ErrConflict; ErrNotFound when there is no such session.
func (s *Store) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	if u.Idle < 0 || u.Absolute < 0 {
		return stores.Updated{}, fmt.Errorf("redis: update with timeouts %v and %v", u.Idle, u.Absolute)
	}
	values, err := s.integers(ctx, s.scripts.update, s.keys(group(u.ID), nil), []string{
		string(u.ID[:]), strconv.FormatInt(u.Version, 10), string(u.Payload), micros(u.Idle), micros(u.Absolute),
	}, 4)
	if err != nil {
		return stores.Updated{}, err
	}
	return stores.Updated{
		Now:      time.UnixMicro(values[0]),
		Version:  values[1],
		Expires:  time.UnixMicro(values[2]),
		Deadline: time.UnixMicro(values[3]),
	}, nil
}

// Touch extends the session to now + idle, never beyond its deadline, at most
// once in a tenth of idle.
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	if idle <= 0 {
		return time.Time{}, fmt.Errorf("redis: touch with idle timeout %v", idle)
	}
	m, err := s.exec(ctx, s.scripts.touch, s.keys(group(id), nil), []string{string(id[:]), micros(idle)})
	if err != nil {
		return time.Time{}, err
	}
	expires, err := m.AsInt64()
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(expires), nil
}

// Delete removes the session for good. ErrNotFound when there is nothing to
// remove, ErrConflict when it is at another version than required.
func (s *Store) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	owner := ""
	if when.Identity != "" {
		d := s.hasher.hash(when.Identity)
		owner = string(d.rest[:])
	}
	m, err := s.exec(ctx, s.scripts.del, s.keys(group(id), nil), s.hinted([]string{
		string(id[:]), strconv.FormatInt(when.Version, 10), owner,
	}))
	if err != nil {
		return err
	}
	return conflict(&m)
}

// conflict tells the 0 by which scripts answer that a version is another.
func conflict(m *rueidis.RedisMessage) error {
	if m.IsInt64() {
		if n, err := m.AsInt64(); err == nil && n == 0 {
			return stores.ErrConflict
		}
	}
	return nil
}

// integers executes a script that returns so many numbers.
func (s *Store) integers(ctx context.Context, script *rueidis.Lua, keys, args []string, count int) ([]int64, error) {
	m, err := s.exec(ctx, script, keys, args)
	if err != nil {
		return nil, err
	}
	if err := conflict(&m); err != nil {
		return nil, err
	}
	values, err := m.AsIntSlice()
	if err == nil && len(values) != count {
		err = errFormat
	}
	return values, err
}
