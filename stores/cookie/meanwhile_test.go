package cookie_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/cookie"
)

// TestEndedMeanwhile is about requests whose session ends in another process
// while their handlers run.
func TestEndedMeanwhile(t *testing.T) {
	k, opts := key(t), revoked()
	coretest.Meanwhile(t, coretest.Shared{One: cookie.New(aead(t, k), opts), Other: cookie.New(aead(t, k), opts)}, "List", "Renew", "RevokeWhere")
}

// An UpdateIdentity that is not supported does not refuse sign-ins in progress.
func TestUpdateIdentityUnsupported(t *testing.T) {
	s := newSite(t, revoked())
	s.call(humasesstest.NewClient(s.mux), http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
		_, err := s.sessions.UpdateIdentity(context.Background(), "ada", func(*coretest.User) error { return nil })
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v, want %v", err, errors.ErrUnsupported)
		}
		return in.Start(coretest.User{Name: "ada"})
	})
}

// TestIdleCopies is about copies of a cookie that were idle for too long, while
// others are in use.
func TestIdleCopies(t *testing.T) {
	clock := humasesstest.NewClock()
	handler, _ := coretest.Serve(t, cookie.New(aead(t, key(t)), revoked()), &humasess.Options[coretest.User]{Now: clock.Now}, coretest.Hooks{})
	for name, end := range map[string]func(*humasesstest.Client){
		"sign-out": func(c *humasesstest.Client) { coretest.Do(t, c, "POST", "/account/sign-out", http.StatusNoContent) },
		"sign-in":  func(c *humasesstest.Client) { coretest.Do(t, c, "POST", "/login?name=bob", http.StatusNoContent) },
		"sign-in beside a live one": func(c *humasesstest.Client) {
			live := coretest.SignIn(t, handler, "cid").Cookie(coretest.CookieName)
			idle := c.Cookie(coretest.CookieName)
			w := humasesstest.NewClient(handler).Do("POST", "/login?name=bob", nil, func(r *http.Request) {
				r.Header.Set("Cookie", coretest.CookieName+"="+idle+"; "+coretest.CookieName+"="+live)
			})
			if w.Code != http.StatusNoContent {
				t.Errorf("got %d, want 204", w.Code)
			}
		},
	} {
		t.Run("R1 a "+name+" with an idle copy ends the others", func(t *testing.T) {
			c := coretest.SignIn(t, handler, "ada")
			idle := c.Clone()
			for range 5 { // the thief's copy stays in use
				clock.Advance(20 * 60e9)
				coretest.Do(t, c, "GET", "/me", http.StatusOK)
			}
			coretest.Do(t, idle, "GET", "/me", http.StatusUnauthorized)
			end(idle)
			coretest.Do(t, c, "GET", "/me", http.StatusUnauthorized)
		})
	}
}
