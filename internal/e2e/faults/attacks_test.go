//go:build unix

package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// thief signs in as the user does, and calls revoke-others in a loop while the user is
// revoked. Afterwards no token that a thief ever got may open anything, and the user
// can sign in.
func thief(rounds int) fault {
	return fault{name: "thief renews while the user is revoked", do: func(t *testing.T, r *run) {
		t.Helper()
		for i := range rounds {
			r.steal(t, fmt.Sprintf("victim%d", i))
		}
	}}
}

func (r *run) steal(t *testing.T, name string) {
	t.Helper()
	login := r.send(http.MethodPost, "/login?name="+name, "")
	if !login.ok() {
		r.violated("%d to a login", login.status)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	var mu sync.Mutex
	tokens := []string{login.token}
	var loops sync.WaitGroup
	for range 3 {
		loops.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				token := tokens[len(tokens)-1]
				mu.Unlock()
				if a := r.send(http.MethodPost, "/others", token); a.token != "" {
					mu.Lock()
					tokens = append(tokens, a.token)
					mu.Unlock()
				}
			}
		})
	}
	time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond) //nolint:gosec // a time of a test
	if !r.revoke(name) {
		r.violated("a revocation failed")
	}
	stop()
	loops.Wait()
	again := r.send(http.MethodPost, "/login?name="+name, "")
	if !again.ok() {
		r.violated("%d to a login after a revocation", again.status)
	}
	for _, token := range tokens {
		r.wantDead(token)
	}
	if a := r.send(http.MethodGet, "/me", again.token); again.ok() && !a.ok() {
		r.violated("%d to the user who signed in after a revocation", a.status)
	}
}

// hangUps sends requests whose clients do not wait for the answer. They have a token that
// has ended, so anybody can make them.
func hangUps(long time.Duration) fault {
	return fault{name: "clients hang up, in 16 loops", do: func(t *testing.T, r *run) {
		t.Helper()
		login := r.send(http.MethodPost, "/login?name=gone", "")
		r.send(http.MethodPost, "/logout", login.token)
		before := r.storeFailures(t)
		ctx, stop := context.WithTimeout(context.Background(), long)
		defer stop()
		var loops sync.WaitGroup
		for range 16 {
			loops.Go(func() {
				for ctx.Err() == nil {
					short, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(2000))*time.Microsecond) //nolint:gosec // a time of a test
					r.abandon(short, login.token)
					cancel()
				}
			})
		}
		loops.Wait()
		if n := r.storeFailures(t) - before; n > 0 {
			r.violated("clients that hang up are %d failures of the store", n)
		}
	}}
}

// abandon sends a request that ends with its context.
func (r *run) abandon(ctx context.Context, token string) {
	p := r.processes[rand.IntN(len(r.processes))] //nolint:gosec // a choice of a test
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/me", http.NoBody)
	if err != nil {
		return
	}
	request.Header.Set("Cookie", cookieName+"="+token)
	if response, err := r.http.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// storeFailures returns the number of events that say that the store failed.
func (r *run) storeFailures(t *testing.T) int64 {
	t.Helper()
	var n int64
	for _, p := range r.processes {
		n += p.stats(t).Events["store_failed"]
	}
	return n
}
