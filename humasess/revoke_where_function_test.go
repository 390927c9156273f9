package humasess_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// TestRevokeWhereFunction has functions that do more than choose.
func TestRevokeWhereFunction(t *testing.T) {
	ctx := context.Background()
	t.Run("R17 the sessions that have ended before a panic are reported", func(t *testing.T) {
		r := newRig(t, accountOptions())
		r.signedIn(laptop())
		r.signedIn(laptop())
		r.events.take()
		calls := 0
		func() {
			defer func() {
				if recover() == nil {
					t.Error("RevokeWhere has swallowed the panic")
				}
			}()
			_, _ = r.sessions.RevokeWhere(ctx, "u1", func(humasess.Info[account]) bool {
				if calls++; calls == 2 {
					panic("no choice")
				}
				return true
			})
		}()
		if got := r.events.take(); len(got) != 1 || got[0].Kind != events.Revoked || got[0].Count != 1 {
			t.Errorf("events: got %+v, want one of a revoked session", got)
		}
		r.endSignIn(ctx, ofSignIn("laptop"), 1)
	})
	t.Run("R17 a slow function does not use up the time of the store", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(laptop())
			r.endSignIn(ctx, func(humasess.Info[account]) bool { time.Sleep(time.Minute); return true }, 1)
			r.wantActive(c, false)
		})
	})
	t.Run("R17 a function that calls the manager", func(t *testing.T) {
		r := newRig(t, accountOptions())
		a, b := r.signedIn(laptop()), r.signedIn(laptop())
		r.endSignIn(ctx, func(i humasess.Info[account]) bool {
			if _, err := r.sessions.List(ctx, "u1"); err != nil {
				t.Error(err)
			}
			if err := r.sessions.Revoke(ctx, i.ID); err != nil {
				t.Error(err)
			}
			return true
		}, 0)
		r.wantActive(a, false)
		r.wantActive(b, false)
	})
	t.Run("R17 a function that changes the data", func(t *testing.T) {
		opts := accountOptions()
		r := newRig(t, opts)
		c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
		r.data(c) // a store may keep the decoded data now
		r.endSignIn(ctx, func(i humasess.Info[account]) bool { i.Data.Roles[0] = "root"; return false }, 0)
		if got, _ := r.data(c); got.Roles[0] != "admin" {
			t.Errorf("got %+v, want the data of the session", got)
		}
	})
}
