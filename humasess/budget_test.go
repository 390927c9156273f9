package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// silent makes a method of the store answer nothing until its context ends.
func silent(r *rig[account], op humasesstest.Op) {
	r.store.Before(op, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
}

// asking is a store that asks a silent server before it makes an ID.
type asking struct{ *memory.Store }

var _ stores.IDMaker = asking{}

func (asking) NewID(ctx context.Context, _ string) (stores.ID, error) {
	<-ctx.Done()
	return stores.ID{}, ctx.Err()
}

func TestStoreTimeout(t *testing.T) {
	const bound = 5 * time.Second
	// took checks how long f takes in a bubble.
	took := func(t *testing.T, want time.Duration, f func()) {
		t.Helper()
		begin := time.Now()
		f()
		if got := time.Since(begin); got > want || got < want-want/20 {
			t.Errorf("it took %v, want %v, or up to a twentieth less", got, want)
		}
	}
	for name, row := range map[string]struct {
		op humasesstest.Op
		do handler[account]
	}{
		"load":   {humasesstest.OpLoad, nothing[account]},
		"update": {humasesstest.OpUpdate, increment},
		"create": {humasesstest.OpCreate, start(account{ID: "u2"})},
		"delete": {humasesstest.OpDelete, destroy[account]},
		"list":   {humasesstest.OpList, func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }},
		"Commit": {humasesstest.OpUpdate, func(ctx context.Context, s *humasess.Session[account]) error {
			_ = increment(ctx, s)
			return s.Commit(ctx)
		}},
		"revoke others": {humasesstest.OpRevokeIdentity, func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		}},
	} {
		t.Run("X10 a silent store is a 503 after the bound, "+name, func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				silent(r, row.op)
				took(t, bound, func() { wantUnavailable(t, r.call(c, row.do)) })
			})
		})
	}
	t.Run("X10 a store that asks whether there is time, works, and then waits", func(t *testing.T) {
		for op, do := range map[humasesstest.Op]handler[account]{
			humasesstest.OpLoad: nothing[account], humasesstest.OpUpdate: increment, humasesstest.OpCreate: start(account{ID: "u2"}), humasesstest.OpDelete: destroy[account],
		} {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				r.store.Before(op, func(ctx context.Context) error {
					if err := ctx.Err(); err != nil {
						return err
					}
					later(4 * time.Second)
					<-ctx.Done()
					return ctx.Err()
				})
				took(t, bound, func() { wantUnavailable(t, r.call(c, do)) })
			})
		}
	})
	t.Run("X10 a store that only asks whether there is time", func(t *testing.T) {
		for _, op := range []humasesstest.Op{humasesstest.OpLoad, humasesstest.OpUpdate} {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				r.store.Before(op, func(ctx context.Context) error {
					for range 200 {
						if err := ctx.Err(); err != nil {
							return err
						}
						later(50 * time.Millisecond)
					}
					return nil
				})
				took(t, bound, func() { wantUnavailable(t, r.call(c, increment)) })
			})
		}
	})
	t.Run("X10 calls outside a request", func(t *testing.T) {
		for op, call := range map[humasesstest.Op]func(context.Context, *rig[account]) error{
			humasesstest.OpList: func(ctx context.Context, r *rig[account]) error { _, err := r.sessions.List(ctx, "u1"); return err },
			humasesstest.OpRevokeIdentity: func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.RevokeIdentity(ctx, "u1")
				return err
			},
			humasesstest.OpMarkChanged: func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.UpdateIdentity(ctx, "u1", noRoles)
				return err
			},
			humasesstest.OpDelete: func(ctx context.Context, r *rig[account]) error {
				r.signedIn(account{ID: "u1"})
				_, err := r.sessions.RevokeWhere(ctx, "u1", ofSignIn(""))
				return err
			},
			humasesstest.OpCreate: func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.Issue(ctx, account{ID: "u1"})
				return err
			},
			humasesstest.OpScan: func(ctx context.Context, r *rig[account]) error {
				for _, err := range r.sessions.All(ctx) {
					return err
				}
				return nil
			},
		} {
			timed(t, func(r *rig[account]) {
				silent(r, op)
				took(t, bound, func() {
					if err := call(context.Background(), r); err == nil {
						t.Errorf("%s: got no error", op)
					}
				})
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				took(t, time.Second, func() {
					if err := call(ctx, r); err == nil {
						t.Errorf("%s: got no error", op)
					}
				})
			})
		}
	})
	t.Run("X10 confirmations of several cookies share a bound", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			var cookies []string
			for range 10 {
				c := r.signedIn(account{ID: "u1"})
				r.must(c, renew[account])
				cookies = append(cookies, cookieName+"="+token(c))
			}
			silent(r, humasesstest.OpUpdate)
			r.events.take()
			took(t, bound, func() {
				r.call(r.client(), nothing[account], withHeaders("Cookie", strings.Join(cookies, "; ")))
			})
			wantKinds(t, r.events, events.StoreFailed, events.Rejected)
		})
	})
	t.Run("X10 a store that waits for an ID", func(t *testing.T) {
		for _, inside := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				opts := accountOptions()
				m, err := humasess.New(asking{memory.New(nil)}, &opts)
				if err != nil {
					t.Fatal(err)
				}
				api, mux := plainAPI()
				if err := m.Attach(api); err != nil {
					t.Fatal(err)
				}
				huma.Post(api, "/", func(_ context.Context, in *struct{ humasess.Login[account] }) (*struct{}, error) {
					return nil, in.Start(account{ID: "u1"})
				})
				took(t, bound, func() {
					if inside {
						wantUnavailable(t, humasesstest.NewClient(mux).Do(http.MethodPost, "/", nil))
					} else if _, err := m.Issue(context.Background(), account{ID: "u1"}); !errors.Is(err, humasess.ErrUnavailable) {
						t.Errorf("Issue: got %v, want %v", err, humasess.ErrUnavailable)
					}
				})
			})
		}
	})
	t.Run("negative is no bound", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := accountOptions()
			o.StoreTimeout = -1
			r := newRig(t, o)
			c := r.signedIn(account{ID: "u1"})
			for _, op := range []humasesstest.Op{humasesstest.OpLoad, humasesstest.OpUpdate} {
				r.store.Before(op, func(context.Context) error { later(time.Minute); return nil })
			}
			r.must(c, increment)
		})
	})
	t.Run("a client that hangs up during the load is not an outage", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1"})
			silent(r, humasesstest.OpLoad)
			r.events.take()
			ctx, hangUp := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, hangUp)
			took(t, time.Second, func() {
				r.call(c, nothing[account], func(req *http.Request) { *req = *req.WithContext(ctx) })
			})
			wantKinds(t, r.events, events.Canceled)
		})
	})
	t.Run("a client that hangs up later loses nothing", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1"})
			ctx, hangUp := context.WithCancel(context.Background())
			r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				hangUp()
				return increment(ctx, s)
			}, func(req *http.Request) { *req = *req.WithContext(ctx) })
			if got, _ := r.data(c); got.N != 1 {
				t.Errorf("got N %d, want 1", got.N)
			}
		})
	})
}
