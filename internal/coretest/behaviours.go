package coretest

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// Behaviour is a check of the core that must pass on every store. Its name begins
// with the rows of the standards that it checks.
type Behaviour struct {
	Name string
	run  func(t *testing.T, s Shared)
}

// Shared are two stores on one empty database, as two processes would open
// them.
type Shared struct {
	One, Other stores.Store
	Hooks      Hooks

	// Writers is the number of requests that update one counter at once. The cost
	// grows with its square. The default is 64.
	Writers int
}

// Behaviours are all behaviours of this package.
var Behaviours = append([]Behaviour{
	{"R1 a life", aLife},
	{"R5 the ready-made operations", ownSessions},
	{"R6 limit 5 with 50 parallel logins", limitRace},
	{"R2 revoke-all racing 50 logins", revokeRace},
	{"R2 a start that began before a revocation", lateStart},
	{"R17 the sessions of one sign-in at the provider", revokeWhere},
	{"R11 save racing destroy loses", resurrection},
	{"R11 one of 64 callbacks takes the session", func(t *testing.T, s Shared) { Take(t, s.One, s.Other) }},
	{"X1 parallel updates lose nothing", counting},
	{"R1 R2 R11 a session that ends meanwhile", func(t *testing.T, s Shared) { Meanwhile(t, s) }},
}, secureBehaviours...)

// Run checks the behaviour.
func (b Behaviour) Run(t *testing.T, s Shared) {
	t.Helper()
	t.Run(b.Name, func(t *testing.T) { b.run(t, s) })
}

// serve returns an API on each of the stores, and the manager of the second.
func (s Shared) serve(t *testing.T, opts *humasess.Options[User]) (one, other http.Handler, admin *humasess.Manager[User]) {
	t.Helper()
	one, _ = Serve(t, s.One, opts, s.Hooks)
	other, admin = Serve(t, s.Other, opts, s.Hooks)
	return one, other, admin
}

// aLife uses every operation once. A change through one store must hold for the
// next request through the other.
func aLife(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, nil)
	a, b, bob := SignIn(t, one, "ada"), SignIn(t, other, "ada"), SignIn(t, one, "bob")
	for want := range 3 {
		if got := N(t, Do(t, a, "POST", "/bump", 200)); got != want+1 {
			t.Errorf("counter: got %d, want %d", got, want+1)
		}
	}
	if got := N(t, Do(t, Move(a, other), "GET", "/me", 200)); got != 3 {
		t.Errorf("counter on the other: got %d, want 3", got)
	}
	if got := Do(t, b, "POST", "/list", 200); got != "2" {
		t.Errorf("list: got %s sessions, want 2", got)
	}
	before := a.Clone()
	Do(t, a, "POST", "/renew", 200)
	if before.Cookie(CookieName) == a.Cookie(CookieName) {
		t.Error("renew: got the same token")
	}
	Do(t, a, "GET", "/me", 200)
	Do(t, Move(a, other), "GET", "/me", 200)
	if got := Do(t, a, "POST", "/revoke-others", 200); got != "1" {
		t.Errorf("revoke others: got %s, want 1", got)
	}
	Do(t, b, "GET", "/me", 401)
	Do(t, a, "GET", "/me", 200)
	former := a.Clone()
	Do(t, a, "POST", "/rename?name=eve", 204)
	Do(t, Move(a, other), "GET", "/me", 200)
	Do(t, Move(former, other), "GET", "/me", 401)
	old := a.Clone()
	Do(t, a, "POST", "/logout", 200)
	Do(t, Move(old, other), "GET", "/me", 401)
	Do(t, bob, "GET", "/me", 200)
	Do(t, Move(bob, other), "POST", "/revoke-all", 200)
	Do(t, bob, "GET", "/me", 401)
}

func limitRace(t *testing.T, s Shared) {
	one, other, admin := s.serve(t, &humasess.Options[User]{MaxPerIdentity: 5})
	clients := make([]*humasesstest.Client, 50)
	Together(len(clients), func(i int) { clients[i] = SignIn(t, []http.Handler{one, other}[i%2], "ada") })
	live := 0
	for _, c := range clients {
		if c.Do("GET", "/me", nil).Code == http.StatusOK {
			live++
		}
	}
	listed, err := admin.List(t.Context(), "ada")
	if live != 5 || len(listed) != 5 || err != nil {
		t.Errorf("got %d live, %d listed, error %v, want 5 and 5", live, len(listed), err)
	}
}

// revokeRace revokes an identity on one store while 50 clients sign in on the
// other. If a busy store is too slow to tell the order, the core rightly answers 503
// to a client, and the race is repeated.
func revokeRace(t *testing.T, s Shared) {
	const most = 10
	for round := 1; !revokeRaceDecided(t, s); round++ {
		if round == most {
			t.Fatalf("the core was undecided in each of %d races", most)
		}
	}
}

func revokeRaceDecided(t *testing.T, s Shared) bool {
	t.Helper()
	one, _, admin := s.serve(t, nil)
	type login struct {
		client          *humasesstest.Client
		returned, began bool // returned before the revocation, began after it
		ok, undecided   bool
	}
	logins := make([]login, 50)
	var revoking, revoked atomic.Bool
	var finished atomic.Int64
	Together(len(logins)+1, func(i int) {
		if i == len(logins) {
			for finished.Load() < 5 { // so that the revocation falls between the sign-ins
				SignIn(t, one, "bob")
			}
			revoking.Store(true)
			if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
			revoked.Store(true)
			return
		}
		l := &logins[i]
		l.client = humasesstest.NewClient(one)
		l.began = revoked.Load()
		code := l.client.Do("POST", "/login?name=ada", nil).Code
		l.ok, l.undecided = code == http.StatusNoContent, code == http.StatusServiceUnavailable
		l.returned = !revoking.Load()
		finished.Add(1)
	})
	live, decided := 0, true
	for i, l := range logins {
		decided = decided && (!l.began || !l.undecided)
		alive := l.client.Do("GET", "/me", nil).Code == http.StatusOK
		if alive {
			live++
		}
		switch {
		case l.returned && alive:
			t.Errorf("login %d returned before the revocation, and is alive", i)
		case l.began && !l.undecided && (!l.ok || !alive):
			t.Errorf("login %d began after the revocation: signed in %v, alive %v, want both", i, l.ok, alive)
		case alive && !l.ok:
			t.Errorf("login %d was refused, and is alive", i)
		}
	}
	listed, err := admin.List(t.Context(), "ada")
	if len(listed) != live || err != nil {
		t.Errorf("got %d listed and error %v, want %d", len(listed), err, live)
	}
	if decided {
		Do(t, SignIn(t, one, "ada"), "GET", "/me", 200)
	}
	return decided
}

// lateStart revokes an identity while the handler of a sign-in runs. If the calls of
// a busy store take longer than the time between the begin of the request and the
// revocation, the core cannot tell which came first, and rightly answers 503.
func lateStart(t *testing.T, s Shared) {
	_, admin := Serve(t, s.Other, nil, s.Hooks)
	patiently(t, time.Millisecond, func(since time.Duration) bool {
		hooks := s.Hooks
		hooks.Login = func() {
			time.Sleep(since)
			if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
		}
		handler, _ := Serve(t, s.One, nil, hooks)
		c := humasesstest.NewClient(handler)
		w := c.Do("POST", "/login?name=ada", nil)
		if got := c.Cookie(CookieName); got != "" {
			t.Errorf("got cookie %q, want none", got)
		}
		if listed, err := admin.List(t.Context(), "ada"); len(listed) != 0 || err != nil {
			t.Errorf("got %d sessions and error %v, want none", len(listed), err)
		}
		if w.Code == http.StatusServiceUnavailable {
			return false
		}
		if w.Code != http.StatusUnauthorized {
			t.Errorf("login: got %d %s, want 401", w.Code, w.Body)
		}
		return true
	})
}

// revokeWhere ends sessions that a function chooses. The counter stands for the sid of
// a sign-in at an identity provider.
func revokeWhere(t *testing.T, s Shared) {
	one, other, admin := s.serve(t, nil)
	a, b, bob := SignIn(t, one, "ada"), SignIn(t, other, "ada"), SignIn(t, one, "bob")
	Do(t, a, "POST", "/bump", 200)
	Do(t, bob, "POST", "/bump", 200)
	n, err := admin.RevokeWhere(t.Context(), "ada", func(i humasess.Info[User]) bool { return i.Data.N == 1 })
	if n != 1 || err != nil {
		t.Errorf("got %d revoked and error %v, want 1", n, err)
	}
	Do(t, a, "GET", "/me", 401)
	Do(t, b, "GET", "/me", 200)
	var asked []int
	n, err = admin.RevokeWhere(t.Context(), "ada", func(i humasess.Info[User]) bool {
		if asked = append(asked, i.Data.N); len(asked) == 1 {
			Do(t, Move(b, one), "POST", "/bump", 200)
		}
		return true
	})
	if n != 1 || err != nil || !slices.Equal(asked, []int{0, 1}) {
		t.Errorf("a change meanwhile: got %d revoked, error %v and counters %v, want 1 and the old and the new counter", n, err, asked)
	}
	Do(t, b, "GET", "/me", 401)
	Do(t, bob, "GET", "/me", 200)
}

func resurrection(t *testing.T, s Shared) {
	other, _ := Serve(t, s.Other, nil, s.Hooks)
	var end func()
	hooks := s.Hooks
	hooks.Bump = func() { end() }
	one, _ := Serve(t, s.One, nil, hooks)
	for name, path := range map[string]string{"destroyed": "/logout", "revoked": "/revoke-all"} {
		c := SignIn(t, other, "ada")
		slow, again := Move(c, one), Move(c, one)
		end = func() { Do(t, c, "POST", path, 200) }
		w := slow.Do("POST", "/bump", nil)
		if w.Code != http.StatusUnauthorized || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: got %d and cookie %q, want 401 and none", name, w.Code, w.Header().Get("Set-Cookie"))
		}
		Do(t, again, "GET", "/me", 401)
	}
}

func counting(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, nil)
	c := SignIn(t, one, "ada")
	writers := cmp.Or(s.Writers, 64)
	Together(writers, func(i int) { Do(t, Move(c, []http.Handler{one, other}[i%2]), "POST", "/bump", 200) })
	if got := N(t, Do(t, c, "GET", "/me", 200)); got != writers {
		t.Errorf("got %d, want %d", got, writers)
	}
}
