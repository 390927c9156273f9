package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// loses makes the store's next answers to a method get lost, after the call has
// been carried out, or before.
func loses(r *rig[account], op humasesstest.Op, n int32, carriedOut bool) {
	var left atomic.Int32
	left.Store(n)
	hook := func(context.Context) error {
		if left.Add(-1) >= 0 {
			return errors.New("connection reset by peer")
		}
		return nil
	}
	if carriedOut {
		r.store.After(op, hook)
	} else {
		r.store.Before(op, hook)
	}
}

// TestLostAnswers is about writes whose answer does not arrive.
func TestLostAnswers(t *testing.T) {
	rotates := map[string]handler[account]{
		"Update": increment, "Renew": renew[account], "Reauthenticated": reauthenticate("pwd"), "Remember": remember(true),
		"Update twice": func(ctx context.Context, s *humasess.Session[account]) error {
			return errors.Join(increment(ctx, s), s.Commit(ctx), increment(ctx, s))
		},
		"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
	}
	for name, do := range rotates {
		for _, carriedOut := range []bool{true, false} {
			for _, times := range []int32{1, 3} {
				t.Run("X10 an update is done once, "+name, func(t *testing.T) {
					timed(t, func(r *rig[account]) {
						c := r.signedIn(account{ID: "u1"})
						loses(r, humasesstest.OpUpdate, times, carriedOut)
						wantStatus(t, r.call(c, do), http.StatusNoContent)
						want := map[string]int{"Update": 1, "Update twice": 2}[name]
						if got, ok := r.data(c); !ok || got.N != want {
							t.Errorf("got %+v, %v, want N %d", got, ok, want)
						}
						for _, e := range r.events.take() {
							if e.Kind == events.StoreFailed {
								t.Errorf("event: got %+v, want no failure", e)
							}
						}
					})
				})
			}
		}
	}
	t.Run("X10 a sign-in makes one session and ends the old one", func(t *testing.T) {
		for _, carriedOut := range []bool{true, false} {
			for _, id := range []string{"u1", "u2"} {
				timed(t, func(r *rig[account]) {
					c := r.signedIn(account{ID: "u1"})
					old := token(c)
					loses(r, humasesstest.OpCreate, 2, carriedOut)
					r.events.take()
					wantStatus(t, r.loginCall(c, start(account{ID: id})), http.StatusNoContent)
					r.wantDead(old)
					infos, err := r.sessions.List(context.Background(), id)
					if err != nil || len(infos) != 1 {
						t.Errorf("sessions: got %v, %v, want one", infos, err)
					}
					r.wantActive(c, true)
				})
			}
		}
	})
	t.Run("X10 a change of identity, too", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1", N: 7})
			loses(r, humasesstest.OpCreate, 1, true)
			wantStatus(t, r.call(c, moveTo("u2")), http.StatusNoContent)
			if got, ok := r.data(c); !ok || got.ID != "u2" || got.N != 7 {
				t.Errorf("got %+v, %v, want the data under u2", got, ok)
			}
		})
	})
	t.Run("R2 a sign-in that was revoked meanwhile is refused all the same", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		loses(r, humasesstest.OpCreate, 1, true)
		r.store.Before(humasesstest.OpCreate, nil)
		w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(c, do) },
			func() { r.revokeIdentity("u1") }, start(account{ID: "u1"}))
		wantStatus(t, w, http.StatusUnauthorized)
	})
	t.Run("R1 a logout", func(t *testing.T) {
		for _, carriedOut := range []bool{true, false} {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				old := token(c)
				loses(r, humasesstest.OpDelete, 2, carriedOut)
				wantStatus(t, r.call(c, destroy[account]), http.StatusNoContent)
				r.wantDead(old)
			})
		}
	})
	t.Run("R2 a revocation, which does not refuse the request's own Start", func(t *testing.T) {
		for _, carriedOut := range []bool{true, false} {
			for name, revoke := range map[string]func(context.Context, *rig[account], *humasess.Session[account]) error{
				"Manager": func(ctx context.Context, r *rig[account], _ *humasess.Session[account]) error {
					_, err := r.sessions.RevokeIdentity(ctx, "u1")
					return err
				},
				"Session": func(ctx context.Context, _ *rig[account], s *humasess.Session[account]) error {
					_, err := s.RevokeAll(ctx)
					return err
				},
			} {
				timed(t, func(r *rig[account]) {
					c, other := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})
					later(time.Second)
					loses(r, humasesstest.OpRevokeIdentity, 1, carriedOut)
					w := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
						if err := revoke(ctx, r, s); err != nil {
							return err
						}
						return s.Start(account{ID: "u1"})
					})
					if w.Code != http.StatusNoContent {
						t.Errorf("%s: got %d %s, want 204", name, w.Code, w.Body)
					}
					r.wantActive(c, true)
					r.wantActive(other, false)
				})
			}
		}
	})
	t.Run("X10 another request's write is not taken for the own one", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1"})
			var once atomic.Bool
			r.store.Before(humasesstest.OpUpdate, func(context.Context) error {
				if once.CompareAndSwap(false, true) {
					r.must(r.withToken(token(c)), increment) // makes the version that ours would
					return errors.New("connection reset by peer")
				}
				return nil
			})
			wantUnavailable(t, r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.Note = "mine"; return nil })
			}))
			if got, _ := r.data(c); got.N != 1 || got.Note != "" {
				t.Errorf("got %+v, want the other request's change alone", got)
			}
		})
	})
	t.Run("X10 the budget bounds it", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1"})
			loses(r, humasesstest.OpUpdate, 1000, true)
			begin := time.Now()
			r.store.Before(humasesstest.OpLoad, nil)
			calls := 0
			r.store.Before(humasesstest.OpLoad, func(context.Context) error {
				if calls++; calls > 1 {
					later(2 * time.Second)
					return errDown
				}
				return nil
			})
			wantUnavailable(t, r.call(c, increment))
			if got := time.Since(begin); got > 8*time.Second {
				t.Errorf("it took %v, want about 5 seconds", got)
			}
		})
	})
	t.Run("X10 UpdateIdentity changes each session once", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u1"})
			loses(r, humasesstest.OpUpdate, 1, true)
			n, err := r.sessions.UpdateIdentity(context.Background(), "u1", func(a *account) error { a.N++; return nil })
			if n != 1 || err != nil {
				t.Errorf("got %d, %v, want 1", n, err)
			}
			if got, _ := r.data(c); got.N != 1 {
				t.Errorf("got N %d, want 1", got.N)
			}
		})
	})
	t.Run("answers of the store are not lost ones", func(t *testing.T) {
		for _, answer := range []error{stores.ErrTooLarge, stores.ErrFull, errors.ErrUnsupported} {
			r := newRig(t, accountOptions())
			r.store.Fail(humasesstest.OpCreate, answer)
			r.store.Reset()
			r.loginCall(r.client(), start(account{ID: "u1"}))
			if got := r.store.Calls()[humasesstest.OpCreate]; got != 1 {
				t.Errorf("%v: got %d calls, want one", answer, got)
			}
		}
	})
}

// TestMemoIsNeverChanged is about an update whose answer is lost, so that the program
// tries it again.
func TestMemoIsNeverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := memory.New(nil)
		r := newRigOn(t, accountOptions(), inner, huma.DefaultConfig("Test", "1.0.0"))
		c := r.signedIn(account{ID: "u1"})
		lost := errors.New("connection reset by peer")
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			r.store.After(humasesstest.OpUpdate, func(context.Context) error { return lost })
			r.store.Fail(humasesstest.OpLoad, lost)
			id, err := stores.ParseID(s.ID())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(increment(ctx, s), s.Renew()); err != nil {
				t.Fatal(err)
			}
			if err := s.Commit(ctx); err == nil {
				t.Fatal("Commit: got no error")
			}
			r.store.After(humasesstest.OpUpdate, nil)
			r.store.Fail(humasesstest.OpLoad, nil)
			r.store.Before(humasesstest.OpUpdate, func(context.Context) error {
				r.store.Before(humasesstest.OpUpdate, nil)
				raw, memo, err := inner.LoadMemo(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				want, err := payload.Decode(raw.Payload)
				if err != nil {
					t.Fatal(err)
				}
				if o, ok := memo.Value().(*record.Opened[account]); !ok || !reflect.DeepEqual(o.Fields, want) {
					t.Errorf("got %+v, want the fields of the payload, %+v", o, want)
				}
				return nil
			})
			return nil
		})
	})
}
