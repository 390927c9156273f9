package databases_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestCore shows that what the core promises holds on stores that processes
// share. One and the other are two of them.
func TestCore(t *testing.T) {
	behaviours := []struct {
		name string
		run  func(t *testing.T, p place)
	}{
		{"R1 a life", life},
		{"R6 limit 5 with 50 parallel logins leaves 5", limitRace},
		{"R2 revoke-all racing 50 logins", revokeRace},
		{"R2 a start that began before a revocation is refused", lateStart},
		{"R11 save racing destroy loses", resurrection},
		{"X1 64 parallel updates of one counter are exact", counting},
	}
	for _, k := range shared {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for _, b := range behaviours {
				t.Run(b.name, func(t *testing.T) { b.run(t, k.open(t)) })
			}
		})
	}
}

// life does everything once: what happens on one process holds on the other at
// the next request.
func life(t *testing.T, p place) {
	one, _ := api(t, p.store(t), humasess.Options[person]{}, moments{})
	other, _ := api(t, p.store(t), humasess.Options[person]{}, moments{})
	a, b, bob := login(t, one, "ada"), login(t, other, "ada"), login(t, one, "bob")
	at := func(handler http.Handler, c *humasesstest.Client) *humasesstest.Client {
		moved := humasesstest.NewClient(handler)
		moved.SetCookie(&http.Cookie{Name: humasess.DefaultCookieName, Value: c.Cookie(humasess.DefaultCookieName)})
		return moved
	}
	for want := 1; want <= 3; want++ {
		if got := ask(t, a, "POST", "/bump", 200); got != want {
			t.Errorf("counter: got %d, want %d", got, want)
		}
	}
	if got := ask(t, at(other, a), "GET", "/me", 200); got != 3 {
		t.Errorf("counter on the other: got %d, want 3", got)
	}
	if got := ask(t, b, "POST", "/list", 200); got != 2 {
		t.Errorf("list: got %d sessions, want 2", got)
	}
	old := a.Clone()
	ask(t, a, "POST", "/renew", 200)
	if old.Cookie(humasess.DefaultCookieName) == a.Cookie(humasess.DefaultCookieName) {
		t.Error("renew: got the same token")
	}
	if got := ask(t, a, "POST", "/revoke-others", 200); got != 1 {
		t.Errorf("revoke others: got %d, want 1", got)
	}
	ask(t, b, "GET", "/me", 401)
	ask(t, a, "GET", "/me", 200)
	ask(t, a, "POST", "/rename?name=eve", 200)
	ask(t, at(other, a), "GET", "/me", 200)
	gone := at(other, a)
	ask(t, a, "POST", "/logout", 200)
	ask(t, gone, "GET", "/me", 401)
	ask(t, at(other, bob), "POST", "/revoke-all", 200)
	ask(t, bob, "GET", "/me", 401)
}

// together runs f in n goroutines that start at the same time.
func together(n int, f func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	done.Wait()
}

func limitRace(t *testing.T, p place) {
	opts := humasess.Options[person]{MaxPerIdentity: 5}
	one, sessions := api(t, p.store(t), opts, moments{})
	other, _ := api(t, p.store(t), opts, moments{})
	clients := make([]*humasesstest.Client, 50)
	together(len(clients), func(i int) {
		clients[i] = login(t, []http.Handler{one, other}[i%2], "ada")
	})
	live := 0
	for _, c := range clients {
		if c.Do("GET", "/me", nil).Code == http.StatusOK {
			live++
		}
	}
	listed, err := sessions.List(t.Context(), "ada")
	if live != 5 || len(listed) != 5 || err != nil {
		t.Errorf("got %d live, %d listed and error %v, want 5 and 5", live, len(listed), err)
	}
}

// revokeRace revokes on one process while 50 clients log in on another. What
// returned before is dead, what began after is alive, and whoever was told to
// be signed in while it ran either is or was before it.
func revokeRace(t *testing.T, p place) {
	handler, sessions := api(t, p.store(t), humasess.Options[person]{}, moments{})
	_, admin := api(t, p.store(t), humasess.Options[person]{}, moments{})
	type attempt struct {
		client          *humasesstest.Client
		returned, began bool // before and after the revocation
		ok              bool
	}
	attempts := make([]attempt, 50)
	var begun, revoked atomic.Bool
	var finished atomic.Int64
	together(len(attempts)+1, func(i int) {
		if i == len(attempts) {
			for finished.Load() < 10 { // in the middle
				login(t, handler, "bob")
			}
			begun.Store(true)
			if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Errorf("RevokeIdentity: %v", err)
			}
			revoked.Store(true)
			return
		}
		a := &attempts[i]
		a.client = humasesstest.NewClient(handler)
		a.began = revoked.Load()
		a.ok = a.client.Do("POST", "/login?name=ada", nil).Code == http.StatusNoContent
		a.returned = !begun.Load()
		finished.Add(1)
	})
	live := 0
	for i, a := range attempts {
		alive := a.client.Do("GET", "/me", nil).Code == http.StatusOK
		if alive {
			live++
		}
		switch {
		case a.returned && alive:
			t.Errorf("login %d returned before the revocation, and is alive", i)
		case a.began && (!a.ok || !alive):
			t.Errorf("login %d began after the revocation: signed in %v, alive %v, want both", i, a.ok, alive)
		case alive && !a.ok:
			t.Errorf("login %d was refused, and is alive", i)
		}
	}
	listed, err := sessions.List(t.Context(), "ada")
	if len(listed) != live || err != nil {
		t.Errorf("got %d listed and error %v, want %d", len(listed), err, live)
	}
	ask(t, login(t, handler, "ada"), "GET", "/me", 200)
}

func lateStart(t *testing.T, p place) {
	_, admin := api(t, p.store(t), humasess.Options[person]{}, moments{})
	handler, _ := api(t, p.store(t), humasess.Options[person]{}, moments{checked: func() {
		if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
			t.Errorf("RevokeIdentity: %v", err)
		}
	}})
	c := humasesstest.NewClient(handler)
	ask(t, c, "POST", "/login?name=ada", 401)
	if got := c.Cookie(humasess.DefaultCookieName); got != "" {
		t.Errorf("got cookie %q, want none", got)
	}
	listed, err := admin.List(t.Context(), "ada")
	if len(listed) != 0 || err != nil {
		t.Errorf("got %d sessions and error %v, want none", len(listed), err)
	}
}

func resurrection(t *testing.T, p place) {
	other, _ := api(t, p.store(t), humasess.Options[person]{}, moments{})
	var end func()
	handler, _ := api(t, p.store(t), humasess.Options[person]{}, moments{loaded: func() { end() }})
	for _, path := range []string{"/logout", "/revoke-all"} {
		c := login(t, other, "ada")
		slow := humasesstest.NewClient(handler)
		slow.SetCookie(&http.Cookie{Name: humasess.DefaultCookieName, Value: c.Cookie(humasess.DefaultCookieName)})
		again := slow.Clone()
		end = func() { ask(t, c, "POST", path, 200) }
		w := slow.Do("POST", "/bump", nil)
		if w.Code != http.StatusUnauthorized || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: got %d and cookie %q, want 401 and none", path, w.Code, w.Header().Get("Set-Cookie"))
		}
		ask(t, again, "GET", "/me", 401)
	}
}

func counting(t *testing.T, p place) {
	one, _ := api(t, p.store(t), humasess.Options[person]{}, moments{})
	other, _ := api(t, p.store(t), humasess.Options[person]{}, moments{})
	c := login(t, one, "ada")
	moved := humasesstest.NewClient(other)
	moved.SetCookie(&http.Cookie{Name: humasess.DefaultCookieName, Value: c.Cookie(humasess.DefaultCookieName)})
	const writers = 64
	together(writers, func(i int) {
		ask(t, []*humasesstest.Client{c, moved}[i%2].Clone(), "POST", "/bump", 200)
	})
	if got := ask(t, moved, "GET", "/me", 200); got != writers {
		t.Errorf("got %d, want %d", got, writers)
	}
}
