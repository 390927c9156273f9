package coretest

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// loseAnswer makes the next answer of the store get lost after the call was carried out.
// The store cannot be read meanwhile, if the client is to see the error.
func loseAnswer(store *humasesstest.Store, op humasesstest.Op, unreadable bool) (restore func()) {
	reset := errors.New("connection reset by peer")
	var left, failed atomic.Int32
	left.Store(1)
	store.After(op, func(context.Context) error {
		if left.Add(-1) < 0 {
			return nil
		}
		failed.Store(1)
		return reset
	})
	if unreadable {
		store.Before(humasesstest.OpLoad, func(context.Context) error {
			if failed.Load() != 0 {
				return reset
			}
			return nil
		})
	}
	return func() {
		store.After(op, nil)
		store.Before(humasesstest.OpLoad, nil)
	}
}

// carrierLostAnswer loses the answer of the store, which has written, and the answer of
// the server to the client.
func carrierLostAnswer(t *testing.T, s Shared, k carrierKind) {
	inner := humasesstest.Wrap(s.One)
	s.One = inner
	t.Run("the store's, which is asked again", func(t *testing.T) {
		one, other, admin := s.serveBoth(t, nil)
		restore := loseAnswer(inner, humasesstest.OpCreate, false)
		a := newDevice(t, k, one, "ada")
		restore()
		wantList(t, admin, "ada", map[carrierKind]int{k: 1})
		for _, path := range []string{"/bump", a.renewal(), "/bump"} {
			restore := loseAnswer(inner, humasesstest.OpUpdate, false)
			before := a.clone(other)
			a.do("POST", path, 200)
			restore()
			if renewed := path == a.renewal(); renewed != (a.credential != before.credential) {
				t.Errorf("%s: a new credential: got %v, want %v", path, !renewed, renewed)
			}
		}
		if got := N(t, a.clone(other).do("GET", "/me", 200)); got != 2 {
			t.Errorf("counter: got %d, want each change once, 2", got)
		}
		old := a.clone(other)
		defer loseAnswer(inner, humasesstest.OpDelete, false)()
		a.do("POST", "/logout", 200)
		old.do("GET", "/me", 401)
		wantList(t, admin, "ada", nil)
	})
	t.Run("the store's, and the client sees the error", func(t *testing.T) {
		one, other, admin := s.serveBoth(t, &humasess.Options[User]{StoreTimeout: 10 * time.Second})
		a := newDevice(t, k, one, "bob")
		before := a.clone(other)
		restore := loseAnswer(inner, humasesstest.OpUpdate, true)
		a.do("POST", a.renewal(), 503)
		restore()
		if a.credential != before.credential {
			t.Error("the answer to a failed renewal has a credential")
		}
		a.do("POST", "/bump", 200) // the device is not signed out
		restore = loseAnswer(inner, humasesstest.OpUpdate, true)
		a.do("POST", "/bump", 503)
		restore()
		if got := N(t, a.clone(other).do("GET", "/me", 200)); got != 2 {
			t.Errorf("counter: got %d, want 2, because the store has written", got)
		}
		restore = loseAnswer(inner, humasesstest.OpCreate, true)
		stranger := &device{t: t, kind: k, at: one}
		stranger.do("POST", stranger.login("cat"), 503)
		restore()
		if stranger.credential != "" {
			t.Error("the answer to a failed sign-in has a credential")
		}
		wantList(t, admin, "bob", map[carrierKind]int{k: 1})
	})
	t.Run("the server's", func(t *testing.T) { lostByNetwork(t, s, k) })
}

// lostByNetwork is a device that renews its credential, and crashes before it has stored the
// new one.
func lostByNetwork(t *testing.T, s Shared, k carrierKind) {
	patiently(t, 300*time.Millisecond, func(grace time.Duration) bool {
		one, other, admin := s.serveBoth(t, &humasess.Options[User]{RotationGrace: grace, RevokeReused: true})
		a := newDevice(t, k, one, "eve")
		begin := time.Now()
		if w := a.send("POST", a.renewal()); w.Code != http.StatusOK {
			t.Errorf("renew: got %d %s, want 200", w.Code, w.Body)
		}
		a.clone(other).do("POST", "/bump", 200)
		if k == byToken {
			w := a.clone(other).send("POST", a.renewal())
			if time.Since(begin) > grace {
				return false
			}
			if w.Code != http.StatusConflict {
				t.Errorf("renew within the grace: got %d %s, want 409", w.Code, w.Body)
			}
		}
		old := a.clone(other)
		until(t, "a new credential after the grace", func() bool {
			if w := a.send("POST", a.renewal()); w.Code == http.StatusOK {
				a.keep(w)
			}
			return a.credential != old.credential
		})
		if got := N(t, a.clone(other).do("GET", "/me", 200)); got != 1 {
			t.Errorf("counter: got %d, want 1", got)
		}
		wantList(t, admin, "eve", map[carrierKind]int{k: 1})
		a.do("POST", "/logout", 200)
		return true
	})
}
