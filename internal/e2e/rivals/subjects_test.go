package rivals_test

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/securecookie"
	gorilla "github.com/gorilla/sessions"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/jackc/pgx/v5/pgxpool"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// group is a place to keep sessions, with all subjects that can use it.
type group struct {
	name     string
	inFlight int // requests at once
	subjects func(testing.TB) []subject
}

// Names of the groups.
const (
	inMemory   = "memory"
	atOnce     = "memory, 64 at once"
	inCookie   = "cookie"
	inRedis    = "Redis"
	inPostgres = "PostgreSQL"
)

var groups = []group{
	{inMemory, 1, memorySubjects},
	{inCookie, 1, cookieSubjects},
	{inRedis, 64, redisSubjects},
	{inPostgres, 32, postgresSubjects},
}

// Names of our subjects, and of the peers that a budget names.
const (
	flat         = "humasess"
	anyT         = "humasess, any T"
	aead         = "humasess, AEAD"
	secureCookie = "humasess, securecookie"
	scsRedis     = "scs goredisstore"
	scsPostgres  = "scs pgxstore"
)

func memorySubjects(tb testing.TB) []subject {
	return []subject{
		ours(tb, flat, memory.New(nil)),
		oursAny(tb, anyT, memory.New(nil)),
		theirs("scs", scs.GobCodec{}, nil),
		theirs("scs, JSON", jsonCodec{}, nil),
	}
}

func cookieSubjects(tb testing.TB) []subject {
	key := func() security.Key { return must(security.GenerateKey()) }
	store := func(s security.Sealer) stores.Store {
		return cookie.New(s, &cookie.Options{AllowReplayAfterLogout: true})
	}
	return []subject{
		ours(tb, aead, store(must(security.NewAEAD(key())))),
		ours(tb, secureCookie, store(must(security.NewSecureCookie(key())))),
		inGorilla(),
	}
}

func redisSubjects(tb testing.TB) []subject {
	tb.Helper()
	return redisSubjectsAt(tb, servertest.RedisSingle(tb).Addrs[0])
}

func redisSubjectsAt(tb testing.TB, addr string) []subject {
	tb.Helper()
	client := must(rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, DisableCache: true,
		PipelineMultiplex: -1, MaxFlushDelay: 50 * time.Microsecond, // as docs/redis.md advises for many requests at once
	}))
	tb.Cleanup(client.Close)
	other := goredis.NewClient(&goredis.Options{Addr: addr, PoolSize: 64})
	tb.Cleanup(func() { _ = other.Close() })
	return []subject{
		ours(tb, flat, redis.New(client, nil)),
		theirs(scsRedis, scs.GobCodec{}, goredisstore.New(other)),
	}
}

// preparing is held while a test creates tables, because IF NOT EXISTS does not
// wait for another transaction that creates the same.
var preparing sync.Mutex

func postgresSubjects(tb testing.TB) []subject {
	tb.Helper()
	return postgresSubjectsAt(tb, servertest.PostgresShared(tb).DSN)
}

func postgresSubjectsAt(tb testing.TB, dsn string) []subject {
	tb.Helper()
	ctx := tb.Context()
	pool := must(pgxpool.New(ctx, dsn))
	tb.Cleanup(pool.Close)
	store := postgres.New(pool, &postgres.Options{Schema: "rivals", SweepEvery: -1})
	preparing.Lock()
	defer preparing.Unlock()
	must(0, store.Migrate(ctx))
	must(pool.Exec(ctx, `CREATE TABLE IF NOT EXISTS sessions (token text PRIMARY KEY, data bytea NOT NULL, expiry timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS sessions_expiry_idx ON sessions (expiry)`))
	return []subject{
		ours(tb, flat, store),
		theirs(scsPostgres, scs.GobCodec{}, pgxstore.NewWithCleanupInterval(pool, 0)),
	}
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// program has the functions of a program with session data of type T. Each is as a
// user writes it: none makes a value escape to the heap that would not in a program.
type program[T any] struct {
	start    T
	identity func(T) string
	read     func(T) *greeting
	modify   func(*T) error
}

// ours is an API as a user of this module writes it.
func ours(tb testing.TB, name string, store stores.Store) subject {
	tb.Helper()
	return withSessions(tb, name, store, program[visitor]{
		start:    sample,
		identity: func(v visitor) string { return v.UID },
		read:     func(v visitor) *greeting { return greet(v.UID, v.N) },
		modify:   func(v *visitor) error { v.N++; return nil },
	})
}

func oursAny(tb testing.TB, name string, store stores.Store) subject {
	tb.Helper()
	return withSessions(tb, name, store, program[anyVisitor]{
		start:    anySample,
		identity: func(v anyVisitor) string { return v.UID },
		read:     func(v anyVisitor) *greeting { return greet(v.UID, v.N) },
		modify:   func(v *anyVisitor) error { v.N++; return nil },
	})
}

func withSessions[T any](tb testing.TB, name string, store stores.Store, p program[T]) subject {
	tb.Helper()
	m := must(humasess.New(store, &humasess.Options[T]{Identity: p.identity, MaxPerIdentity: -1}))
	tb.Cleanup(func() { _ = m.Close(context.Background()) })
	api, handler := newAPI()
	must(0, m.Attach(api))
	type (
		login struct{ humasess.Login[T] }
		input struct{ humasess.Session[T] }
	)
	huma.Post(api, "/login", func(_ context.Context, in *login) (*greeting, error) {
		return greet(sample.UID, 1), in.Session.Start(p.start)
	})
	huma.Get(api, "/read", func(_ context.Context, in *input) (*greeting, error) {
		v, _ := in.Get()
		return p.read(v), nil
	})
	huma.Get(api, "/modify", func(_ context.Context, in *input) (*greeting, error) {
		return greet(sample.UID, 1), in.Update(p.modify)
	})
	huma.Get(api, "/plain", func(context.Context, *struct{}) (*greeting, error) { return greet(sample.UID, 1), nil })
	return subject{name: name, handler: handler, has: []string{plain, noCookie, read, modify}, own: true}
}

// theirs is an API with alexedwards/scs as its manual shows it, with a
// middleware around the router, and values by name.
func theirs(name string, codec scs.Codec, store scs.Store) subject {
	gob.Register(visitor{})
	m := scs.New()
	m.Codec = codec
	if store != nil {
		m.Store = store
	}
	api, handler := newAPI(m.LoadAndSave)
	huma.Post(api, "/login", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		if err := m.RenewToken(ctx); err != nil {
			return nil, err
		}
		m.Put(ctx, "user", sample)
		return greet(sample.UID, 1), nil
	})
	huma.Get(api, "/read", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		v, _ := m.Get(ctx, "user").(visitor)
		return greet(v.UID, v.N), nil
	})
	huma.Get(api, "/modify", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		v, _ := m.Get(ctx, "user").(visitor)
		v.N++
		m.Put(ctx, "user", v)
		return greet(sample.UID, 1), nil
	})
	return subject{name: name, handler: handler}
}

// jsonCodec is scs with JSON, for a program whose values have known types.
type jsonCodec struct{}

type jsonSession struct {
	Deadline time.Time `json:"deadline"`
	User     *visitor  `json:"user,omitempty"`
}

func (jsonCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	s := jsonSession{Deadline: deadline}
	if v, ok := values["user"].(visitor); ok {
		s.User = &v
	}
	return json.Marshal(s)
}

func (jsonCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var s jsonSession
	err := json.Unmarshal(data, &s)
	values := map[string]any{}
	if s.User != nil {
		values["user"] = *s.User
	}
	return s.Deadline, values, err
}

// exchangeKey finds the request and the response that gorilla/sessions needs in
// a handler.
type exchangeKey struct{}

type exchange struct {
	w http.ResponseWriter
	r *http.Request
}

// inGorilla is an API with gorilla/sessions: encrypted cookies of
// gorilla/securecookie.
func inGorilla() subject {
	gob.Register(visitor{})
	hash, block := securecookie.GenerateRandomKey(32), securecookie.GenerateRandomKey(32)
	store := gorilla.NewCookieStore(hash, block)
	api, handler := newAPI(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, exchange{w, r})))
		})
	})
	session := func(ctx context.Context) (exchange, *gorilla.Session, visitor) {
		x := ctx.Value(exchangeKey{}).(exchange)
		s, _ := store.Get(x.r, "id")
		v, _ := s.Values["user"].(visitor)
		return x, s, v
	}
	huma.Post(api, "/login", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		x, s, _ := session(ctx)
		s.Values["user"] = sample
		return greet(sample.UID, 1), s.Save(x.r, x.w)
	})
	huma.Get(api, "/read", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		_, _, v := session(ctx)
		return greet(v.UID, v.N), nil
	})
	huma.Get(api, "/modify", func(ctx context.Context, _ *struct{}) (*greeting, error) {
		x, s, v := session(ctx)
		v.N++
		s.Values["user"] = v
		return greet(sample.UID, 1), s.Save(x.r, x.w)
	})
	return subject{name: "gorilla/sessions", handler: handler}
}
