package redis

import (
	"context"
	"errors"
	"log/slog"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// Load returns the live session, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return s.load(ctx, id, []string{string(id[:])})
}

// LoadTouch is Load, and extends the session in the same round trip when its
// payload begins with proof and a touch is due.
func (s *Store) LoadTouch(ctx context.Context, id stores.ID, proof []byte) (stores.Record, error) {
	both := string(append(append(make([]byte, 0, 128), id[:]...), proof...))
	return s.load(ctx, id, []string{both[:len(id)], both[len(id):]})
}

func (s *Store) load(ctx context.Context, id stores.ID, args []string) (stores.Record, error) {
	m, err := s.exec(ctx, s.scripts.load, s.keys(group(id), nil), args)
	if err != nil {
		return stores.Record{}, err
	}
	return s.loaded(ctx, id, m.ToArray)
}

// loaded reads what the script answers: the time, and unless the server has
// evicted the session, what it kept.
func (s *Store) loaded(ctx context.Context, id stores.ID, answer func() ([]rueidis.RedisMessage, error)) (stores.Record, error) {
	var none stores.Record
	values, err := answer()
	if err != nil {
		return none, err
	}
	switch len(values) {
	case 1:
		s.logger.WarnContext(ctx, evictedText, slog.String("session", id.String()))
		return none, stores.ErrNotFound
	case 3:
	default:
		return none, errFormat
	}
	now, err := values[0].AsInt64()
	if err != nil {
		return none, err
	}
	return parse(id, now, &values[1], &values[2])
}

// LoadMany returns those of ids that are live. They may lie on different
// servers, so each is asked for by itself, all at the same time: what goes to
// one server travels together.
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	commands := make(rueidis.Commands, len(ids))
	for i, id := range ids {
		commands[i] = s.client.B().Evalsha().Sha1(s.scripts.loadSHA).Numkeys(3).Key(s.keys(group(id), nil)...).Arg(string(id[:])).Build()
	}
	records := make([]stores.Record, 0, len(ids))
	for i, result := range s.client.DoMulti(ctx, commands...) {
		var r stores.Record
		err := result.Error()
		if e, ok := rueidis.IsRedisErr(err); ok && e.IsNoScript() {
			r, err = s.Load(ctx, ids[i])
		} else if err = explain(err); err == nil {
			r, err = s.loaded(ctx, ids[i], result.ToArray)
		}
		switch {
		case err == nil:
			records = append(records, r)
		case !errors.Is(err, stores.ErrNotFound):
			return nil, err
		}
	}
	return records, nil
}

// run executes a script that returns an array, or nothing when there is no
// such session.
func (s *Store) run(ctx context.Context, script *rueidis.Lua, keys, args []string) ([]rueidis.RedisMessage, error) {
	result, err := s.exec(ctx, script, keys, args)
	if err != nil {
		return nil, err
	}
	return result.ToArray()
}

// exec executes a script. A context that is done already must not have any
// effect, and the client would find out too late.
func (s *Store) exec(ctx context.Context, script *rueidis.Lua, keys, args []string) (rueidis.RedisMessage, error) {
	if err := ctx.Err(); err != nil {
		return rueidis.RedisMessage{}, err
	}
	result := script.Exec(ctx, s.client, keys, args)
	if err := result.Error(); err != nil {
		return rueidis.RedisMessage{}, explain(err)
	}
	return result.ToMessage()
}
