package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// TestEveryone lists, counts and ends all sessions of one program, and none of
// another program.
func TestEveryone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const n = 1200 // more than a page
		m := s.program(t)
		visited := s.program(t, anonymous)
		otherScheme := func(o *humasess.Options[user]) { o.SchemeName = "otherCookie" }
		other := s.program(t, otherScheme)
		var ids []string
		for i := range n {
			if i%10 == 0 {
				ids = append(ids, signIn(t, visited, user{})...)
				continue
			}
			ids = append(ids, signIn(t, m, user{ID: fmt.Sprintf("user%d", i%400)})...)
		}
		signIn(t, other, user{ID: "user1"})
		signIn(t, s.program(t, otherScheme, anonymous), user{})

		users := map[string]int{}
		var got []string
		for _, r := range parse[row](t, s.want(t, exitOK, "list", "--json")) {
			got = append(got, r.ID)
			users[r.User]++
		}
		slices.Sort(ids)
		slices.Sort(got)
		if !slices.Equal(got, ids) {
			t.Errorf("list: got %d sessions, want %d", len(got), len(ids))
		}
		if users[""] != n/10 || users["user1"] != 3 {
			t.Errorf("list: got %d anonymous sessions and %d of user1, want %d and 3", users[""], users["user1"], n/10)
		}
		if got := parse[row](t, s.want(t, exitOK, "list", "--json", "--limit", "7")); len(got) != 7 {
			t.Errorf("--limit 7: got %d rows", len(got))
		}
		for want, args := range map[string][]string{
			"1200\n": {"count"}, "3\n": {"count", "--user", "user1"}, "2\n": {"count", "--scheme", "otherCookie"},
			"{\"count\":0}\n": {"count", "--user", "nobody", "--json"},
		} {
			if got := s.want(t, exitOK, args...); got != want {
				t.Errorf("%q: got %q, want %q", args, got, want)
			}
		}

		for _, answer := range []string{"\n", "no\n", "y\n", "yes please\n"} {
			r := s.answer(t, answer, "revoke", "--all")
			if r.code != exitError || r.out != "" {
				t.Errorf("answer %q: got %+v", answer, r)
			}
			has(t, answer, r.err, "ends all 1200 sessions of scheme sessionCookie in "+s.kind, "Type yes", "nothing was revoked")
		}
		if got := s.want(t, exitOK, "count"); got != "1200\n" {
			t.Fatalf("after answers that are not yes: got %s", got)
		}
		if r := s.answer(t, "yes\n", "revoke", "--all"); r.code != exitOK || r.out != "1200 revoked\n" {
			t.Errorf("answer yes: got %+v", r)
		}
		if a, b := s.want(t, exitOK, "count"), s.want(t, exitOK, "count", "--scheme", "otherCookie"); a != "0\n" || b != "2\n" {
			t.Errorf("left: got %s and of the other program %s, want 0 and 2", a, b)
		}
		if got := s.want(t, exitOK, "revoke", "--all", "--yes", "--json", "--scheme", "otherCookie"); got != "{\"revoked\":2}\n" {
			t.Errorf("with --yes: got %q", got)
		}
		if got := s.want(t, exitOK, "revoke", "--all", "--yes"); got != "0 revoked\n" {
			t.Errorf("without sessions: got %q", got)
		}
		id, err := stores.NewID(t.Context(), s.store, "")
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.store.Create(t.Context(), stores.Create{ID: id, Idle: time.Minute, Absolute: time.Minute})
		if err != nil || made.RevokedAgo == stores.NotRevoked || made.RevokedAgo > time.Minute {
			t.Errorf("a login in progress: got revoked %v ago and error %v, want just now", made.RevokedAgo, err)
		}
	})
}

// TestQuestionInterrupted requires that Ctrl-C at the question means no.
func TestQuestionInterrupted(t *testing.T) {
	s := onSQLite(t)
	signIn(t, s.program(t), user{ID: "ada"})
	silent, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs bytes.Buffer
	code := run(ctx, []string{"revoke", "--all", "--store", s.url}, console{
		in: silent, interactive: true, out: io.Discard, getenv: func(string) string { return "" },
		err: writer(func(p []byte) (int, error) {
			if bytes.Contains(p, []byte("Type yes")) {
				cancel()
			}
			return errs.Write(p)
		}),
	})
	if code != exitInterrupted || number(t, s.program(t), "ada") != 1 {
		t.Errorf("got exit code %d with %q, and %d sessions, want %d and 1", code, errs.String(), number(t, s.program(t), "ada"), exitInterrupted)
	}
	has(t, "message", errs.String(), "nothing was revoked")
}

// TestEveryoneOnACluster requires the sessions of all nodes, though the URL names
// one node only.
func TestEveryoneOnACluster(t *testing.T) {
	t.Parallel()
	all := servertest.RedisCluster(t).Addrs
	s := onRedisAt(t, "redis://"+all[0], rueidis.ClientOption{InitAddress: all})
	m, visited := s.program(t), s.program(t, anonymous)
	for i := range 30 {
		signIn(t, m, user{ID: fmt.Sprintf("user%d", i)})
		signIn(t, visited, user{})
	}
	if got := parse[row](t, s.want(t, exitOK, "list", "--json")); len(got) != 60 {
		t.Errorf("list: got %d rows, want 60", len(got))
	}
	if got := s.want(t, exitOK, "count"); got != "60\n" {
		t.Errorf("count: got %q", got)
	}
	s.want(t, exitOK, "revoke", "--user", "user7")
	if got := s.want(t, exitOK, "revoke", "--all", "--yes"); got != "59 revoked\n" {
		t.Errorf("revoke: got %q", got)
	}
	if got := s.want(t, exitOK, "count"); got != "0\n" {
		t.Errorf("count: got %q", got)
	}
}
