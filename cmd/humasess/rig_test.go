package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/humasess/sessions/stores/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
)

// user is the session type of the program in these tests.
type user struct {
	ID   string `json:"id"`
	Note string `json:"note,omitempty"`
}

// site is the store of a program with sessions, and the arguments for it.
type site struct {
	kind  string
	url   string
	flags []string // of every call, beside the store
	env   map[string]string
	store stores.Store
	db    *sql.DB // of SQLite
}

// result is the exit code and the output of a call.
type result struct {
	code     int
	out, err string
}

// in calls the program with an environment and an input that the test has chosen.
func in(ctx context.Context, env map[string]string, input string, args ...string) result {
	var out, errs bytes.Buffer
	code := run(ctx, args, console{
		in: strings.NewReader(input), interactive: input != "", out: &out, err: &errs,
		getenv: func(name string) string { return env[name] },
	})
	return result{code, out.String(), errs.String()}
}

// call calls the program with the site's store.
func (s *site) call(t *testing.T, args ...string) result {
	t.Helper()
	return s.answer(t, "", args...)
}

// answer is like call, with a terminal as the input if answer is not "".
func (s *site) answer(t *testing.T, answer string, args ...string) result {
	t.Helper()
	env := map[string]string{"HUMASESS_STORE": s.url}
	maps.Copy(env, s.env)
	return in(t.Context(), env, answer, slices.Concat(args[:1], s.flags, args[1:])...)
}

// want calls the program, requires the exit code, and returns the output.
func (s *site) want(t *testing.T, code int, args ...string) string {
	t.Helper()
	r := s.call(t, args...)
	if r.code != code {
		t.Fatalf("humasess %s: got exit code %d with %q and %q, want %d", strings.Join(args, " "), r.code, r.out, r.err, code)
	}
	return r.out
}

// each runs a test on every kind of store, empty and migrated.
func each(t *testing.T, f func(t *testing.T, s *site)) {
	t.Run("postgres", func(t *testing.T) { f(t, onPostgres(t)) })
	t.Run("redis", func(t *testing.T) { f(t, onRedis(t)) })
	t.Run("sqlite", func(t *testing.T) { f(t, onSQLite(t)) })
}

func onPostgres(t *testing.T) *site { return onPostgresAt(t, servertest.PostgresShared(t)) }

func onPostgresAt(t *testing.T, server *servertest.Postgres) *site {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	name := "Test " + random(t) // has to be quoted
	t.Cleanup(func() {
		_, _ = pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE") // unless the server was stopped
	})
	store := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &site{kind: "postgres", url: server.DSN, flags: []string{"--schema", name}, store: store}
}

func onRedis(t *testing.T) *site {
	t.Helper()
	server := servertest.RedisSingle(t)
	return onRedisAt(t, "redis://"+server.Addrs[0], rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
}

func onRedisAt(t *testing.T, url string, option rueidis.ClientOption) *site {
	t.Helper()
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	prefix, key := "humasess:"+random(t)+":", random(t) // docs/redis.md gives rights for keys of this form
	return &site{
		kind: "redis", url: url, flags: []string{"--prefix", prefix}, env: map[string]string{keyVariable: key},
		store: redis.New(client, &redis.Options{Prefix: prefix, Key: []byte(key), Logger: quiet()}),
	}
}

func onSQLite(t *testing.T) *site { return onSQLiteAt(t, time.Now) }

func onSQLiteAt(t *testing.T, now func() time.Time) *site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b?c#d%41.db") // has to be escaped
	s := &site{kind: "sqlite", url: "sqlite:" + path}
	s.want(t, exitOK, "migrate")
	s.db = openSQLite(t, path)
	s.store = sqlite.New(s.db, &sqlite.Options{SweepEvery: -1, Now: now})
	return s
}

func openSQLite(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func random(t *testing.T) string {
	t.Helper()
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	return "t" + id.String()
}

// program returns the manager of the site's program.
func (s *site) program(t *testing.T, change ...func(*humasess.Options[user])) *humasess.Manager[user] {
	t.Helper()
	o := &humasess.Options[user]{Identity: func(u user) string { return u.ID }, MaxPerIdentity: -1, Logger: quiet()}
	for _, f := range change {
		f(o)
	}
	m, err := humasess.New(s.store, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// anonymous lets a program start sessions without a user by Issue.
func anonymous(o *humasess.Options[user]) { o.Identity = nil }

// signIn starts a session for each of the users, and returns their IDs.
func signIn(t *testing.T, m *humasess.Manager[user], users ...user) []string {
	t.Helper()
	var ids []string
	for _, u := range users {
		c, err := m.Issue(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		token, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, stores.ID(token[:16]).String())
	}
	return ids
}

// number returns the number of sessions of a user.
func number(t *testing.T, m *humasess.Manager[user], id string) int {
	t.Helper()
	infos, err := m.List(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return len(infos)
}

// parse reads JSON, one value per line.
func parse[V any](t *testing.T, text string) []V {
	t.Helper()
	var all []V
	for line := range strings.Lines(text) {
		var v V
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil || d.More() {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

// has requires that a text contains all parts.
func has(t *testing.T, name, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: got %q, want %q in it", name, text, part)
		}
	}
}

// statement executes a statement on the file of a site.
func statement(t *testing.T, s *site, text string) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}
