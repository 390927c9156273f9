package cookie_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/cookie"
)

// phases are fractions of a second at which a session may begin or be used.
var phases = []time.Duration{0, time.Millisecond, 400 * time.Millisecond, 999 * time.Millisecond}

// at sets the clock to a fraction of a second.
func at(clock *humasesstest.Clock, phase time.Duration) {
	now := clock.Now()
	clock.Advance(now.Truncate(time.Second).Add(time.Second + phase).Sub(now))
}

// A session lives at least for the idle timeout after its last request,
// although its cookie has whole seconds. It lives at most a tenth and a second
// longer.
func TestIdleTimeout(t *testing.T) {
	for _, idle := range []time.Duration{
		time.Second, 3 * time.Second, 10 * time.Second, 15 * time.Second, 25 * time.Second, 75 * time.Second,
		999 * time.Second, 30 * time.Minute, 30*time.Minute + 5*time.Second,
		1500 * time.Millisecond, 20*time.Second + time.Millisecond,
	} {
		t.Run("L1 "+idle.String(), func(t *testing.T) {
			clock := humasesstest.NewClock()
			handler, _ := coretest.Serve(t, cookie.New(aead(t, key(t)), revoked()),
				&humasess.Options[coretest.User]{Now: clock.Now, IdleTimeout: idle, RememberIdleTimeout: idle}, coretest.Hooks{})
			whole := (idle + time.Second - 1).Truncate(time.Second)
			for _, begin := range phases {
				for _, used := range phases {
					// The last request comes when an extension is due, and right before.
					for _, before := range []time.Duration{0, time.Millisecond, time.Second, 2 * time.Second} {
						at(clock, begin)
						c := coretest.SignIn(t, handler, "ada")
						clock.Advance(min(max(0, whole/10+used-before), idle-time.Millisecond))
						coretest.Do(t, c, "GET", "/me", http.StatusOK)
						last, later := c.Clone(), c.Clone()
						clock.Advance(idle - time.Millisecond)
						coretest.Do(t, last, "GET", "/me", http.StatusOK)
						clock.Advance(whole/10 + time.Second + whole - idle + time.Millisecond)
						coretest.Do(t, later, "GET", "/me", http.StatusUnauthorized)
						if t.Failed() {
							t.Fatalf("a session that began at %v and was used %v before %v later", begin, before, used)
						}
					}
				}
			}
		})
	}
}

// An extension does not change the idle timeout, because such changes would add
// up.
func TestIdleTimeoutStays(t *testing.T) {
	clock := humasesstest.NewClock()
	handler, _ := coretest.Serve(t, cookie.New(aead(t, key(t)), revoked()),
		&humasess.Options[coretest.User]{Now: clock.Now, IdleTimeout: 1500 * time.Millisecond}, coretest.Hooks{})
	c := coretest.SignIn(t, handler, "ada")
	for range 100 {
		clock.Advance(time.Second)
		coretest.Do(t, c, "POST", "/bump", http.StatusOK)
	}
	clock.Advance(4 * time.Second)
	coretest.Do(t, c, "GET", "/me", http.StatusUnauthorized)
}

// SetTTL drops the fraction of a second only once.
func TestSetTTL(t *testing.T) {
	for _, ttl := range []time.Duration{time.Second, 1900 * time.Millisecond, 10 * time.Second, time.Minute + 999*time.Millisecond} {
		for _, phase := range phases {
			for name, set := range map[string]func(*humasess.Session[coretest.User]) error{
				"of a new session": func(in *humasess.Session[coretest.User]) error {
					return errors.Join(in.Start(coretest.User{Name: "ada"}), in.SetTTL(ttl))
				},
				"of a session": func(in *humasess.Session[coretest.User]) error { return in.SetTTL(ttl) },
			} {
				t.Run(fmt.Sprintf("L2 %v %s at %v", ttl, name, phase), func(t *testing.T) {
					s := newSite(t, revoked())
					c := s.login()
					at(s.clock, phase)
					s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error { return set(in) })
					early := ttl - time.Second
					s.clock.Advance(early)
					s.call(c.Clone(), http.StatusNoContent, present)
					s.clock.Advance(ttl - early)
					s.call(c, http.StatusUnauthorized, present)
				})
			}
		}
	}
}
