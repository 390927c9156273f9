package redis

import (
	"context"
	"errors"
	"log/slog"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// Load returns the live session, or ErrNotFound. It extends nothing.
func (s *Store) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	k, err := s.key(ctx)
	if err != nil {
		return stores.Record{}, err
	}
	for {
		r, err := s.load(ctx, k, id)
		if k = s.newerKey(ctx, k, err); k == nil {
			return r, err
		}
	}
}

func (s *Store) load(ctx context.Context, k *idKey, id stores.ID) (stores.Record, error) {
	plain := k.plain(id)
	keys, args := s.command(&plain)
	m, err := s.exec(ctx, s.scripts.load, keys, args)
	if err != nil {
		return stores.Record{}, err
	}
	return s.loaded(ctx, id, m.ToArray)
}

// loaded parses the reply of the script: the time, then the session. The
// session is missing if the server has evicted it.
func (s *Store) loaded(ctx context.Context, id stores.ID, answer func() ([]rueidis.RedisMessage, error)) (stores.Record, error) {
	var none stores.Record
	values, err := answer()
	if err != nil {
		return none, err
	}
	switch len(values) {
	case 1:
		s.logger.WarnContext(ctx, evictedText, slog.String("session_id", id.String()))
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

// LoadMany returns the live sessions among ids. They may be on different
// servers, so each has its own command. The client pipelines the commands of
// one server.
func (s *Store) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	k, err := s.key(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	commands := make(rueidis.Commands, len(ids))
	for i, id := range ids {
		plain := k.plain(id)
		keys, args := s.command(&plain)
		commands[i] = s.client.B().Evalsha().Sha1(s.scripts.loadSHA).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
	}
	results, err := s.doMulti(ctx, commands)
	if err != nil {
		return nil, err
	}
	records := make([]stores.Record, 0, len(ids))
	for i, result := range results {
		var r stores.Record
		err := result.Error()
		if again(err) {
			r, err = s.load(ctx, k, ids[i])
		} else if err = explain(err); err == nil {
			r, err = s.loaded(ctx, ids[i], result.ToArray)
		}
		if newer := s.newerKey(ctx, k, err); newer != nil {
			r, err = s.load(ctx, newer, ids[i])
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

// run executes a script that returns an array. If there is no such session, it
// returns ErrNotFound.
func (s *Store) run(ctx context.Context, script *rueidis.Lua, keys, args []string) ([]rueidis.RedisMessage, error) {
	result, err := s.exec(ctx, script, keys, args)
	if err != nil {
		return nil, err
	}
	return result.ToArray()
}
