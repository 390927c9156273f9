package main

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5"
	"github.com/redis/rueidis"
)

// passage returns the part of a manual that an expression matches.
func passage(t *testing.T, name, expression string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(expression).FindSubmatch(text)
	if m == nil {
		t.Fatalf("docs/%s has nothing like %s", name, expression)
	}
	return string(m[1])
}

// TestRights requires that the rights in the manuals are enough for the program.
func TestRights(t *testing.T) {
	use := func(t *testing.T, s *site) {
		m := s.program(t)
		ids := signIn(t, m, user{ID: "ada"}, user{ID: "ada"}, user{ID: "grace"})
		signIn(t, s.program(t, anonymous), user{})
		s.want(t, exitOK, "doctor")
		s.want(t, exitOK, "revoke", "--id", ids[0])
		s.want(t, exitOK, "revoke", "--user", "ada")
		if got := parse[row](t, s.want(t, exitOK, "list", "--json")); len(got) != 2 {
			t.Errorf("list: got %d rows, want 2", len(got))
		}
		if got := s.want(t, exitOK, "count"); got != "2\n" {
			t.Errorf("count: got %q", got)
		}
		if got := s.want(t, exitOK, "revoke", "--all", "--yes"); got != "2 revoked\n" {
			t.Errorf("revoke: got %q", got)
		}
	}
	t.Run("postgres", func(t *testing.T) {
		s := onPostgres(t)
		owner := s.url
		s.url = asRole(t, s)
		u, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		home, role := pgx.Identifier{s.flags[1]}.Sanitize(), pgx.Identifier{u.User.Username()}.Sanitize()
		grants := strings.NewReplacer("SCHEMA public", "SCHEMA "+home, "humasess_", home+".humasess_", "TO app", "TO "+role).
			Replace(passage(t, "postgres.md", "(?s)```sql\n(GRANT .*?)```"))
		conn, err := pgx.Connect(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		if _, err := conn.Exec(t.Context(), grants); err != nil {
			t.Fatal(err)
		}
		use(t, s)
	})
	t.Run("redis", func(t *testing.T) {
		server := servertest.StartRedis(t)
		rules := strings.ReplaceAll(passage(t, "redis.md", "(?s)ACL SETUSER app on >password (.*?)\n```"), "\\\n", " ")
		server.Command(t, server.Addrs[0], append([]string{"ACL", "SETUSER", "app", "on", ">password"}, strings.Fields(rules)...)...)
		s := onRedisAt(t, "redis://app:password@"+server.Addrs[0], rueidis.ClientOption{
			InitAddress: server.Addrs, ForceSingleClient: true, Username: "app", Password: "password",
		})
		use(t, s)
	})
}
