package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5"
	"github.com/redis/rueidis"
)

// asRole returns the URL of a PostgreSQL site for a user without rights.
func asRole(t *testing.T, s *site) string {
	t.Helper()
	role := strings.ToLower(random(t))
	do := func(text string) {
		conn, err := pgx.Connect(context.Background(), servertest.PostgresShared(t).DSN)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), strings.ReplaceAll(text, "{role}", pgx.Identifier{role}.Sanitize())); err != nil {
			t.Fatal(err)
		}
	}
	do(`CREATE ROLE {role} LOGIN`)
	t.Cleanup(func() { do(`DROP OWNED BY {role}; DROP ROLE {role}`) })
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// wantFindings requires a finding with the verdict, the check and the text for each
// of want, which has the form "verdict check: text". It allows other findings, but
// with exitOK none that fails.
func wantFindings(t *testing.T, s *site, code int, want ...string) {
	t.Helper()
	found := parse[finding](t, s.want(t, code, "doctor", "--json"))
	sick := false
	for _, f := range found {
		sick = sick || f.Status == fail
		if f.Status == fail && code == exitOK || f.Message == "" {
			t.Errorf("got %+v", f)
		}
	}
	if sick != (code == exitError) {
		t.Errorf("got exit code %d with %+v", code, found)
	}
	for _, w := range want {
		head, text, _ := strings.Cut(w, ": ")
		verdict, check, _ := strings.Cut(head, " ")
		ok := false
		for _, f := range found {
			ok = ok || f.Status == verdict && f.Check == check && strings.Contains(f.Message, text)
		}
		if !ok {
			t.Errorf("got %+v, want %q", found, w)
		}
	}
}

const goodTrip = "ok round trip: delete "

func TestDoctor(t *testing.T) {
	t.Parallel()
	t.Run("healthy", func(t *testing.T) {
		t.Run("postgres", func(t *testing.T) {
			s := onPostgresAt(t, servertest.StartPostgres(t, "autovacuum=on"))
			wantFindings(t, s, exitOK, "ok connection: postgres://humasess@", "ok server: PostgreSQL 1", "ok configuration: The server accepts and keeps writes", goodTrip)
		})
		t.Run("redis", func(t *testing.T) {
			server := servertest.StartRedis(t, "appendonly yes", "maxmemory 100mb", "maxmemory-policy noeviction")
			s := onRedisAt(t, "redis://"+server.Addrs[0], rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
			wantFindings(t, s, exitOK, "ok server: primary, at "+server.Addrs[0], "ok configuration: evicts nothing", goodTrip)
			if left := server.Command(t, server.Addrs[0], "DBSIZE"); left != "0" {
				t.Errorf("got %s keys left, want none", left)
			}
		})
		t.Run("sqlite", func(t *testing.T) {
			s := onSQLite(t)
			wantFindings(t, s, exitOK, "ok server: journal mode wal", "ok configuration: The tables are those", "ok integrity: not damaged", goodTrip)
			has(t, "table", anyMS.ReplaceAllString(s.want(t, exitOK, "doctor"), "1 ms"),
				"ok  connection     "+s.url+"\n", "ok  round trip     create 1 ms, load 1 ms, touch 1 ms, update 1 ms, load 1 ms, delete 1 ms\n")
		})
	})
	t.Run("no server", func(t *testing.T) {
		for _, u := range []string{"postgres://localhost:1/x", "redis://localhost:1"} {
			wantFindings(t, &site{url: u}, exitError, "fail connection: Check that the server runs")
		}
		wantFindings(t, &site{url: "sqlite:/nowhere/x.db"}, exitError, "fail connection: humasess migrate creates the file")
		wantFindings(t, &site{url: "postgres://no-such-host.invalid/x"}, exitError, "fail connection: Check that the server runs")
	})
	t.Run("no schema", func(t *testing.T) {
		s := onPostgres(t)
		s.flags[1] += "x"
		wantFindings(t, s, exitError, "ok connection: postgres://", "fail configuration: Run humasess migrate", "fail round trip: Run humasess migrate")
		s = onSQLite(t)
		s.flags = []string{"--prefix", "other_"}
		wantFindings(t, s, exitError, "fail configuration: Run humasess migrate", "fail round trip: Run humasess migrate")
	})
	t.Run("no right", func(t *testing.T) {
		s := onPostgres(t)
		s.url = asRole(t, s)
		wantFindings(t, s, exitError, "ok server: as user t", "fail configuration: docs/postgres.md", "fail round trip: docs/postgres.md")
	})
	t.Run("no right on Redis", func(t *testing.T) {
		server := servertest.StartRedis(t)
		server.Command(t, server.Addrs[0], "ACL", "SETUSER", "app", "on", ">secret-of-app", "~*", "+@connection", "+info", "+time", "+client")
		s := &site{url: "redis://app:secret-of-app@" + server.Addrs[0]}
		wantFindings(t, s, exitError, "ok server: Redis", "fail configuration: docs/redis.md", "fail round trip: docs/redis.md")
		s.url = "redis://app:wrong@" + server.Addrs[0]
		wantFindings(t, s, exitError, "fail connection: Check user and password")
	})
	t.Run("Redis that loses data", func(t *testing.T) {
		server := servertest.StartRedis(t, "maxmemory 100mb", "maxmemory-policy allkeys-lru")
		wantFindings(t, &site{url: "redis://" + server.Addrs[0]}, exitOK,
			"warn configuration: Set maxmemory-policy to noeviction", "warn configuration: Set appendonly to yes", goodTrip)
	})
	t.Run("replica", func(t *testing.T) {
		wantFindings(t, &site{url: "redis://" + servertest.RedisSentinel(t).Addrs[1]}, exitError,
			"ok server: replica", "warn configuration: sends session scripts to a replica", "fail round trip: READONLY")
	})
	t.Run("sentinel", func(t *testing.T) {
		set := servertest.RedisSentinel(t)
		u := fmt.Sprintf("redis://%s?addr=%s&master_set=%s", set.Sentinels[0], set.Sentinels[1], set.Primary)
		wantFindings(t, &site{url: u}, exitOK, "ok server: primary, at "+set.Addrs[0], goodTrip)
	})
	t.Run("cluster", func(t *testing.T) {
		all := servertest.RedisCluster(t).Addrs
		u := fmt.Sprintf("redis://%s?addr=%s", all[0], all[1])
		wantFindings(t, &site{url: u}, exitOK, "ok server: at "+all[0], "ok server: at "+all[1], "ok server: at "+all[2], goodTrip)
	})
	t.Run("file", func(t *testing.T) {
		s := onSQLite(t)
		path := strings.TrimPrefix(s.url, "sqlite:")
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		wantFindings(t, s, exitOK, "warn file: chmod 600", goodTrip)
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
		wantFindings(t, s, exitError, "fail connection: not a database (26). Restore the file")
	})
	t.Run("damaged file", func(t *testing.T) {
		s := onSQLite(t)
		for i := range 200 {
			signIn(t, s.program(t), user{ID: "ada", Note: strings.Repeat("x", i)})
		}
		statement(t, s, "PRAGMA wal_checkpoint(TRUNCATE)")
		path := strings.TrimPrefix(s.url, "sqlite:")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			copy(text[4096*(8+2*i):], strings.Repeat("damage", 600))
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := s.call(t, "doctor"); r.code != exitError {
			t.Errorf("got %+v", r)
		} else {
			has(t, "doctor", r.out, "fail  integrity", "Restore the file")
		}
	})
}

var anyMS = regexp.MustCompile(`\d+\.\d ms`)
