package humasess_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

func TestParallelUpdatesTakeTurns(t *testing.T) {
	const n = 200
	// together runs n requests that have all loaded the same version.
	together := func(r *rig[account], c *humasesstest.Client, do handler[account]) (ok int) {
		var at atomic.Int32
		all := make(chan struct{})
		var running []racing
		for range n {
			running = append(running, inBackground(func() *httptest.ResponseRecorder {
				return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					if at.Add(1) == n {
						close(all)
					}
					<-all
					return do(ctx, s)
				})
			}))
		}
		for _, each := range running {
			if each.wait().Code == http.StatusNoContent {
				ok++
			}
		}
		return ok
	}
	for name, codec := range map[string]humasess.Codec{
		"data that are shared": {}, "data that are decoded": {Marshal: json.Marshal, Unmarshal: json.Unmarshal},
	} {
		t.Run("X1 200 parallel changes make little more than 200 loads, "+name, func(t *testing.T) {
			o := accountOptions()
			o.Codec = codec
			r := newRig(t, o)
			c := r.signedIn(account{ID: "u1"})
			r.store.Reset()
			ok := together(r, c, func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error {
					a.N++
					a.Roles = append(a.Roles, "r") // shared memory would show
					return nil
				})
			})
			calls := r.store.Calls()
			if got, _ := r.data(c); got.N != n || len(got.Roles) != n || ok != n {
				t.Errorf("got N %d and %d roles after %d answers with 204, want %d", got.N, len(got.Roles), ok, n)
			}
			if calls[humasesstest.OpLoad] > n+n/2 || calls[humasesstest.OpUpdate] > 2*n+n/10 {
				t.Errorf("store calls: got %v, want about %d loads and at most two updates each", calls, n)
			}
		})
	}
	t.Run("R11 those that wait see a logout", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		var updates atomic.Int32
		r.store.Before(humasesstest.OpUpdate, func(ctx context.Context) error {
			if updates.Add(1) == n+n/2 { // in the middle of the queue
				if _, err := stores.RevokeIdentity(ctx, r.store, "sessionCookie/u1", stores.ID{}); err != nil {
					return err
				}
			}
			return nil
		})
		ok := together(r, c, increment)
		if ok == 0 || ok == n {
			t.Errorf("answers with 204: got %d, want some of %d", ok, n)
		}
		r.wantActive(c, false)
	})
	t.Run("X10 waiting ends with the budget", func(t *testing.T) {
		o := accountOptions()
		o.StoreTimeout = 300 * time.Millisecond
		r := newRig(t, o)
		c := r.signedIn(account{ID: "u1"})
		var slow atomic.Bool
		r.store.Before(humasesstest.OpUpdate, func(ctx context.Context) error {
			if slow.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		slow.Store(true)
		if ok := together(r, c, increment); ok != 0 {
			t.Errorf("answers with 204: got %d, want none", ok)
		}
		slow.Store(false)
		r.must(c, increment)
	})
}
