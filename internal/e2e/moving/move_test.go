package moving_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/moving"
	"github.com/humasess/sessions/stores/memory"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	ours = "__Host-id"
)

func noGrace(s *moving.Settings) { s.Grace = -1 }

// TestMove takes a browser from its old session to ours and signs out.
func TestMove(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l, noGrace)
		b := l.signedIn(t)
		copied := b.cookie(l)
		r.want("first request", b.do(get, r.url+"/me"), 200, b.user, ours)
		r.wantSessions("first request", 1)
		r.want("second request", b.do(get, r.url+"/me"), 200, b.user, "-"+l.cookie.Name)
		if b.cookie(l) != "" {
			t.Error("the browser still has the old cookie")
		}
		r.want("copied cookie", thief(t, l, copied).do(get, r.url+"/me"), 401, "")
		r.want("third request", b.do(post, r.url+"/note"), 200, b.user)
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+ours)
		r.want("after the logout", b.do(get, r.url+"/me"), 401, "")
		r.want("copied cookie after the logout", thief(t, l, copied).do(get, r.url+"/me"), 401, "")
		r.wantSessions("after the logout", 0)
		if got := r.move.Moved.Load(); got != 1 {
			t.Errorf("got %d moved sessions, want 1", got)
		}
	})
}

// TestFirstRequestIsLogout signs out by an old cookie alone, and right after the move.
func TestFirstRequestIsLogout(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		for _, path := range []string{"/logout", "/sign-out"} {
			b := l.signedIn(t)
			copied := b.cookie(l)
			r.want(path, b.do(post, r.url+path), 204, "", "-"+l.cookie.Name)
			r.want(path+" and the copied cookie", thief(t, l, copied).do(get, r.url+"/me"), 401, "")
			b = l.signedIn(t)
			copied = b.cookie(l)
			r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
			r.want(path+" within the grace", b.do(post, r.url+path), 204, "", "-"+l.cookie.Name, "-"+ours)
			r.want(path+" and the copied cookie", thief(t, l, copied).do(get, r.url+"/me"), 401, "")
		}
	})
}

// TestFirstRequests are of several kinds.
func TestFirstRequests(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		for _, tt := range []struct {
			method, path string
			want         int
			set          []string
		}{
			{get, "/me", 200, []string{ours}},
			{get, "/home", 200, []string{ours}},
			{get, "/session", 200, []string{ours}},
			{post, "/note", 200, []string{ours}},
			{get, "/missing", 404, nil},
			{post, "/transfer", 401, nil},
		} {
			r := newRig(t, l)
			b := l.signedIn(t)
			r.want(tt.path, b.do(tt.method, r.url+tt.path), tt.want, "", tt.set...)
			r.wantSessions(tt.path, len(tt.set))
			r.want("then", b.do(post, r.url+"/note"), 200, b.user, map[bool][]string{true: {ours}}[tt.set == nil]...)
			r.want("step-up", b.do(post, r.url+"/transfer"), map[bool]int{true: 403, false: 204}[l.ageless], "")
		}
	})
}

// TestParallelPage loads a page of five parts, from one process and from two.
func TestParallelPage(t *testing.T) {
	shared := moving.ClaimInRedis(redisClient(t))
	eachLibrary(t, func(t *testing.T, l library) {
		for _, tt := range []struct {
			name  string
			claim func(context.Context, string) bool
			want  int // sessions of ours
		}{
			{"one process", moving.ClaimOnce(), 1},
			{"two processes", shared, 1},
			{"without claims", func(context.Context, string) bool { return true }, 5},
		} {
			t.Run(tt.name, func(t *testing.T) {
				store := humasesstest.Wrap(memory.New(nil))
				var all sync.WaitGroup
				all.Add(5)
				process := func() *rig {
					r := newRig(t, l, func(s *moving.Settings) { s.Claim, s.Store = tt.claim, store })
					r.meet = func() { all.Done(); all.Wait() }
					return r
				}
				one, two := process(), process()
				b := l.signedIn(t)
				var wg sync.WaitGroup
				for i := range 5 {
					url := []string{one.url, two.url}[i%2]
					if tt.name == "one process" {
						url = one.url
					}
					wg.Go(func() {
						if got := b.do(get, url+"/part"); got.status != 200 || got.body != b.user {
							t.Errorf("part %d: got %+v, want 200", i, got)
						}
					})
				}
				wg.Wait()
				one.wantSessions("five requests", tt.want)
				one.want("next", b.do(get, one.url+"/me"), 200, b.user)
			})
		}
	})
}

// TestStoresFail has both stores down.
func TestStoresFail(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l, func(s *moving.Settings) { s.Claim = moving.ClaimOnce() })
		b := l.signedIn(t)
		r.store.Fail(humasesstest.OpCreate, errors.New("down"))
		r.want("our store is down", b.do(post, r.url+"/note"), 503, "")
		r.store.Fail(humasesstest.OpCreate, nil)
		if b.cookie(l) == "" {
			t.Fatal("the old cookie has gone")
		}
		r.users.failWith(errors.New("down"))
		r.want("users are down", b.do(post, r.url+"/note"), 503, "")
		r.users.failWith(nil)
		r.want("up again", b.do(post, r.url+"/note"), 200, b.user, ours)
		if l.fail == nil {
			return
		}
		l.fail()
		r.want("the old store is down, for a client with both cookies", b.do(get, r.url+"/me"), 200, b.user)
		r.want("logout", b.do(post, r.url+"/logout"), 503, "")
		if b.cookie(l) == "" {
			t.Error("the old cookie has gone")
		}
		old := thief(t, l, b.cookie(l))
		r.want("the old store is down, for a client with the old cookie", old.do(get, r.url+"/me"), 503, "")
		if old.cookie(l) == "" {
			t.Error("the old cookie has gone")
		}
	})
}
