package redis_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// replace creates a session that replaces others.
func replace(ctx context.Context, t *testing.T, store *redis.Store, c stores.Create) (stores.ID, stores.Created, error) {
	t.Helper()
	id, err := store.NewID(t.Context(), c.Identity)
	if err != nil {
		t.Fatal(err)
	}
	c.ID, c.Payload, c.Idle, c.Absolute = id, []byte("new"), time.Hour, time.Hour
	created, err := store.Create(ctx, c)
	return id, created, err
}

func lives(t *testing.T, store *redis.Store, name string, id stores.ID, want bool) {
	t.Helper()
	if _, err := store.Load(t.Context(), id); (err == nil) != want || err != nil && !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("%s: got %v, want that it lives: %v", name, err, want)
	}
}

// TestReplaces replaces sessions of the same identity, of another one, and
// anonymous ones, alone and together.
func TestReplaces(t *testing.T) {
	t.Parallel()
	a, b := sameGroup(t)
	type old struct {
		of            string
		version       int64
		gone, mayBe   bool
		stillThere    bool // although the create has failed
		twice, beside bool // beside: not replaced
	}
	tests := []struct {
		name  string
		limit int
		old   []old
		want  error
		evict int
	}{
		{"own", 0, []old{{of: a, version: 1}}, nil, 0},
		{"own at any version", 0, []old{{of: a}}, nil, 0},
		{"own at another version", 0, []old{{of: a, version: 2, stillThere: true}}, stores.ErrConflict, 0},
		{"own that is gone", 0, []old{{of: a, gone: true}}, stores.ErrNotFound, 0},
		{"own that may be gone", 0, []old{{of: a, gone: true, mayBe: true}}, nil, 0},
		{"own twice", 0, []old{{of: a, version: 1, twice: true}}, nil, 0},
		{"two own, the second at another version", 0, []old{{of: a, version: 1, stillThere: true}, {of: a, version: 2, stillThere: true}}, stores.ErrConflict, 0},
		{"own do not count", 2, []old{{of: a, version: 1}, {of: a, beside: true, stillThere: true}}, nil, 0},
		{"the oldest gives way, not the replaced", 2, []old{{of: a, version: 1}, {of: a, beside: true}, {of: a, beside: true, stillThere: true}}, nil, 1},
		{"another identity of the group does not count", 1, []old{{of: b, version: 1}, {of: a, beside: true}}, nil, 1},
		{"nothing is evicted for a conflict", 1, []old{{of: a, beside: true, stillThere: true}, {of: a, version: 2, stillThere: true}}, stores.ErrConflict, 0},

		{"anonymous", 0, []old{{version: 1}}, nil, 0},
		{"anonymous at another version", 0, []old{{version: 2, stillThere: true}}, stores.ErrConflict, 0},
		{"anonymous that is gone", 0, []old{{version: 1, gone: true}}, stores.ErrNotFound, 0},
		{"anonymous that may be gone", 0, []old{{version: 1, gone: true, mayBe: true}}, nil, 0},
		{"anonymous twice", 0, []old{{version: 1, twice: true}}, nil, 0},
		{"two anonymous, the second at another version", 0, []old{{version: 1, stillThere: true}, {version: 2, stillThere: true}}, stores.ErrConflict, 0},
		{"two anonymous, the second gone", 0, []old{{version: 1, stillThere: true}, {gone: true}}, stores.ErrNotFound, 0},
		{"another slot", 0, []old{{of: "far away", version: 1}}, nil, 0},
		{"another slot and the limit", 1, []old{{version: 1}, {of: a, beside: true}}, nil, 1},
		{"a conflict in another slot evicts none", 1, []old{{version: 2, stillThere: true}, {of: a, beside: true, stillThere: true}}, stores.ErrConflict, 0},
		{"own and another slot", 0, []old{{of: a, version: 1}, {version: 1}, {of: "far away", mayBe: true}}, nil, 0},
		{"own and a conflict in another slot", 0, []old{{of: a, version: 1, stillThere: true}, {version: 2, stillThere: true}}, stores.ErrConflict, 0},
		{"own conflict and another slot", 0, []old{{of: a, version: 2, stillThere: true}, {version: 1, stillThere: true}}, stores.ErrConflict, 0},
		{"own, another slot and the limit", 1, []old{{of: a, version: 1}, {version: 1}, {of: a, beside: true}}, nil, 1},
	}
	for _, f := range forms {
		if f.name == "sentinel" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			client := dial(t, f.server(t))
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					ctx, store := t.Context(), hinted(t, client, prefix(t))
					ids := make([]stores.ID, len(tt.old))
					c := stores.Create{Identity: a, Limit: tt.limit}
					for i, o := range tt.old {
						ids[i] = mustAdd(t, store, o.of)
						if o.gone {
							mustDelete(t, store, ids[i])
						}
						r := stores.Replaced{ID: ids[i], Version: o.version, MayBeGone: o.mayBe}
						if !o.beside {
							c.Replaces = append(c.Replaces, r)
						}
						if o.twice {
							c.Replaces = append(c.Replaces, r)
						}
					}
					heard := listen(t, store)
					id, created, err := replace(ctx, t, store, c)
					if !errors.Is(err, tt.want) || created.Replaced != (tt.want == nil) || created.Evicted != tt.evict {
						t.Errorf("got %+v and error %v, want error %v and %d evicted", created, err, tt.want, tt.evict)
					}
					lives(t, store, "the new session", id, tt.want == nil)
					ended := map[stores.ID]bool{}
					for i, o := range tt.old {
						lives(t, store, o.of, ids[i], o.stillThere)
						ended[ids[i]] = !o.stillThere && !o.gone
					}
					if tt.want != nil {
						return
					}
					// The index holds the other sessions of the identity, and
					// no more.
					want := 1
					for _, o := range tt.old {
						if o.of == a && o.stillThere {
							want++
						}
					}
					if records, err := store.List(ctx, a); err != nil || len(records) != want {
						t.Errorf("List: got %d and error %v, want %d", len(records), err, want)
					}
					for _, hint := range ended {
						if hint {
							got := coretest.NextHint(t, heard)
							if !ended[got] {
								t.Errorf("got the hint %v, want those of sessions that have ended", got)
							}
							delete(ended, got)
						}
					}
				})
			}
		})
	}
	t.Run("not a session to replace", func(t *testing.T) {
		store := open(t, dial(t, servertest.RedisSingle(t)))
		id, err := store.NewID(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []stores.Replaced{{ID: id, MayBeGone: true}, {MayBeGone: true}, {ID: stores.ID{1}, Version: -1, MayBeGone: true}} {
			_, err = store.Create(t.Context(), stores.Create{ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Replaces: []stores.Replaced{r}})
			if err == nil || errors.Is(err, stores.ErrNotFound) {
				t.Errorf("%+v: got error %v, want another one", r, err)
			}
			lives(t, store, "the session", id, false)
		}
	})
	t.Run("refused over the limit", func(t *testing.T) {
		store := open(t, dial(t, servertest.RedisSingle(t)))
		first, second, visitor := mustAdd(t, store, "ada"), mustAdd(t, store, "ada"), mustAdd(t, store, "")
		for _, old := range []stores.ID{visitor, first} {
			_, _, err := replace(t.Context(), t, store, stores.Create{Identity: "ada", Limit: 2, Refuse: true, Replaces: []stores.Replaced{{ID: old}}})
			if want := old == visitor; errors.Is(err, stores.ErrLimit) != want || !want && err != nil {
				t.Errorf("got %v, want ErrLimit: %v", err, want)
			}
		}
		lives(t, store, "the visitor", visitor, true)
		lives(t, store, "the replaced", first, false)
		lives(t, store, "the other", second, true)
	})
}

// faulty is a client that makes some calls of scripts fail.
type faulty struct {
	rueidis.Client
	fail func(sha string, run func() rueidis.RedisResult) rueidis.RedisResult
}

func (f *faulty) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	words := slices.Clone(cmd.Commands())
	return f.fail(words[1], func() rueidis.RedisResult { return f.Client.Do(ctx, cmd) })
}

var errCut = errors.New("the connection is cut")

// TestReplacesWithFaults makes a sign-in fail in each of its steps.
func TestReplacesWithFaults(t *testing.T) {
	t.Parallel()
	client := dial(t, servertest.RedisSingle(t))
	cut := func(run func() rueidis.RedisResult, executed bool) rueidis.RedisResult {
		if executed {
			run()
		}
		return rueidis.NewErrorResult(errCut)
	}
	for _, tt := range []struct {
		name     string
		sha      string
		executed bool // although the answer is lost
		times    int  // the script fails; negative is always
		own      bool // a session of the identity is replaced as well
		ok       bool // the sign-in succeeds
		dead     bool // the server does not come back, so the new session is left
		oldGone  bool
	}{
		{name: "the create does not arrive", sha: redis.CreateSHA, times: 1},
		{name: "the answer of the create is lost", sha: redis.CreateSHA, times: 1, executed: true},
		{name: "the deletion does not arrive", sha: redis.DeleteSHA, times: 1, ok: true},
		{name: "the answer of the deletion is lost", sha: redis.DeleteSHA, times: 1, executed: true, ok: true},
		{name: "the deletion fails twice", sha: redis.DeleteSHA, times: 2},
		{name: "the deletion fails for ever", sha: redis.DeleteSHA, times: -1, dead: true},
		{name: "the deletion fails twice, with an own session", sha: redis.DeleteSHA, times: 2, own: true},
		{name: "the last step fails", sha: redis.FinishSHA, times: 1, own: true, oldGone: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := prefix(t)
			store := redis.New(client, &redis.Options{Prefix: name})
			visitor, own, device := mustAdd(t, store, ""), mustAdd(t, store, "ada"), mustAdd(t, store, "ada")
			left := tt.times
			broken := redis.New(&faulty{client, func(sha string, run func() rueidis.RedisResult) rueidis.RedisResult {
				if sha != tt.sha || left == 0 {
					return run()
				}
				left--
				return cut(run, tt.executed)
			}}, &redis.Options{Prefix: name})
			c := stores.Create{Identity: "ada", Limit: 3, Replaces: []stores.Replaced{{ID: visitor, Version: 1}}}
			if tt.own {
				c.Replaces = append(c.Replaces, stores.Replaced{ID: own, Version: 1})
			}
			id, created, err := replace(t.Context(), t, broken, c)
			if tt.ok {
				if err != nil || !created.Replaced {
					t.Errorf("got %+v and error %v, want success", created, err)
				}
				lives(t, store, "the visitor", visitor, false)
				lives(t, store, "the new session", id, true)
				return
			}
			if !errors.Is(err, errCut) || created.Replaced {
				t.Errorf("got %+v and error %v, want the failure", created, err)
			}
			lives(t, store, "the visitor", visitor, !tt.oldGone)
			lives(t, store, "the own session", own, true)
			lives(t, store, "another device", device, true)
			lives(t, store, "the new session", id, tt.dead)
		})
	}
	t.Run("the context ends in between", func(t *testing.T) {
		name := prefix(t)
		store := redis.New(client, &redis.Options{Prefix: name})
		visitor := mustAdd(t, store, "")
		ctx, cancel := context.WithCancel(t.Context())
		broken := redis.New(&faulty{client, func(sha string, run func() rueidis.RedisResult) rueidis.RedisResult {
			if sha == redis.CreateSHA {
				defer cancel()
			}
			return run()
		}}, &redis.Options{Prefix: name})
		id, _, err := replace(ctx, t, broken, stores.Create{Identity: "ada", Replaces: []stores.Replaced{{ID: visitor, Version: 1}}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		lives(t, store, "the visitor", visitor, true)
		lives(t, store, "the new session", id, false)
	})
	t.Run("the visitor changes in between", func(t *testing.T) {
		name := prefix(t)
		store := redis.New(client, &redis.Options{Prefix: name})
		visitor, device, second := mustAdd(t, store, ""), mustAdd(t, store, "ada"), mustAdd(t, store, "")
		broken := redis.New(&faulty{client, func(sha string, run func() rueidis.RedisResult) rueidis.RedisResult {
			if sha == redis.DeleteSHA {
				if _, err := store.Update(t.Context(), stores.Update{ID: visitor, Version: 1}); err != nil && !errors.Is(err, stores.ErrConflict) {
					t.Error(err)
				}
			}
			return run()
		}}, &redis.Options{Prefix: name})
		id, _, err := replace(t.Context(), t, broken, stores.Create{Identity: "ada", Limit: 1, Replaces: []stores.Replaced{{ID: second, MayBeGone: true}, {ID: visitor, Version: 1}}})
		if !errors.Is(err, stores.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		lives(t, store, "the visitor", visitor, true)
		lives(t, store, "one at any version, which comes after it", second, true)
		lives(t, store, "another device", device, true)
		lives(t, store, "the new session", id, false)
	})
}

// TestSignInOnAFullServer signs in again on a server without memory: over a
// session of the same identity, over an anonymous one, and at the limit.
func TestSignInOnAFullServer(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "maxmemory-policy noeviction")
	store := redis.New(dial(t, server), nil)
	own, visitor := mustAdd(t, store, "ada"), mustAdd(t, store, "")
	if _, _, err := replace(t.Context(), t, store, stores.Create{}); err != nil {
		t.Fatal(err)
	}
	server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "1")
	for name, c := range map[string]stores.Create{
		"own":          {Replaces: []stores.Replaced{{ID: own, Version: 1}}},
		"visitor":      {Replaces: []stores.Replaced{{ID: visitor, Version: 1}}},
		"both":         {Replaces: []stores.Replaced{{ID: own, Version: 1}, {ID: visitor}}},
		"at its limit": {Limit: 1},
	} {
		c.Identity = "ada"
		id, created, err := replace(t.Context(), t, store, c)
		if !errors.Is(err, stores.ErrFull) || created.Replaced {
			t.Errorf("%s: got %+v and error %v, want ErrFull", name, created, err)
		}
		lives(t, store, name+": the new session", id, false)
		lives(t, store, name+": the own session", own, true)
		lives(t, store, name+": the visitor", visitor, true)
	}
}

// TestReplacesInTime lets the server fall silent after the first answer of a create that
// has several steps. The call ends soon after its context, although it undoes the first step.
func TestReplacesInTime(t *testing.T) {
	t.Parallel()
	const within, most = 500 * time.Millisecond, 2 * time.Second
	const all = int64(1) << 30
	for steps := range int64(3) {
		var answers atomic.Int64 // that still come
		answers.Store(all)
		way := servertest.NewChangingProxy(t, servertest.RedisSingle(t).Addrs[0], func(data []byte) []byte {
			if answers.Add(-1) < 0 {
				return nil
			}
			return data
		})
		store := open(t, dial(t, &servertest.Redis{Addrs: []string{way.Addr}}))
		visitor, err := add(t.Context(), store, "")
		if err != nil {
			t.Fatal(err)
		}
		answers.Store(steps)
		ctx, cancel := context.WithTimeout(t.Context(), within)
		begin := time.Now()
		_, _, err = replace(ctx, t, store, stores.Create{Identity: "ada", Replaces: []stores.Replaced{{ID: visitor, Version: 1}}})
		took := time.Since(begin)
		cancel()
		if took > most {
			t.Errorf("after %d answers: got %v after %v, want at most %v", steps, err, took, most)
		}
	}
}
