package postgres_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// signInFails requires a 503 that asks the client to try again and sets no
// cookie.
func signInFails(t *testing.T, handler http.Handler) {
	t.Helper()
	w := humasesstest.NewClient(handler).Do("POST", "/login?name=ada", nil)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("got %d and headers %v, want 503 with Retry-After and no cookie", w.Code, w.Header())
	}
}

// TestUnreachable starts without a server. The error gives the address, and not
// the password.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	const password = "hunter2-secret"
	pool := dial(t, "postgres://app:"+password+"@127.0.0.1:1/shop?sslmode=disable&connect_timeout=5")
	store := postgres.New(pool, nil)
	err := store.Migrate(t.Context())
	says(t, "Migrate", err, "127.0.0.1:1")
	if err != nil && strings.Contains(err.Error(), password) {
		t.Errorf("error %q shows the password", err)
	}
	handler, _ := serve(t, store, nil, hooks{})
	signInFails(t, handler)
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	const wrong = "not-the-password"
	dsn := strings.Replace(server.With(t, "host", "127.0.0.1"), servertest.PostgresUser+"@", servertest.PostgresLocked+":"+wrong+"@", 1)
	err := postgres.New(dial(t, dsn), nil).Migrate(t.Context())
	says(t, "Migrate", err, "password")
	if err != nil && (strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), servertest.PostgresPassword)) {
		t.Errorf("error %q shows a password", err)
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	store, name := open(t, shared(t))
	handler, _ := serve(t, store, nil, hooks{})
	c := coretest.SignIn(t, handler, "ada")
	readOnly := postgres.New(dial(t, server.With(t, "default_transaction_read_only", "on")), &postgres.Options{Schema: name, SweepEvery: -1})
	_, err := add(t.Context(), readOnly, 0)
	says(t, "Create", err, "may write")
	handler, _ = serve(t, readOnly, nil, hooks{})
	do(t, coretest.Move(c, handler), "GET", "/me", 200)
	do(t, coretest.Move(c, handler), "POST", "/bump", 503)
}

// TestCrash ends the server like a crash, in the middle of writes. Acknowledged
// writes are there when it is back. Requests in between answer 503. No user is
// logged out, and the program recovers by itself.
func TestCrash(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	store, _ := open(t, dial(t, server.DSN))
	handler, _ := serve(t, store, nil, hooks{})
	const users = 8
	type tally struct {
		client   *humasesstest.Client
		ended    []*humasesstest.Client // logouts that were acknowledged
		did, may int                    // increments acknowledged, and sent
	}
	all := make([]tally, users)
	for i := range all {
		all[i].client = coretest.SignIn(t, handler, "user")
	}
	var wrote atomic.Int64 // users for whom both kinds of writes were acknowledged
	down := make(chan struct{})
	together(users+1, func(i int) {
		if i == users {
			for begin := time.Now(); wrote.Load() < users && time.Since(begin) < patience; {
				rest()
			}
			server.Stop(t) // in the middle of the next writes
			close(down)
			return
		}
		u := &all[i]
		for noted := false; ; {
			u.may++
			if w := u.client.Do("POST", "/bump", nil); w.Code == http.StatusOK {
				u.did++
			} else if w.Code != http.StatusServiceUnavailable {
				t.Errorf("bump: got %d %s, want 200 or 503", w.Code, w.Body)
			}
			c := humasesstest.NewClient(handler)
			if c.Do("POST", "/login?name=other", nil).Code == http.StatusNoContent {
				old := c.Clone()
				if c.Do("POST", "/logout", nil).Code == http.StatusOK {
					u.ended = append(u.ended, old)
				}
			}
			if !noted && u.did > 0 && len(u.ended) > 0 {
				noted = true
				wrote.Add(1)
			}
			select {
			case <-down:
				return
			default:
			}
		}
	})
	for i := range all {
		w := all[i].client.Do("GET", "/me", nil)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Set-Cookie") != "" || w.Header().Get("Retry-After") == "" {
			t.Errorf("while it is down: got %d and headers %v, want 503 with Retry-After and no cookie", w.Code, w.Header())
		}
	}
	server.Restart(t)
	logouts := 0
	for i := range all {
		u := &all[i]
		var got string
		for begin := time.Now(); ; rest() { // the pool has dead connections
			if w := u.client.Do("GET", "/me", nil); w.Code != http.StatusServiceUnavailable {
				got = w.Body.String()
				break
			}
			if time.Since(begin) > patience {
				t.Fatal("no recovery")
			}
		}
		if n := coretest.N(t, got); n < u.did || n > u.may {
			t.Errorf("user %d: counter %d, want %d to %d", i, n, u.did, u.may)
		}
		for _, old := range u.ended {
			logouts++
			if w := old.Do("GET", "/me", nil); w.Code != http.StatusUnauthorized {
				t.Errorf("acknowledged logout: got %d, want 401", w.Code)
			}
		}
	}
	if logouts == 0 || all[0].did == 0 {
		t.Errorf("got %d logouts and %d increments acknowledged, want some", logouts, all[0].did)
	}
}

// TestRights connects as the user in the manual.
func TestRights(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	pool := shared(t)
	_, name := open(t, pool)
	text, err := os.ReadFile("../../docs/postgres.md")
	if err != nil {
		t.Fatal(err)
	}
	_, grants, found := strings.Cut(string(text), "```sql\n")
	grants, _, _ = strings.Cut(grants, "```")
	if !found || !strings.Contains(grants, "GRANT") {
		t.Fatal("docs/postgres.md grants nothing")
	}
	quoted := pgx.Identifier{name}.Sanitize()
	role := name + "_app"
	app := pgx.Identifier{role}.Sanitize()
	grants = strings.NewReplacer("public", quoted, "humasess_", quoted+".humasess_", "TO app", "TO "+app).Replace(grants)
	if _, err := pool.Exec(t.Context(), "CREATE ROLE "+app+" LOGIN; "+grants); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), "DROP OWNED BY "+app+"; DROP ROLE "+app); err != nil {
			t.Error(err)
		}
	})
	db := dial(t, server.DSN, func(c *pgxpool.Config) { c.ConnConfig.User = role })
	store := postgres.New(db, &postgres.Options{Schema: name, SweepEvery: -1})
	coretest.Behaviours[0].Run(t, coretest.Shared{One: store, Other: store})
	if _, err := store.Sweep(t.Context()); err != nil {
		t.Errorf("Sweep: %v", err)
	}
}
