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
// maxmemory, ErrLimit a limit that refuses. Sessions that it replaces in another
// slot are deleted after the create; see the package's documentation.
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
	case len(c.Payload) > s.maxPayload:
		return none, stores.ErrTooLarge
	}
	k, err := s.key(ctx)
	if err == nil && s.keys.due(askAfterCreate) {
		// A lost key is stored again, by a process that has it. The ID that the
		// caller made with another one is refused below.
		if asked, err := s.askKey(ctx); err == nil {
			k = asked
		}
	}
	if err != nil {
		return none, err
	}
	plain := k.plain(c.ID)
	r, err := replacementOf(k, &c, &plain)
	if err == nil {
		err = s.look(ctx, &r)
	}
	if err != nil {
		return none, err
	}
	created, over, err := s.create(ctx, k, &c, &plain, &r)
	if len(r.others) == 0 {
		return created, err
	}
	if err == nil {
		var evicted int64
		if evicted, err = s.takeOver(ctx, k, &c, &plain, &r, over); err == nil {
			created.Evicted = int(evicted)
			return created, nil
		}
	} else if !unanswered(err) {
		return none, err
	}
	return none, s.undo(ctx, c.ID, err)
}

// create runs the script. It returns also how many sessions must still give way,
// if there are others to replace.
func (s *Store) create(ctx context.Context, k *idKey, c *stores.Create, plain *plainID, r *replacement) (stores.Created, int64, error) {
	var none stores.Created
	var of *digest
	owner := ""
	if c.Identity != "" {
		d := digestOf(c.Identity)
		of, owner = &d, string(d.rest[:])
	}
	if of == nil != plain.anonymous() || of != nil && !of.owns(plain) {
		return none, 0, errForeignID
	}
	limit, notAfter, mode := c.Limit, "", "all"
	if c.Refuse {
		limit = -limit
	}
	if !c.NotAfter.IsZero() {
		notAfter = strconv.FormatInt(c.NotAfter.UnixMicro(), 10)
	}
	if len(r.others) > 0 {
		mode = "first"
	}
	args := make([]string, 0, 12+3*len(r.same))
	args = append(args, owner, string(plain[:]), string(c.Payload), micros(c.Idle), micros(c.Absolute), c.Identity, strconv.Itoa(limit),
		notAfter, retentionText, mode, micros(c.Age), s.channel)
	m, err := s.exec(ctx, s.scripts.create, s.markedNames(plain.group(), of), r.arguments(k, args))
	if err != nil {
		return none, 0, err
	}
	if m.IsInt64() {
		switch code, _ := m.AsInt64(); code {
		case 0:
			return none, 0, stores.ErrConflict
		case 1:
			return none, 0, stores.ErrExists
		case 2:
			return none, 0, stores.ErrLimit
		case 3:
			return none, 0, stores.ErrRevoked
		case 4:
			return none, 0, stores.ErrChanged
		}
	}
	v, err := m.AsIntSlice()
	if err != nil {
		return none, 0, err
	}
	if len(v) != 10 {
		return none, 0, errFormat
	}
	s.noteLost(ctx, v[5])
	return stores.Created{
		Version:    1,
		Now:        time.UnixMicro(v[0]),
		Expires:    time.UnixMicro(v[1]),
		Deadline:   time.UnixMicro(v[2]),
		RevokedAgo: age(v[3]),
		Evicted:    int(v[4]),
		Mark:       v[6],
		ChangedAgo: age(v[7]),
		ChangeMark: v[8],
		Replaced:   len(c.Replaces) > 0,
	}, v[9], nil
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
	if len(u.Payload) > s.maxPayload {
		return stores.Updated{}, stores.ErrTooLarge
	}
	shorten := "0"
	if u.Shorten {
		shorten = "1"
	}
	m, err := s.execID(ctx, s.scripts.update, u.ID, strconv.FormatInt(u.Version, 10), string(u.Payload), micros(u.Idle), micros(u.Absolute), shorten)
	if err != nil {
		return stores.Updated{}, err
	}
	values, err := integersOf(&m, 4)
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
// once in a twentieth of idle.
func (s *Store) Touch(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
	if idle <= 0 {
		return time.Time{}, fmt.Errorf("redis: touch with idle timeout %v", idle)
	}
	m, err := s.execID(ctx, s.scripts.touch, id, micros(idle))
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
		d := digestOf(when.Identity)
		owner = string(d.rest[:])
	}
	m, err := s.execID(ctx, s.scripts.del, id, strconv.FormatInt(when.Version, 10), owner, s.channel)
	if err != nil {
		return err
	}
	return conflict(&m)
}

// execID executes a script whose first argument is the plain ID of a session.
func (s *Store) execID(ctx context.Context, script *rueidis.Lua, id stores.ID, args ...string) (rueidis.RedisMessage, error) {
	k, err := s.key(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	for {
		plain := k.plain(id)
		m, err := s.exec(ctx, script, s.names(plain.group(), nil), append([]string{string(plain[:])}, args...))
		if k = s.newerKey(ctx, k, err); k == nil {
			return m, err
		}
	}
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
	return integersOf(&m, count)
}

func integersOf(m *rueidis.RedisMessage, count int) ([]int64, error) {
	if err := conflict(m); err != nil {
		return nil, err
	}
	values, err := m.AsIntSlice()
	if err == nil && len(values) != count {
		err = errFormat
	}
	return values, err
}
