package cookie_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
)

// A cookie of an older key is sealed again when it is next sent. That is at the
// next change, or at the extension that is due once per tenth of the idle
// timeout.
func TestKeyRotation(t *testing.T) {
	first, second := key(t), key(t)
	opts, clock := revoked(), humasesstest.NewClock()
	with := func(keys ...security.Key) http.Handler {
		h, _ := coretest.Serve(t, cookie.New(aead(t, keys...), opts), &humasess.Options[coretest.User]{Now: clock.Now}, coretest.Hooks{})
		return h
	}
	before, both, newest := with(first), with(second, first), with(second)
	for _, tt := range []struct {
		name         string
		after        time.Duration
		method, path string
		sealed       bool
	}{
		{"K3 a read before an extension is due leaves it", 3*time.Minute - time.Second, "GET", "/me", false},
		{"K3 a read when the extension is due seals it again", 3 * time.Minute, "GET", "/me", true},
		{"K3 a write seals it again", 0, "POST", "/count", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := coretest.SignIn(t, before, "ada")
			old := coretest.Move(c, newest)
			c = coretest.Move(c, both)
			clock.Advance(tt.after)
			w := c.Do(tt.method, tt.path, nil)
			if w.Code != http.StatusOK || len(w.Result().Cookies()) > 0 != tt.sealed {
				t.Fatalf("got %d and cookies %v, want 200 and one: %v", w.Code, w.Result().Cookies(), tt.sealed)
			}
			want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[tt.sealed]
			coretest.Do(t, coretest.Move(c, newest), "GET", "/me", want)
			coretest.Do(t, old, "GET", "/me", http.StatusUnauthorized)
		})
	}
	t.Run("K3 a cookie of the newest key is not sealed again", func(t *testing.T) {
		c := coretest.SignIn(t, both, "ada")
		if w := c.Do("GET", "/me", nil); len(w.Result().Cookies()) > 0 {
			t.Errorf("got cookies %v, want none", w.Result().Cookies())
		}
	})
}

// tab is one of several tabs that share a browser's cookie.
type tab struct {
	mu    *sync.Mutex
	value *string
}

func (b tab) do(t *testing.T, handler http.Handler, method, path string) {
	t.Helper()
	c := humasesstest.NewClient(handler)
	b.mu.Lock()
	c.SetCookie(&http.Cookie{Name: name, Value: *b.value})
	b.mu.Unlock()
	w := c.Do(method, path, nil)
	if w.Code != http.StatusOK {
		t.Errorf("%s: got %d %s, want 200", path, w.Code, w.Body)
	}
	if len(w.Result().Cookies()) > 0 {
		b.mu.Lock()
		*b.value = c.Cookie(name)
		b.mu.Unlock()
	}
}

// Keys are rotated under load, one server of two at a time. No user is logged
// out, and no request gets a 500.
func TestKeyRotationUnderLoad(t *testing.T) {
	first, second := key(t), key(t)
	opts := revoked()
	with := func(keys ...security.Key) http.Handler { return serve(t, aead(t, keys...), opts).handler }
	old, opens, seals, newest := with(first), with(first, second), with(second, first), with(second)
	const users, tabs, requests = 4, 3, 12
	t.Run("K3 no user is logged out", func(t *testing.T) {
		values := make([]string, users)
		for i := range values {
			values[i] = coretest.SignIn(t, old, "ada").Cookie(name)
		}
		// Every server learns the new key before one of them seals with it, and
		// seals with it before one of them forgets the old one.
		for _, servers := range [][]http.Handler{
			{old}, {old, opens}, {opens}, {opens, seals}, {seals}, {seals, newest}, {newest},
		} {
			locks := make([]sync.Mutex, users)
			coretest.Together(users*tabs, func(i int) {
				b := tab{&locks[i%users], &values[i%users]}
				for n := range requests {
					server := servers[(i+n)%len(servers)]
					b.do(t, server, "GET", "/me")
					b.do(t, server, "POST", "/count")
				}
			})
		}
	})
}

// Of two responses, a browser keeps the cookie of the later one. A cookie from
// before RevokeOthers is as revoked as a thief's.
func TestParallelResponses(t *testing.T) {
	s := newSite(t, revoked())
	revokeOthers := func(ctx context.Context, in *humasess.Session[coretest.User]) error {
		_, err := in.RevokeOthers(ctx)
		return err
	}
	write := func(_ context.Context, in *humasess.Session[coretest.User]) error {
		return in.Update(func(u *coretest.User) error { u.N++; return nil })
	}
	for _, tt := range []struct {
		name  string
		after time.Duration
		do    func(context.Context, *humasess.Session[coretest.User]) error
		want  int
	}{
		{"R3 a write that ends later sends none", 0, write, http.StatusUnauthorized},
		{"R3 an extension that ends later sends none", 5 * time.Minute, present, http.StatusNoContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			browser := s.login()
			slow := browser.Clone()
			s.clock.Advance(tt.after)
			s.do = func(ctx context.Context, in *humasess.Session[coretest.User]) error {
				s.call(browser, http.StatusNoContent, revokeOthers)
				return tt.do(ctx, in)
			}
			w := slow.Do("POST", "/", nil)
			if w.Code != tt.want || len(w.Result().Cookies()) > 0 {
				t.Errorf("got %d and cookies %v, want %d and none", w.Code, w.Result().Cookies(), tt.want)
			}
			s.call(browser, http.StatusNoContent, present)
		})
	}
	t.Run("R3 one that is on its way signs the browser out: fails closed", func(t *testing.T) {
		browser := s.login()
		slow := browser.Clone()
		s.call(slow, http.StatusNoContent, write)
		s.call(browser, http.StatusNoContent, revokeOthers)
		browser.SetCookie(&http.Cookie{Name: name, Value: slow.Cookie(name)})
		s.call(browser, http.StatusUnauthorized, present)
		s.call(browser, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.Start(coretest.User{Name: "ada"})
		})
		s.call(browser, http.StatusNoContent, present)
	})
}
