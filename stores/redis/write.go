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
	errZeroID = errors.New("redis: the session ID is zero")

	// errForeignID matches ErrExists, because the caller should try another ID.
	errForeignID = fmt.Errorf("redis: ID was not made by NewID for this identity: %w", stores.ErrExists)
)

// Create adds a session. It answers ErrExists if a live session has the ID, and
// leaves that session unchanged. It also answers ErrExists for an ID that NewID
// has not made for this identity, because no group can hold it. It answers
// ErrFull if the server is at its maxmemory, and ErrLimit if a limit refuses
// the session. Sessions that it replaces in another slot are deleted after the
// create; see the package's documentation.
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
		// askKey stores a lost key again if this process has it. An ID that the
		// caller made with another key is refused below.
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

// create runs the script. If there are other sessions to replace, it also
// returns how many sessions must still end because of the limit.
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

// age returns the age of a revocation. A negative number means that there is
// none.
func age(micros int64) time.Duration {
	if micros < 0 {
		return stores.NotRevoked
	}
	return time.Duration(micros) * time.Microsecond
}

const evictedText = "redis has evicted keys of sessions that had not expired, which logs users out; set maxmemory-policy to noeviction"

// noteLost warns operators that Redis has evicted sessions.
func (s *Store) noteLost(ctx context.Context, lost int64) {
	if lost > 0 {
		s.logger.WarnContext(ctx, evictedText)
	}
}

// Update replaces the payload if the session has exactly the given version. It
// answers ErrConflict for another version, and ErrNotFound if there is no such
// session.
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

// Delete removes the session for good. It answers ErrNotFound if there is no
// such session, and ErrConflict if the session has another version than
// required.
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
		keys, all := s.command(&plain, args...)
		m, err := s.exec(ctx, script, keys, all)
		if k = s.newerKey(ctx, k, err); k == nil {
			return m, err
		}
	}
}

// conflict returns ErrConflict if a script answered 0, which means another
// version.
func conflict(m *rueidis.RedisMessage) error {
	if m.IsInt64() {
		if n, err := m.AsInt64(); err == nil && n == 0 {
			return stores.ErrConflict
		}
	}
	return nil
}

// integers executes a script that returns count numbers.
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
