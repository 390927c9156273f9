package moving_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/internal/e2e/moving"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// TestLogoutBesideAFirstRequest signs out while the first request of the browser is in its
// handler. Its session must not begin after the logout.
func TestLogoutBesideAFirstRequest(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		entered, release := make(chan struct{}), make(chan struct{})
		r.meet = func() { close(entered); <-release }
		done := make(chan answer)
		go func() { done <- b.do(get, r.url+"/part") }()
		<-entered
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		close(release)
		r.want("the first request", <-done, 409, "")
		r.wantSessions("signed out", 0)
		r.want("next", b.do(get, r.url+"/me"), 401, "")
	})
}

// TestLogoutBesideAnAnswer signs out before the browser has the answer to its first request.
// So the logout comes with the old cookie alone, and has to end the session that it started.
// Another device of the user keeps its session, or at least its old one.
func TestLogoutBesideAnAnswer(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		phone := l.signedInAs(t, b.user, time.Minute)
		before := thief(t, l, b.cookie(l)) // the browser before the answer
		for _, device := range []*browser{b, phone} {
			r.want("first request", device.do(get, r.url+"/me"), 200, b.user, ours)
		}
		r.want("logout", before.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		r.want("the session of the answer", b.do(get, r.url+"/me"), 401, "")
		r.wantSessions("the other device", map[bool]int{false: 1, true: 0}[l.ageless]) // it cannot tell sign-ins apart
		r.want("the other device", phone.do(get, r.url+"/me"), 200, b.user)
	})
}

// TestLogoutLeavesOlderSessions signs out with an old cookie whose sign-in has a session of
// ours since longer than the grace. That one is not an answer under way.
func TestLogoutLeavesOlderSessions(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l, noGrace)
		b := l.signedIn(t)
		copied := thief(t, l, b.cookie(l))
		r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
		r.want("logout", copied.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		r.want("moved", b.do(get, r.url+"/me"), 200, b.user, "-"+l.cookie.Name)
	})
}

// TestLogoutWithClientSideSessions moves to a store that has no list of its sessions. A
// logout works, but does not stop a first request beside it.
func TestLogoutWithClientSideSessions(t *testing.T) {
	t.Parallel()
	l := scsMemory(t)
	key, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := security.NewAEAD(key)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, l, func(s *moving.Settings) {
		s.Store = cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
	})
	b := l.signedIn(t)
	r.want("logout first", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
	b = l.signedIn(t)
	entered, release := make(chan struct{}), make(chan struct{})
	r.meet = func() { close(entered); <-release }
	done := make(chan answer)
	go func() { done <- b.do(get, r.url+"/part") }()
	<-entered
	r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
	close(release)
	r.want("the first request; if it is refused, change docs/moving-in.md", <-done, 200, b.user, ours)
}

// TestLoginBesideBothCookies signs in another user within the grace.
func TestLoginBesideBothCookies(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
		r.want("login", b.do(post, r.url+"/login"), 204, "", "-"+l.cookie.Name, ours)
		r.want("signed in", b.do(get, r.url+"/me"), 200, "ada")
	})
}
