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
func thief() fault {
	return fault{name: "thief renews while the user is revoked", do: func(t *testing.T, r *run) {
		t.Helper()
		for i := range 6 {
			r.steal(t, fmt.Sprintf("victim%d", i))
		}
	}}
}

func (r *run) steal(t *testing.T, name string) {
	t.Helper()
	login := r.send(http.MethodPost, "/login?name="+name, "")
	if !login.ok() {
		r.violatedf("%d to a login", login.status)
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
	time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
	if !r.revoke(name) {
		r.violatedf("a revocation failed")
	}
	stop()
	loops.Wait()
	again := r.send(http.MethodPost, "/login?name="+name, "")
	if !again.ok() {
		r.violatedf("%d to a login after a revocation", again.status)
	}
	for _, token := range tokens {
		r.wantDead(token)
	}
	if a := r.send(http.MethodGet, "/me", again.token); again.ok() && !a.ok() {
		r.violatedf("%d to the user who signed in after a revocation", a.status)
	}
}

// signInAgain signs users in right after they were revoked. A revocation that was
// acknowledged came before, so none may be refused.
func signInAgain(long time.Duration) fault {
	return fault{name: "users sign in right after they were revoked", do: func(t *testing.T, r *run) {
		t.Helper()
		begin := time.Now()
		var loops sync.WaitGroup
		for i := range 6 {
			loops.Go(func() {
				c := client{run: r, name: fmt.Sprintf("again%d", i), random: rand.New(rand.NewPCG(uint64(i), 2))}
				for time.Since(begin) < long {
					c.revokeAndLogin()
				}
			})
		}
		loops.Wait()
	}}
}

// hangUps sends requests whose clients do not wait for the answer. They have a token that
// has ended, so anybody can make them. Connections counts those that were ever made to the
// store, or is nil.
func hangUps(long time.Duration, connections func(*testing.T) int) fault {
	return fault{name: "clients hang up, in 16 loops", do: func(t *testing.T, r *run) {
		t.Helper()
		login := r.send(http.MethodPost, "/login?name=gone", "")
		r.send(http.MethodPost, "/logout", login.token)
		// A connection that such a request has begun must not fail another client's.
		gone := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4 * clients}}
		defer gone.CloseIdleConnections()
		before, made := r.events(t, "store_failed"), 0
		if connections != nil {
			made = connections(t)
		}
		ctx, stop := context.WithTimeout(context.Background(), long)
		defer stop()
		var loops sync.WaitGroup
		for range 16 {
			loops.Go(func() {
				for ctx.Err() == nil {
					short, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(2000))*time.Microsecond)
					r.abandon(short, gone, login.token)
					cancel()
				}
			})
		}
		loops.Wait()
		if n := r.events(t, "store_failed") - before; n > 0 {
			r.violatedf("clients that hang up are %d failures of the store", n)
		}
		if connections == nil {
			return
		}
		time.Sleep(time.Second) // until the server has counted them
		if n := connections(t) - made; n > 50 {
			r.violatedf("clients that hang up cost %d connections", n)
		}
	}}
}

// abandon sends a request that ends with its context.
func (r *run) abandon(ctx context.Context, gone *http.Client, token string) {
	p := r.processes[rand.IntN(len(r.processes))]
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/me", http.NoBody)
	if err != nil {
		return
	}
	request.Header.Set("Cookie", cookieName+"="+token)
	if response, err := gone.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// events returns the number of events of one kind and reason at both processes.
func (r *run) events(t *testing.T, series string) int64 {
	t.Helper()
	var n int64
	for _, p := range r.processes {
		n += p.stats(t).Events[series]
	}
	return n
}
