package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// operator is the session type of another program.
type operator struct{ Secret string }

// signInAs starts sessions of another type, as another program does.
func signInAs[T any](t *testing.T, s *site, scheme string, all ...T) {
	t.Helper()
	m, err := humasess.New(s.store, &humasess.Options[T]{SchemeName: scheme, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if _, err := m.Issue(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// put stores a session with a payload that the test has chosen.
func put(t *testing.T, s *site, payload string) {
	t.Helper()
	id, err := stores.NewID(t.Context(), s.store, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Create(t.Context(), stores.Create{ID: id, Payload: []byte(payload), Idle: 1e12, Absolute: 1e12}); err != nil {
		t.Fatal(err)
	}
}

// kept returns the findings of doctor about sessions.
func kept(t *testing.T, s *site, args ...string) (lines []string) {
	t.Helper()
	for _, f := range parse[finding](t, s.want(t, exitOK, append([]string{"doctor", "--json"}, args...)...)) {
		if f.Check == "sessions" {
			lines = append(lines, f.Status+" "+f.Message)
		}
	}
	return lines
}

func TestDoctorTypes(t *testing.T) {
	want := func(t *testing.T, got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		for i := range got {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("got %q, want %q", got[i], want[i])
			}
		}
	}
	check := func(t *testing.T, s *site) {
		t.Helper()
		want(t, kept(t, s), "ok No session was found.")
		signInAs(t, s, "", user{ID: "hunter2", Note: "hunter2"}, user{}, user{})
		want(t, kept(t, s), "ok sessionCookie: 3 sessions of main.user.")
		signInAs(t, s, "other", operator{"hunter2"})
		want(t, kept(t, s), "ok other: 1 session of main.operator.", "ok sessionCookie: 3 sessions of main.user.")
		put(t, s, "\x01\x01\x05other\x09\x07hunter2")
		put(t, s, "humasess doctor hunter2")
		want(t, kept(t, s), "ok other: 1 session without a type, which an older release wrote, 1 of main.operator.",
			"ok sessionCookie: 3 sessions of main.user.", "ok 1 session in a format that this version cannot read.")
		signInAs(t, s, "", operator{"hunter2"}, operator{"hunter2"})
		want(t, kept(t, s)[1:2], "warn sessionCookie: 3 sessions of main.user, 2 of main.operator. "+
			"Programs with these types accept each other's sessions. Give each program its own Options.SchemeName, or its own prefix, schema or file.")
		for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}, {"doctor", "--sample", "2"}} {
			if r := s.call(t, args...); strings.Contains(r.out+r.err, "hunter2") {
				t.Errorf("%q: got data: %s", args, r.out)
			}
		}
		want(t, kept(t, s, "--sample", "8"), "ok other", "warn sessionCookie", "ok 1 session in a format")
		for _, line := range kept(t, s, "--sample", "8") {
			if strings.Contains(line, "sample") {
				t.Errorf("all sessions read: got %q", line)
			}
		}
		sampled := strings.Join(kept(t, s, "--sample", "1"), "")
		has(t, "one session read", sampled, "1 session ", "This is a sample of 1; --sample 0 reads all sessions.")
		if r := s.call(t, "doctor", "--sample", "-1"); r.code != exitUsage {
			t.Errorf("--sample -1: got %+v", r)
		}
	}
	t.Run("postgres", func(t *testing.T) { check(t, onPostgres(t)) })
	t.Run("sqlite", func(t *testing.T) { check(t, onSQLite(t)) })
	t.Run("redis", func(t *testing.T) { check(t, onOwnRedis(t)) }) // without keys of other tests
}

func onOwnRedis(t *testing.T) *site {
	t.Helper()
	server := servertest.StartRedis(t)
	return onRedisAt(t, "redis://"+server.Addrs[0], rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
}

// doctor shortens a long name, and escapes characters that move the cursor.
func TestDoctorTypeNames(t *testing.T) {
	s := onSQLite(t)
	put(t, s, "\x01\x01\x02a\n\x11\x05\x1b[2Jb")
	put(t, s, "\x01\x01\x01b\x11\x46"+strings.Repeat("x", 70))
	got := strings.Join(kept(t, s), "\n")
	has(t, "doctor", got, `"a\n": 1 session of "\x1b[2Jb".`, "b: 1 session of "+strings.Repeat("x", 64)+".")
}

// A Redis server may hold millions of keys that are not sessions. doctor stops
// early, unless --sample is 0.
func TestDoctorAmongOtherKeys(t *testing.T) {
	server := servertest.StartRedis(t)
	s := onRedisAt(t, "redis://"+server.Addrs[0], rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
	signInAs(t, s, "", user{})
	server.Command(t, server.Addrs[0], "EVAL", "for i = 1, 60000 do redis.call('SET', 'other' .. i, '') end", "0")
	got := strings.Join(kept(t, s, "--sample", "5"), "\n")
	if !strings.Contains(got, "This is a sample of ") {
		t.Errorf("got %q, want a sample", got)
	}
	if got := fmt.Sprint(kept(t, s, "--sample", "0")); got != "[ok sessionCookie: 1 session of main.user.]" {
		t.Errorf("all: got %q", got)
	}
}
