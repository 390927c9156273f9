package site_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
)

const everything = "pop user mfa"

func TestAccount(t *testing.T) {
	r := newRig(t)
	b := r.registered("Ada")
	b.wantUser("Ada", everything)
	b.want(http.StatusNoContent, "/api/sign-out", nil)
	b.wantUser("", "")
	b.want(http.StatusNoContent, "/api/sign-in/finish", b.get(b.begin("sign-in", nil)))
	b.wantUser("Ada", everything)

	other := &browser{humasesstest.NewClient(r), b.device, t}
	other.want(http.StatusNoContent, "/api/sign-in/finish", b.get(other.begin("sign-in", nil)))
	b.wantDelete(http.StatusNoContent)
	b.wantUser("", "")
	other.wantUser("", "")
	b.want(http.StatusUnauthorized, "/api/sign-in/finish", b.get(b.begin("sign-in", nil)))
}

func TestStepUp(t *testing.T) {
	r := newRig(t)
	b := r.registered("Ada")
	b.want(http.StatusNoContent, "/api/sign-out", nil)
	b.flags = userPresent
	b.want(http.StatusNoContent, "/api/sign-in/finish", b.get(b.begin("sign-in", nil)))
	b.wantUser("Ada", "pop user")
	const missing = `"location":"authentication.methods","value":"mfa"`
	if w := b.wantDelete(http.StatusForbidden); !strings.Contains(w.Body.String(), missing) {
		t.Errorf("got %s, want %s in it", w.Body, missing)
	}

	t.Run("the user has to be verified", func(t *testing.T) {
		b.want(http.StatusForbidden, "/api/step-up/finish", b.get(b.begin("step-up", nil)))
		b.wantUser("Ada", "pop user")
	})
	t.Run("with another token", func(t *testing.T) {
		b.flags |= userVerified
		before := b.Cookie(sessionCookie)
		b.want(http.StatusNoContent, "/api/step-up/finish", b.get(b.begin("step-up", nil)))
		b.wantUser("Ada", everything)
		if b.Cookie(sessionCookie) == before {
			t.Error("the step-up left the token as it was")
		}
	})
	t.Run("it counts for five minutes", func(t *testing.T) {
		r.clock.Advance(5*time.Minute + time.Second)
		b.wantDelete(http.StatusForbidden)
		b.want(http.StatusNoContent, "/api/step-up/finish", b.get(b.begin("step-up", nil)))
		b.wantDelete(http.StatusNoContent)
	})
	t.Run("without a session", func(t *testing.T) {
		b.want(http.StatusUnauthorized, "/api/step-up/begin", nil)
		b.want(http.StatusUnauthorized, "/api/step-up/finish", map[string]any{})
	})
}

// TestUsers is about passkeys of other users.
func TestUsers(t *testing.T) {
	r := newRig(t)
	ada, grace := r.registered("Ada"), r.registered("Grace")
	t.Run("at step-up", func(t *testing.T) {
		ada.want(http.StatusForbidden, "/api/step-up/finish", grace.get(ada.begin("step-up", nil)))
	})
	t.Run("at step-up, with the user handle of the right user", func(t *testing.T) {
		forged := *grace.device
		forged.handle = ada.handle
		ada.want(http.StatusForbidden, "/api/step-up/finish", forged.get(ada.begin("step-up", nil)))
	})
	t.Run("at sign-in, with the user handle of another user", func(t *testing.T) {
		forged := *grace.device
		forged.handle = ada.handle
		ada.want(http.StatusUnauthorized, "/api/sign-in/finish", forged.get(ada.begin("sign-in", nil)))
	})
	t.Run("a step-up that another user of the browser began", func(t *testing.T) {
		for name, passkey := range map[string]*browser{"ada": ada, "grace": grace} {
			other := &browser{ada.Clone(), passkey.device, t}
			options := other.begin("step-up", nil)
			other.SetCookie(&http.Cookie{Name: sessionCookie, Value: grace.Cookie(sessionCookie)})
			if w := other.Do(http.MethodPost, "/api/step-up/finish", other.get(options)); w.Code != http.StatusForbidden {
				t.Errorf("with the passkey of %s: got %d %s, want 403", name, w.Code, w.Body)
			}
		}
	})
	t.Run("registered again", func(t *testing.T) {
		eve := &browser{humasesstest.NewClient(r), newDevice(t), t}
		eve.id = grace.id
		eve.want(http.StatusUnprocessableEntity, "/api/register/finish", eve.create(eve.begin("register", map[string]string{"name": "Eve"})))
		eve.wantUser("", "")
	})
}

// TestRefused is about answers that are wrong or out of place. None of them signs in.
func TestRefused(t *testing.T) {
	ceremonies := []string{"register", "sign-in", "step-up"}
	body := map[string]any{"register": map[string]string{"name": "Ada"}}
	answer := func(b *browser, name string) any {
		options := b.begin(name, body[name])
		if name == "register" {
			fresh := newDevice(b.t)
			fresh.flags, fresh.origin = b.flags, b.origin
			return fresh.create(options)
		}
		return b.get(options)
	}
	wrong := map[string]int{"register": http.StatusUnprocessableEntity, "sign-in": http.StatusUnauthorized, "step-up": http.StatusForbidden}
	for _, name := range ceremonies {
		finish := "/api/" + name + "/finish"
		for _, begun := range ceremonies {
			if begun == name {
				continue
			}
			t.Run(name+" with a ceremony for "+begun, func(t *testing.T) {
				b := newRig(t).registered("Ada")
				taken := answer(b, begun)
				b.want(http.StatusConflict, finish, taken)
				b.want(http.StatusConflict, "/api/"+begun+"/finish", taken) // it is spent
			})
		}
		t.Run(name+" replayed", func(t *testing.T) {
			b := newRig(t).registered("Ada")
			taken := answer(b, name)
			ceremony := b.Cookie(ceremonyCookie)
			b.want(http.StatusNoContent, finish, taken)
			if got := b.Cookie(ceremonyCookie); got != "" {
				t.Errorf("got the cookie %q, want none", got)
			}
			b.SetCookie(&http.Cookie{Name: ceremonyCookie, Value: ceremony})
			b.want(http.StatusConflict, finish, taken)
		})
		t.Run(name+" expired", func(t *testing.T) {
			r := newRig(t)
			b := r.registered("Ada")
			taken := answer(b, name)
			r.clock.Advance(5*time.Minute + time.Second)
			b.want(http.StatusConflict, finish, taken)
		})
		t.Run(name+" from another origin", func(t *testing.T) {
			b := newRig(t).registered("Ada")
			b.origin = "https://evil.example"
			b.want(wrong[name], finish, answer(b, name))
			b.origin = origin
			b.want(http.StatusNoContent, finish, answer(b, name))
		})
		t.Run(name+" to an older challenge", func(t *testing.T) {
			b := newRig(t).registered("Ada")
			older := answer(b, name)
			b.begin(name, body[name])
			b.want(wrong[name], finish, older)
			b.want(http.StatusConflict, finish, older) // it took the newer one with it
		})
		t.Run(name+" without an answer", func(t *testing.T) {
			b := newRig(t).registered("Ada")
			b.begin(name, body[name])
			b.want(http.StatusUnprocessableEntity, finish, map[string]any{})
		})
		t.Run(name+" while the store is down", func(t *testing.T) {
			r := newRig(t)
			b := r.registered("Ada")
			taken := answer(b, name)
			r.store.Fail(humasesstest.OpDelete, errors.New("down"))
			b.want(http.StatusServiceUnavailable, finish, taken)
			r.store.Fail(humasesstest.OpDelete, nil)
			b.want(http.StatusNoContent, finish, taken)
		})
		t.Run(name+" when the store's answer is lost", func(t *testing.T) {
			r := newRig(t)
			b := r.registered("Ada")
			taken := answer(b, name)
			r.store.After(humasesstest.OpDelete, func(context.Context) error { return errors.New("lost") })
			b.want(http.StatusServiceUnavailable, finish, taken)
			r.store.After(humasesstest.OpDelete, nil)
			b.want(http.StatusConflict, finish, taken)
		})
	}
	t.Run("a blank name", func(t *testing.T) {
		b := &browser{humasesstest.NewClient(newRig(t)), newDevice(t), t}
		b.want(http.StatusUnprocessableEntity, "/api/register/begin", map[string]string{"name": "  "})
	})
}

// TestCounter signs in with copies of a passkey.
func TestCounter(t *testing.T) {
	for name, path := range map[string]string{"sign-in": "/api/sign-in/finish", "step-up": "/api/step-up/finish"} {
		t.Run(name, func(t *testing.T) {
			b := newRig(t).registered("Ada")
			b.counter = 7
			b.want(http.StatusNoContent, path, b.get(b.begin(name, nil)))
			owner := *b.device
			b.counter = 3
			want := map[string]int{"sign-in": http.StatusUnauthorized, "step-up": http.StatusForbidden}[name]
			b.want(want, path, b.get(b.begin(name, nil)))
			b.device = &owner
			b.want(http.StatusNoContent, path, b.get(b.begin(name, nil)))
		})
	}
	t.Run("a synced passkey does not count", func(t *testing.T) {
		b := newRig(t).registered("Ada")
		for range 2 {
			b.counter--
			b.want(http.StatusNoContent, "/api/sign-in/finish", b.get(b.begin("sign-in", nil)))
			b.counter = 0
		}
	})
}

// TestParallel sends the same answer many times at once.
func TestParallel(t *testing.T) {
	r := newRig(t)
	b := r.registered("Ada")
	parallel := func(c *humasesstest.Client, path string, taken any) []int {
		codes := make([]int, 64)
		var group sync.WaitGroup
		for i := range codes {
			clone := c.Clone()
			group.Go(func() { codes[i] = clone.Do(http.MethodPost, path, taken).Code })
		}
		group.Wait()
		return codes
	}
	t.Run("sign-in", func(t *testing.T) {
		b.want(http.StatusNoContent, "/api/sign-out", nil)
		taken := b.get(b.begin("sign-in", nil))
		r.together(humasesstest.OpLoad, 64, 1) // all of them find the ceremony
		wantOne(t, parallel(b.Client, "/api/sign-in/finish", taken), http.StatusConflict)
	})
	t.Run("step-up", func(t *testing.T) {
		b.want(http.StatusNoContent, "/api/sign-in/finish", b.get(b.begin("sign-in", nil)))
		taken := b.get(b.begin("step-up", nil))
		r.together(humasesstest.OpLoad, 64, 2) // and the user's session, before one of them renews its token
		wantOne(t, parallel(b.Client, "/api/step-up/finish", taken), http.StatusConflict)
	})
}

// wantOne compares the answers: one is 204, all others have another status.
func wantOne(t *testing.T, codes []int, others int) {
	t.Helper()
	count := map[int]int{}
	for _, code := range codes {
		count[code]++
	}
	if count[http.StatusNoContent] != 1 || count[others] != len(codes)-1 {
		t.Errorf("got the answers %v, want one 204 and the others %d", count, others)
	}
}
