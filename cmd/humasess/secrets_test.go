package main

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
)

// TestSecrets requires that the output of the program contains no password.
func TestSecrets(t *testing.T) {
	t.Parallel()
	pg := servertest.PostgresShared(t)
	locked := func(password string) string {
		u, err := url.Parse(pg.DSN)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(servertest.PostgresLocked, password)
		return u.String()
	}
	open := servertest.RedisSingle(t).Addrs[0]
	const awkward = "hunter2 /@:%?#&"
	tests := []struct {
		name   string
		url    string
		env    map[string]string
		secret string
		says   string // a part of the message of list
	}{
		{"right one", locked(servertest.PostgresPassword), nil, servertest.PostgresPassword, "Run humasess migrate"},
		{"wrong one", locked("hunter2"), nil, "hunter2", "Check user and password"},
		{"that has to be escaped", locked(awkward), nil, "hunter2", "Check user and password"},
		{"as a parameter", "postgres://locked@localhost:1/x?password=hunter2", nil, "hunter2", "connection refused"},
		{"not escaped", "postgres://locked:hunter2/@localhost/x", nil, "hunter2", "write @ as %40"},
		{"not escaped, of Redis", "redis://locked:hun:ter2/1@localhost", nil, "ter2", "write @ as %40"},
		{"in place of the URL", "hunter2", nil, "hunter2", "is not postgres://"},
		{"with a scheme of its own", "hunter2://x", nil, "hunter2", "is not postgres://"},
		{"wrong parameter", "postgres://locked:hunter2@localhost/x?sslmode=maybe", nil, "hunter2", "sslmode"},
		{"of Redis", "redis://locked:hunter2@" + open, nil, "hunter2", "Check user and password"},
		{"of Redis, escaped", "redis://locked:" + url.QueryEscape(awkward) + "@" + open, nil, "hunter2", "Check user and password"},
		{"of sentinels", "redis://localhost:1?master_set=x&sentinel_password=hunter2", nil, "hunter2", "refused"},
		{"wrong database of Redis", "redis://locked:hunter2@localhost/hunter2", nil, "hunter2", "database number"},
		{"key", "redis://localhost:1", map[string]string{keyVariable: "hunter2-hunter2-hunter2"}, "hunter2", "refused"},
		{"key in another form", "redis://localhost:1", map[string]string{keyVariable: "base64:hunter2*"}, "hunter2", keyVariable},
		{"short key", "redis://localhost:1", map[string]string{keyVariable: "hunter2"}, "hunter2", keyVariable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"HUMASESS_STORE": tt.url}
			maps.Copy(env, tt.env)
			for _, args := range [][]string{
				{"list", "--user", "ada"}, {"list"}, {"count"}, {"revoke", "--id", strings.Repeat("A", 22)}, {"revoke", "--user", "ada"},
				{"revoke", "--all", "--yes"}, {"migrate"}, {"migrate", "--print"}, {"doctor"}, {"doctor", "--json"}, {"help"},
			} {
				r := in(t.Context(), env, "", args...)
				for name, text := range map[string]string{"output": r.out, "errors": r.err} {
					if strings.Contains(text, tt.secret) || strings.Contains(text, "hunter2") {
						t.Errorf("%q: the %s contains the secret: %s", args, name, text)
					}
				}
				if len(args) == 3 && args[0] == "list" && !strings.Contains(r.err, tt.says) {
					t.Errorf("%q: got %+v, want %q in it", args, r, tt.says)
				}
			}
		})
	}
	t.Run("in an argument", func(t *testing.T) {
		r := in(t.Context(), nil, "", "list", "--store", locked("hunter2"))
		if strings.Contains(r.out+r.err, "hunter2") || r.code != exitError {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("control characters", func(t *testing.T) {
		r := in(t.Context(), nil, "", "list\x1b[2J", "--store", "sqlite:/x")
		r2 := in(t.Context(), nil, "", "list", "--store", "sqlite:/no\x1b[2Jwhere\u009b")
		if text := r.err + r2.err; strings.ContainsAny(text, "\x1b\u009b") {
			t.Errorf("got %q", text)
		}
	})
}
