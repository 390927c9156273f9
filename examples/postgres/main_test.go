package main

import (
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestTwoServers signs up at one instance of the program and continues at the
// other.
func TestTwoServers(t *testing.T) {
	dsn := servertest.StartPostgres(t, "fsync=off").DSN
	instance := func() (*humasesstest.Client, *pgxpool.Pool) {
		h, pool, err := start(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return humasesstest.NewClient(h), pool
	}
	first, _ := instance()
	second, _ := instance()
	visitor, pool := instance()
	ada := map[string]string{"name": "ada", "password": "analytical engine"}
	changed := map[string]string{"name": "ada", "password": "difference engine"}
	steps := []struct {
		name   string
		client *humasesstest.Client
		method string
		path   string
		body   any
		want   int
	}{
		{"before", first, "GET", "/me", nil, 401},
		{"a name that no text of PostgreSQL can be", first, "POST", "/signup", map[string]string{"name": "a\x00", "password": "analytical engine"}, 422},
		{"sign up", first, "POST", "/signup", ada, 204},
		{"signed in at once", first, "GET", "/me", nil, 200},
		{"the name again", second, "POST", "/signup", ada, 409},
		{"which signs no user in", second, "GET", "/me", nil, 401},
		{"wrong password", second, "POST", "/login", changed, 401},
		{"an unknown user", second, "POST", "/login", map[string]string{"name": "eve", "password": "eavesdropping"}, 401},
		{"login elsewhere", second, "POST", "/login", ada, 204},
		{"new password", second, "POST", "/password", map[string]string{"password": "difference engine"}, 204},
		{"still signed in", second, "GET", "/me", nil, 200},
		{"the other is out", first, "GET", "/me", nil, 401},
		{"old password", first, "POST", "/login", ada, 401},
		{"new one", first, "POST", "/login", changed, 204},
	}
	for _, s := range steps {
		if w := s.client.Do(s.method, s.path, s.body); w.Code != s.want {
			t.Fatalf("%s: got %d %s, want %d", s.name, w.Code, w.Body, s.want)
		}
	}
	pool.Close() // the database is gone
	for _, path := range []string{"/signup", "/login"} {
		w := visitor.Do("POST", path, ada)
		if w.Code != 503 || strings.Contains(w.Body.String(), "pool") {
			t.Errorf("%s without the database: got %d %s, want 503 without the reason", path, w.Code, w.Body)
		}
	}
}

func TestStartWithoutServer(t *testing.T) {
	_, _, err := start(t.Context(), "postgres://app:hunter2@127.0.0.1:1/shop")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), "docker run") {
		t.Errorf("got %v, want the address and advice", err)
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %q shows the password", err)
	}
}

func TestStartShowsNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://app:hunter2/swordfish@localhost/shop", "postgres://app:hunter2#swordfish@localhost/shop", "host=localhost password=hunter2 swordfish",
	} {
		_, _, err := start(t.Context(), dsn)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: got %v, want an error without the password", dsn, err)
		}
	}
}
