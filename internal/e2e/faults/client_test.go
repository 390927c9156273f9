//go:build unix

package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// cookieName is that of humasess' default cookie.
const cookieName = "__Host-id"

// clientPatience is how long a client waits for an answer. No answer takes as long.
const clientPatience = 10 * time.Second

// client is one user with one session at a time. It remembers each answer that it got,
// and checks all later answers against it.
type client struct {
	run    *run
	name   string
	random *rand.Rand

	token string // "" before the login
	acked int    // changes of this session that were acknowledged
	tried int    // changes that may have happened or may still happen

	// unsure is set when an answer left open whether the session ends or gets another
	// token, perhaps later.
	unsure bool
	last   string // the last request that was answered
	// refusedLogin is set when the last login was refused because of a clock.
	refusedLogin bool
}

// answer is a response, or an error of the network.
type answer struct {
	status int // 0 without a response
	token  string
	body   account
	err    error
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// open reports whether the client cannot know if the request had an effect.
func (a answer) open() bool { return a.status == 0 || a.status == http.StatusServiceUnavailable }

// send makes a request with a token, at one of the two processes, and checks all that
// is true of every response.
func (r *run) send(method, path, token string) answer {
	return r.sendTo(r.processes[rand.IntN(len(r.processes))], method, path, token)
}

func (r *run) sendTo(p *process, method, path, token string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), clientPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, http.NoBody)
	if err != nil {
		panic(err)
	}
	if token != "" {
		request.Header.Set("Cookie", cookieName+"="+token)
	}
	begin := time.Now()
	response, err := r.http.Do(request)
	took := time.Since(begin)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			r.violatedf("no answer to %s within %v", path, clientPatience)
			r.hangs.Store(true)
		} else if !r.fault.kills && !p.isDown() {
			r.violatedf("%s: %v", path, err)
		}
		return answer{err: err}
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	a := answer{status: response.StatusCode}
	_ = json.Unmarshal(body, &a.body)
	deleted := false
	for _, c := range response.Cookies() {
		if c.Name == cookieName {
			a.token = c.Value
			deleted = c.Value == "" || c.MaxAge < 0
		}
	}
	r.count(a, took)
	switch {
	case a.status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "":
		r.violatedf("503 to %s without Retry-After", path)
	case a.status > 500 && a.status != http.StatusServiceUnavailable, a.status == 500:
		r.violatedf("%d to %s: %s", a.status, path, body)
	case deleted && a.open():
		r.violatedf("%d to %s deletes the cookie", a.status, path)
	}
	if deleted {
		a.token = ""
	}
	return a
}

// step makes one request, or two at once.
func (c *client) step() {
	if c.token == "" {
		c.login()
		return
	}
	switch n := c.random.IntN(100); {
	case n < 40:
		c.read()
	case n < 64:
		c.bump()
	case n < 72:
		c.bumpTwice()
	case n < 76:
		c.login()
	case n < 80:
		c.change("/fresh")
	case n < 84:
		c.change("/others")
	case n < 88:
		c.logout()
	case n < 92:
		c.logoutBesideBump()
	case n < 95:
		c.revokeAndLogin()
	default:
		c.run.checkDead(c.random)
	}
}

// login starts a session, over the present one if there is one.
func (c *client) login() {
	calm := c.run.calm()
	a := c.run.send(http.MethodPost, "/login?name="+url.QueryEscape(c.name), c.token)
	defer func() { c.last = "a login" }()
	switch {
	case a.ok() && a.token != "":
		c.bury(c.token)
		c.token, c.acked, c.tried = a.token, 0, 0
		c.settle(calm)
		c.refusedLogin = false
	case a.ok():
		c.run.violatedf("a login without a cookie")
	case a.open():
		c.unsure = true
	case c.unsure && (a.status == http.StatusUnauthorized || a.status == http.StatusConflict):
		// A revocation without an answer came after the login had begun.
	case c.run.fault.refusesOnce && a.status == http.StatusUnauthorized && !c.refusedLogin:
		c.refusedLogin = true
	default:
		c.run.violatedf("%d to a login after %s", a.status, c.last)
	}
}

func (c *client) read() {
	calm := c.run.calm()
	a := c.run.send(http.MethodGet, "/me", c.token)
	switch {
	case a.ok():
		c.saw(a.body)
		c.settle(calm)
	case a.open():
	default:
		c.refused(a, "a read")
	}
}

// settle notes that the state of the session is known, if no call from before the end of
// the fault can change it any more.
func (c *client) settle(calm bool) {
	if calm {
		c.unsure = false
	}
}

// saw checks data that the session holds now.
func (c *client) saw(data account) {
	switch {
	case data.Name != c.name:
		c.run.violatedf("wrong user: got %s, want %s", data.Name, c.name)
	case data.N < c.acked:
		c.run.lost.Add(1)
		c.run.lostByStoref("lost: got %d changes, %d were acknowledged", data.N, c.acked)
		c.acked = data.N
	case data.N > c.tried:
		c.run.violatedf("got %d changes, %d were made", data.N, c.tried)
	}
	c.acked = max(c.acked, data.N)
}

// refused handles an answer that says that there is no session.
func (c *client) refused(a answer, request string) {
	switch {
	case a.status != http.StatusUnauthorized:
		c.run.violatedf("%d to %s", a.status, request)
	case c.unsure && !c.run.fault.decided:
		c.run.unknown.Add(1)
	case c.run.fault.forgets != "", c.run.fault.mayLose != "":
		c.run.forgotten.Add(1)
	default:
		c.run.violatedf("signed out: 401 to %s", request)
	}
	c.bury(c.token)
	c.token = ""
}

func (c *client) bump() {
	c.tried++
	a := c.run.send(http.MethodPost, "/bump", c.token)
	c.bumped(a)
}

// keep takes the token of a change: a session that is in its cookie has a new one.
func (c *client) keep(a answer) {
	if a.token != "" {
		c.token = a.token
	}
}

func (c *client) bumped(a answer) {
	switch {
	case a.ok():
		c.acked++
		c.keep(a)
		if a.body.Name != c.name || a.body.N < c.acked || a.body.N > c.tried {
			c.run.violatedf("change %d to %d acknowledged as %+v", c.acked, c.tried, a.body)
		}
	case a.open():
	default:
		c.tried--
		c.refused(a, "a change")
	}
}

// bumpTwice changes the session in two requests at once. One of two cookies would lose
// its change, as the manual says.
func (c *client) bumpTwice() {
	if c.run.inCookies {
		c.bump()
		return
	}
	c.tried += 2
	var both [2]answer
	var wait sync.WaitGroup
	for i := range both {
		wait.Go(func() { both[i] = c.run.send(http.MethodPost, "/bump", c.token) })
	}
	wait.Wait()
	token := c.token
	for _, a := range both {
		if a.ok() {
			c.acked++
		} else if !a.open() && c.token == token {
			c.refused(a, "a change beside another")
		}
	}
}

// change makes a request that replaces the token.
func (c *client) change(path string) {
	a := c.run.send(http.MethodPost, path, c.token)
	c.last = path
	switch {
	case a.ok() && a.token != "":
		c.bury(c.token)
		c.token = a.token
	case a.ok():
		c.run.violatedf("%s without a new cookie", path)
	case a.open():
		c.unsure = true
	case a.status == http.StatusConflict && c.unsure:
	default:
		c.refused(a, path)
	}
}

func (c *client) logout() {
	c.loggedOut(c.run.send(http.MethodPost, "/logout", c.token))
}

func (c *client) loggedOut(a answer) {
	c.last = "a logout"
	switch {
	case a.ok():
		c.bury(c.token)
		c.token = ""
	case a.open():
		c.unsure = true
	default:
		c.refused(a, "a logout")
	}
}

// logoutBesideBump ends the session while another request changes it.
func (c *client) logoutBesideBump() {
	c.tried++
	var a answer
	var wait sync.WaitGroup
	token := c.token
	wait.Go(func() { c.run.send(http.MethodPost, "/bump", token) })
	wait.Go(func() { a = c.run.send(http.MethodPost, "/logout", c.token) })
	wait.Wait()
	c.loggedOut(a)
}

// revokeAndLogin ends all sessions of the user and signs in right after the answer.
func (c *client) revokeAndLogin() {
	if c.run.revoke(c.name) {
		c.last = "a revocation"
		c.bury(c.token)
		c.token = ""
	} else {
		c.unsure = true
	}
	c.login()
}

// maxDead bounds the tokens that a run remembers, and looks at when it is over.
const maxDead = 10_000

// bury remembers a token that must never open a session again.
func (c *client) bury(token string) {
	if token == "" {
		return
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	if len(c.run.dead) == maxDead {
		c.run.dead[c.random.IntN(maxDead)] = token
		return
	}
	c.run.dead = append(c.run.dead, token)
}

// checkDead looks whether one of the dead tokens is alive.
func (r *run) checkDead(random *rand.Rand) {
	r.mu.Lock()
	var token string
	if len(r.dead) > 0 {
		token = r.dead[random.IntN(len(r.dead))]
	}
	r.mu.Unlock()
	if token != "" {
		r.wantDead(token)
	}
}

func (r *run) wantDead(token string) {
	a := r.send(http.MethodGet, "/me", token)
	if a.ok() {
		r.resurrected.Add(1)
		r.lostByStoref("resurrected: an ended session of %s answers", a.body.Name)
	} else if a.status != http.StatusUnauthorized && !a.open() {
		r.violatedf("%d to a token that has ended", a.status)
	}
}

// lostByStoref notes that an acknowledged write was undone.
func (r *run) lostByStoref(format string, args ...any) {
	if r.fault.mayLose == "" {
		r.violatedf(format, args...)
	}
}

// violatedf notes a broken promise.
func (r *run) violatedf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if r.violations == nil {
		r.violations = map[string]int{}
	}
	r.violations[text]++
}
