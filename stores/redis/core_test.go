package redis_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/redis"
)

// TestCore shows that what the core promises holds on every form of Redis.
func TestCore(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			client := dial(t, server)
			for _, b := range behaviours {
				t.Run(b.name, func(t *testing.T) { b.run(t, open(t, client), server) })
			}
		})
	}
}

var behaviours = []struct {
	name string
	run  func(t *testing.T, store *redis.Store, server *servertest.Redis)
}{
	{"R1 a life", aLife},
	{"R6 limit 5 with 50 parallel logins", limitRace},
	{"R2 revoke-all racing 50 logins", revokeRace},
	{"R2 a start that began before a revocation", lateStart},
	{"R11 save racing destroy loses", resurrection},
	{"X1 parallel updates lose nothing", counting},
	{"T8 identity change between any two servers", identityChange},
}

func aLife(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	handler, _ := serve(t, store, nil, hooks{})
	a, b, other := humasesstest.NewClient(handler), humasesstest.NewClient(handler), humasesstest.NewClient(handler)
	do(t, a, "GET", "/me", 401)
	do(t, a, "POST", "/login?name=ada", 204)
	do(t, b, "POST", "/login?name=ada", 204)
	do(t, other, "POST", "/login?name=bob", 204)
	for want := range 3 {
		if got := n(t, do(t, a, "POST", "/bump", 200)); got != want+1 {
			t.Errorf("counter: got %d, want %d", got, want+1)
		}
	}
	if got := do(t, a, "POST", "/list", 200); got != "2" {
		t.Errorf("list: got %s sessions, want 2", got)
	}
	before := a.Clone()
	do(t, a, "POST", "/renew", 200)
	if before.Cookie(humasess.DefaultCookieName) == a.Cookie(humasess.DefaultCookieName) {
		t.Error("renew: got the same token")
	}
	do(t, a, "GET", "/me", 200)
	do(t, a, "GET", "/me", 200)
	if got := do(t, a, "POST", "/revoke-others", 200); got != "1" {
		t.Errorf("revoke others: got %s, want 1", got)
	}
	do(t, b, "GET", "/me", 401)
	do(t, a, "GET", "/me", 200)
	old := a.Clone()
	do(t, a, "POST", "/logout", 200)
	do(t, old, "GET", "/me", 401)
	do(t, other, "GET", "/me", 200)
	do(t, other, "POST", "/revoke-all", 200)
	do(t, other, "GET", "/me", 401)
}

// together runs f in n goroutines that start at the same time.
func together(n int, f func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() { <-start; f(i) })
	}
	close(start)
	done.Wait()
}

func limitRace(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	handler, sessions := serve(t, store, &humasess.Options[user]{MaxPerIdentity: 5}, hooks{})
	clients := make([]*humasesstest.Client, 50)
	together(len(clients), func(i int) {
		clients[i] = humasesstest.NewClient(handler)
		do(t, clients[i], "POST", "/login?name=ada", 204)
	})
	live := 0
	for _, c := range clients {
		if c.Do("GET", "/me", nil).Code == http.StatusOK {
			live++
		}
	}
	listed, err := sessions.List(t.Context(), "ada")
	if live != 5 || len(listed) != 5 || err != nil {
		t.Errorf("got %d live, %d listed, error %v, want 5 and 5", live, len(listed), err)
	}
}

func revokeRace(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	handler, sessions := serve(t, store, nil, hooks{})
	type login struct {
		client          *humasesstest.Client
		returned, began bool // relative to the revocation
		ok, known       bool
	}
	logins := make([]login, 51)
	var revoking, revoked atomic.Bool
	together(len(logins), func(i int) {
		l := &logins[i]
		if i == 25 {
			revoking.Store(true)
			if _, err := sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
			revoked.Store(true)
			return
		}
		l.client, l.known = humasesstest.NewClient(handler), true
		l.began = revoked.Load()
		l.ok = l.client.Do("POST", "/login?name=ada", nil).Code == http.StatusNoContent
		l.returned = !revoking.Load()
	})
	live := 0
	for i, l := range logins {
		if !l.known {
			continue
		}
		alive := l.client.Do("GET", "/me", nil).Code == http.StatusOK
		if alive {
			live++
		}
		switch {
		case l.returned && alive:
			t.Errorf("login %d returned before the revocation, and is alive", i)
		case l.began && (!l.ok || !alive):
			t.Errorf("login %d began after the revocation: signed in %v, alive %v, want both", i, l.ok, alive)
		case alive && !l.ok:
			t.Errorf("login %d failed, and is alive", i)
		}
	}
	listed, err := sessions.List(t.Context(), "ada")
	if len(listed) != live || err != nil {
		t.Errorf("got %d listed and error %v, want %d", len(listed), err, live)
	}
}

func lateStart(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	var sessions *humasess.Manager[user]
	handler, sessions := serve(t, store, nil, hooks{login: func() {
		if _, err := sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
	}})
	c := humasesstest.NewClient(handler)
	do(t, c, "POST", "/login?name=ada", 401)
	if got := c.Cookie(humasess.DefaultCookieName); got != "" {
		t.Errorf("got cookie %q, want none", got)
	}
	if listed, err := sessions.List(t.Context(), "ada"); len(listed) != 0 || err != nil {
		t.Errorf("got %d sessions and error %v, want none", len(listed), err)
	}
}

func resurrection(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	var logout func()
	handler, _ := serve(t, store, nil, hooks{bump: func() { logout() }})
	for name, path := range map[string]string{"destroyed": "/logout", "revoked": "/revoke-all"} {
		c := humasesstest.NewClient(handler)
		do(t, c, "POST", "/login?name=ada", 204)
		old, again := c.Clone(), c.Clone()
		logout = func() { do(t, c, "POST", path, 200) }
		w := old.Do("POST", "/bump", nil)
		if w.Code != http.StatusUnauthorized || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: got %d and cookie %q, want 401 and none", name, w.Code, w.Header().Get("Set-Cookie"))
		}
		do(t, again, "GET", "/me", 401)
	}
}

func counting(t *testing.T, store *redis.Store, _ *servertest.Redis) {
	handler, _ := serve(t, store, nil, hooks{})
	c := humasesstest.NewClient(handler)
	do(t, c, "POST", "/login?name=ada", 204)
	const writers = 16
	together(writers, func(int) { do(t, c.Clone(), "POST", "/bump", 200) })
	if got := n(t, do(t, c, "GET", "/me", 200)); got != writers {
		t.Errorf("got %d, want %d", got, writers)
	}
}

// identityChange signs one session in as somebody else on every pair of
// primaries.
func identityChange(t *testing.T, store *redis.Store, server *servertest.Redis) {
	handler, sessions := serve(t, store, nil, hooks{})
	names := onEachPrimary(t, store, server)
	for from, a := range names {
		for to, b := range names {
			if from == to {
				continue
			}
			c := humasesstest.NewClient(handler)
			do(t, c, "POST", "/login?name="+a, 204)
			old := c.Clone()
			do(t, c, "POST", "/rename?name=renamed"+b, 204)
			do(t, c, "GET", "/me", 200)
			do(t, old, "GET", "/me", 401)
			do(t, c, "POST", "/login?name="+b, 204)
			do(t, c, "POST", "/bump", 200)
			if listed, err := sessions.List(t.Context(), a); len(listed) != 0 || err != nil {
				t.Errorf("%s: got %d sessions and error %v, want none", a, len(listed), err)
			}
			do(t, c, "POST", "/logout", 200)
		}
	}
}

// onEachPrimary returns one name per primary, whose sessions lie there.
func onEachPrimary(t *testing.T, store *redis.Store, server *servertest.Redis) []string {
	t.Helper()
	if len(server.Addrs) < 6 {
		return []string{"ada", "bob"}
	}
	names := make([]string, 3)
	for i, found := 0, 0; found < len(names); i++ {
		name := fmt.Sprintf("user%d", i)
		id, err := store.NewID(owner(name))
		if err != nil {
			t.Fatal(err)
		}
		slot, err := strconv.Atoi(server.Command(t, server.Addrs[0], "CLUSTER", "KEYSLOT", "{"+hex.EncodeToString(id[:4])+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if primary := slot * len(names) / 16384; names[primary] == "" {
			names[primary] = name
			found++
		}
	}
	return names
}
