package coretest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const csrfHeader = "X-Csrf-Token"

// secureBehaviours check new tokens, deadlines and step-up. Stores judge time by
// their own clocks, so the checks wait for events. They do not depend on the length
// of the wait.
var secureBehaviours = []Behaviour{
	{"T9 L9 rotation by time, lost and reissued", rotation},
	{"T9 E1 reuse ends the session", reuse},
	{"T8 L4 L9 re-authentication and renewal", reauthentication},
	{"A1 A2 A6 step-up", stepUp},
	{"F8 a CSRF token is its session's", csrfToken},
	{"L7 reading the remaining time extends nothing", timeLeft},
}

type elsewhereInput struct {
	humasess.Login[User]
	Name string `query:"name"`
}

// life holds the class and the times of a session.
type life struct {
	Class             string
	Expires, Deadline time.Time
}

type lifeOutput struct{ Body life }

func lifeOf(_ context.Context, in *namedInput) (*lifeOutput, error) {
	return &lifeOutput{life{in.Authentication().Class, in.ExpiresAt(), in.Deadline()}}, nil
}

// registerSecure adds the operations of the secureBehaviours.
func registerSecure(api huma.API, sessions *humasess.Manager[User]) {
	huma.Post(api, "/login-elsewhere", func(_ context.Context, in *elsewhereInput) (*struct{}, error) {
		if err := in.Session.Start(User{Name: in.Name}); err != nil {
			return nil, err
		}
		return nil, in.Session.ReauthenticatedWith(humasess.Claims{
			AuthTime: time.Now().Add(-time.Hour).Unix(), ACR: "aal1", AMR: []string{"pwd"},
		}.Authentication())
	})
	huma.Post(api, "/password", func(_ context.Context, in *namedInput) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("pwd")
	})
	huma.Get(api, "/life", lifeOf)
	huma.Get(api, "/left", lifeOf, humasess.NoTouch)
	huma.Post(api, "/transfer", func(context.Context, *struct{}) (*count, error) { return &count{1}, nil }, sessions.RequireFresh(10*time.Minute))
}

// until waits until the condition holds, for a minute at most.
func until(t *testing.T, event string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("got nothing within a minute, want: %s", event)
		}
	}
}

func tokenOf(c *humasesstest.Client) string { return c.Cookie(CookieName) }

func sets(w *httptest.ResponseRecorder) bool { return w.Header().Get("Set-Cookie") != "" }

// eventKinds collects the kinds and reasons of events.
type eventKinds struct {
	mu  sync.Mutex
	all []string
}

func (k *eventKinds) add(_ context.Context, e events.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, events.Series{Kind: e.Kind, Reason: e.Reason}.String())
}

func (k *eventKinds) have(want string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Contains(" "+strings.Join(k.all, " ")+" ", " "+want+" ")
}

// deadlineOf returns the deadline of the client's session.
func deadlineOf(t *testing.T, c *humasesstest.Client) time.Time {
	t.Helper()
	return decode[life](t, Do(t, c, "GET", "/life", 200)).Deadline
}

// patiently runs a check whose requests must follow each other within a time. A
// busy machine may need longer for them. Then the check returns false, and runs again
// with twice the time.
func patiently(t *testing.T, within time.Duration, check func(within time.Duration) bool) {
	t.Helper()
	for ; !check(within); within *= 2 {
		if within > time.Minute {
			t.Fatalf("the requests of the check take longer than %v", within)
		}
		t.Logf("the requests took longer than %v: again with twice the time", within)
	}
}

func rotation(t *testing.T, s Shared) {
	patiently(t, 500*time.Millisecond, func(grace time.Duration) bool { return rotationWithin(t, s, grace) })
}

// rotationWithin loses the cookie of a rotation, so that the core issues another
// one. It returns false when the core rightly issued another one too early, because
// a client came later than the grace.
func rotationWithin(t *testing.T, s Shared, grace time.Duration) bool {
	t.Helper()
	var events eventKinds
	one, other, _ := s.serve(t, &humasess.Options[User]{
		RotateEvery: max(time.Second, grace*4/3), RotationGrace: grace, OnEvent: events.add,
	})
	var begin time.Time // of the latest request that got a token
	issues := func(c *humasesstest.Client) func() bool {
		return func() bool { begin = time.Now(); return sets(c.Do("GET", "/life", nil)) }
	}
	c := SignIn(t, one, "ada")
	former, deadline := Move(c, other), deadlineOf(t, c)
	until(t, "a rotation", issues(c))
	if tokenOf(c) == tokenOf(former) || !events.have("renewed/periodic") {
		t.Error("got the old token, or no event that gives the reason for the new one")
	}
	lost := Move(c, other) // this client gets the lost cookie
	first := former.Clone()
	w := first.Do("POST", "/password", nil) // the former token must not re-authenticate
	if time.Since(begin) > grace {
		return false
	}
	if w.Code != http.StatusConflict {
		t.Errorf("re-authentication with the former token: got %d %s, want 409", w.Code, w.Body)
	}
	until(t, "another token for the client with the former one", issues(former))
	if !events.have("renewed/reissued") {
		t.Error("no event says that a token was issued again")
	}
	w = lost.Do("GET", "/me", nil) // the lost cookie arrives before a client presents the later token
	got := deadlineOf(t, Move(former, one))
	if time.Since(begin) > grace {
		return false
	}
	if w.Code != http.StatusOK {
		t.Errorf("the lost token: got %d %s, want 200", w.Code, w.Body)
	}
	if !got.Equal(deadline) {
		t.Errorf("deadline: got %v, want %v", got, deadline)
	}
	until(t, "the end of the former tokens", func() bool { return first.Do("GET", "/me", nil).Code == http.StatusUnauthorized })
	until(t, "the end of the lost token", func() bool { return lost.Do("GET", "/me", nil).Code == http.StatusUnauthorized })
	if !events.have("reused") {
		t.Error("no event says that a former token was used")
	}
	Do(t, Move(former, one), "GET", "/me", 200)
	return true
}

func reuse(t *testing.T, s Shared) {
	var events eventKinds
	one, other, admin := s.serve(t, &humasess.Options[User]{RotationGrace: -1, RevokeReused: true, OnEvent: events.add})
	c := SignIn(t, one, "ada")
	thief := Move(c, other)
	Do(t, c, "POST", "/renew", 200)
	Do(t, c, "GET", "/me", 200)
	Do(t, thief, "GET", "/me", 401)
	Do(t, Move(c, other), "GET", "/me", 401)
	Do(t, c, "GET", "/me", 401)
	if listed, err := admin.List(t.Context(), "ada"); len(listed) != 0 || err != nil {
		t.Errorf("got %d sessions and error %v, want none", len(listed), err)
	}
	if !events.have("reused revoked/reused") {
		t.Errorf("events: got %q, want reused and then revoked", events.all)
	}
}

func reauthentication(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, nil)
	c := SignIn(t, one, "ada")
	deadline := deadlineOf(t, c)
	Do(t, c, "POST", "/renew", 200)
	Do(t, c, "POST", "/bump", 200)
	if got := deadlineOf(t, Move(c, other)); !got.Equal(deadline) {
		t.Errorf("deadline after a renewal: got %v, want %v", got, deadline)
	}
	until(t, "a later deadline", func() bool {
		old := Move(c, other)
		Do(t, c, "POST", "/password", 204)
		if tokenOf(old) == tokenOf(c) {
			t.Error("got the same token")
		}
		Do(t, old, "GET", "/me", 401)
		return deadlineOf(t, Move(c, other)).After(deadline)
	})
}

func stepUp(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, nil)
	c := humasesstest.NewClient(one)
	Do(t, c, "POST", "/login-elsewhere?name=ada", 204)
	if got := decode[life](t, Do(t, Move(c, other), "GET", "/life", 200)).Class; got != "aal1" {
		t.Errorf("class: got %q, want aal1", got)
	}
	if body := Do(t, Move(c, other), "POST", "/transfer", 403); !strings.Contains(body, "reauthentication-required") {
		t.Errorf("got %s, want reauthentication-required", body)
	}
	Do(t, c, "POST", "/password", 204)
	Do(t, Move(c, other), "POST", "/transfer", 200)
	if got := decode[life](t, Do(t, Move(c, other), "GET", "/life", 200)).Class; got != "" {
		t.Errorf("class after a password: got %q, want none", got)
	}
}

func csrfToken(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, &humasess.Options[User]{CSRFHeader: csrfHeader})
	c := humasesstest.NewClient(one)
	first := c.Do("POST", "/login?name=ada", nil).Header().Get(csrfHeader)
	post := func(c *humasesstest.Client, path, token string, want int) string {
		t.Helper()
		w := c.Do("POST", path, nil, func(r *http.Request) { r.Header.Set(csrfHeader, token) })
		if w.Code != want {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, want)
		}
		return w.Header().Get(csrfHeader)
	}
	post(Move(c, other), "/bump", "", 403)
	post(Move(c, other), "/bump", first, 200)
	second := post(c, "/renew", first, 200)
	post(Move(c, other), "/bump", first, 200) // rotations keep the key
	post(Move(c, other), "/bump", second, 200)
	third := post(c, "/rename?name=eve", second, 204) // a change of identity draws a new key
	post(Move(c, other), "/bump", second, 403)
	post(Move(c, other), "/bump", third, 200)
	if got := N(t, Do(t, c, "GET", "/me", 200)); got != 4 {
		t.Errorf("counter: got %d, want 4: only requests that the core admits count", got)
	}
}

func timeLeft(t *testing.T, s Shared) {
	patiently(t, time.Second, func(idle time.Duration) bool {
		one, other, _ := s.serve(t, &humasess.Options[User]{IdleTimeout: idle})
		begin := time.Now()
		c := SignIn(t, one, "ada")
		w := c.Do("GET", "/left", nil)
		if time.Since(begin) > idle {
			return false
		}
		if w.Code != http.StatusOK {
			t.Fatalf("a new session: got %d %s, want 200", w.Code, w.Body)
		}
		first := decode[life](t, w.Body.String()).Expires
		until(t, "the end of a session whose remaining time is read", func() bool {
			w := Move(c, other).Do("GET", "/left", nil)
			if w.Code == http.StatusOK {
				if got := decode[life](t, w.Body.String()).Expires; !got.Equal(first) {
					t.Errorf("expires: got %v, want %v", got, first)
				}
			}
			return w.Code == http.StatusUnauthorized
		})
		return true
	})
}
