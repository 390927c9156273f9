package redis_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/redis/rueidis"
)

// recovery bounds how long tests wait for a fail-over. A sentinel that a busy
// machine has stopped for two seconds does nothing for the next thirty.
const recovery = 2 * time.Minute

// TestPrimaryKilled kills a primary under load. Requests answer 503 until a
// replica has taken over. No user is logged out whose session had been
// replicated.
func TestPrimaryKilled(t *testing.T) {
	t.Parallel()
	for _, f := range []form{
		{"sentinel", servertest.StartRedisSentinel},
		{"cluster", servertest.StartRedisCluster},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			store := open(t, dial(t, server, func(o *rueidis.ClientOption) {
				o.Dialer.Timeout, o.ConnWriteTimeout = time.Second, time.Second
			}))
			handler, _ := serve(t, store, nil, hooks{})
			const users = 16
			clients := make([]*humasesstest.Client, users)
			for i := range clients {
				clients[i] = humasesstest.NewClient(handler)
				do(t, clients[i], "POST", fmt.Sprintf("/login?name=user%d", i), 204)
			}
			primaries := 1
			if len(server.Sentinels) == 0 {
				primaries = len(server.Addrs) / 2
			}
			for _, addr := range server.Addrs[:primaries] {
				server.Command(t, addr, "WAIT", "1", "1000")
			}

			var killed atomic.Bool
			var mu sync.Mutex
			answers := map[int]int{}
			lost, ended := 0, map[int]bool{}
			begin, last := time.Now(), time.Time{} // of a 503
			together(users, func(i int) {
				c := clients[i]
				// All clients read and write until requests succeed again; a
				// third of them sign in and out repeatedly.
				for good := 0; good < 10; {
					if time.Since(begin) > recovery {
						t.Errorf("user %d: no recovery", i)
						return
					}
					if i == 0 && time.Since(begin) > 200*time.Millisecond && !killed.Load() {
						server.Kill(t, server.Addrs[0])
						killed.Store(true)
					}
					method, path := http.MethodGet, "/me"
					if good%2 == 1 {
						method, path = http.MethodPost, "/bump"
					}
					w := c.Do(method, path, nil)
					mu.Lock()
					answers[w.Code]++
					switch {
					case w.Code == http.StatusServiceUnavailable:
						last, good = time.Now(), 0
						if w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" {
							t.Errorf("503: got headers %v, want Retry-After and no cookie", w.Header())
						}
					case w.Code == http.StatusUnauthorized:
						lost++
						good = 10
						ended[i] = true
					case killed.Load():
						good++
					}
					mu.Unlock()
					rest()
				}
			})
			if answers[http.StatusServiceUnavailable] == 0 {
				t.Error("got no 503, although a primary died")
			}
			if lost > 0 {
				t.Errorf("%d users were logged out", lost)
			}
			for status := range answers {
				switch status {
				case http.StatusOK, http.StatusServiceUnavailable, http.StatusUnauthorized, http.StatusConflict:
				default:
					t.Errorf("got status %d", status)
				}
			}
			t.Logf("answers %v, recovered %v after the kill", answers, last.Sub(begin)-200*time.Millisecond)
			do(t, humasesstest.NewClient(handler), "POST", "/login?name=later", 204)
		})
	}
}

// TestLogoutsLostByFailover measures how many logouts a fail-over may undo.
func TestLogoutsLostByFailover(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedisSentinel(t)
	store := open(t, dial(t, server, func(o *rueidis.ClientOption) {
		o.Dialer.Timeout, o.ConnWriteTimeout = time.Second, time.Second
	}))
	handler, _ := serve(t, store, nil, hooks{})
	var acknowledged []*humasesstest.Client
	var mu sync.Mutex
	var stop atomic.Bool
	together(9, func(i int) {
		if i == 8 {
			for {
				mu.Lock()
				enough := len(acknowledged) >= 500
				mu.Unlock()
				if enough {
					break
				}
				rest()
			}
			server.Kill(t, server.Addrs[0])
			stop.Store(true)
			return
		}
		for !stop.Load() {
			c := humasesstest.NewClient(handler)
			if c.Do("POST", fmt.Sprintf("/login?name=user%d", i), nil).Code != http.StatusNoContent {
				rest()
				continue
			}
			old := c.Clone()
			if c.Do("POST", "/logout", nil).Code == http.StatusOK {
				mu.Lock()
				acknowledged = append(acknowledged, old)
				mu.Unlock()
			}
		}
	})
	back := 0
	for begin := time.Now(); ; {
		if time.Since(begin) > recovery {
			t.Fatal("no recovery")
		}
		if w := humasesstest.NewClient(handler).Do("POST", "/login?name=probe", nil); w.Code == http.StatusNoContent {
			break
		}
		rest()
	}
	for _, c := range acknowledged {
		if w := c.Do("GET", "/me", nil); w.Code == http.StatusOK {
			back++
		} else if !strings.Contains(w.Body.String(), "session") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	}
	t.Logf("%d of %d acknowledged logouts were undone by the fail-over", back, len(acknowledged))
	if back > 100 {
		t.Errorf("got %d logouts undone, want those in the last milliseconds only", back)
	}
}
