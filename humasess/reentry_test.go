package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestUpdateCallsTheSession(t *testing.T) {
	calls := map[string]func(context.Context, *humasess.Session[account]){
		"Get": func(_ context.Context, s *humasess.Session[account]) { s.Get() }, "ID": func(_ context.Context, s *humasess.Session[account]) { _ = s.ID() },
		"Destroy": func(_ context.Context, s *humasess.Session[account]) { _ = s.Destroy() },
		"Update":  func(ctx context.Context, s *humasess.Session[account]) { _ = increment(ctx, s) },
		"Commit":  func(ctx context.Context, s *humasess.Session[account]) { _ = s.Commit(ctx) },
		"List":    func(ctx context.Context, s *humasess.Session[account]) { _, _ = s.List(ctx) },
		"From": func(ctx context.Context, _ *humasess.Session[account]) {
			s, _ := humasess.From[account](ctx)
			s.Active()
		},
		"Get, with a recover of its own": func(_ context.Context, s *humasess.Session[account]) {
			defer func() { _ = recover() }()
			s.Get()
		},
		"Value in a function of another name": func(_ context.Context, s *humasess.Session[account]) {
			func() { defer s.ExpiresAt() }()
		},
	}
	for name, call := range calls {
		t.Run(name+" is an error and does not block", func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			done := inBackground(func() *httptest.ResponseRecorder {
				return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					err := s.Update(func(a *account) error {
						a.N++
						call(ctx, s)
						return nil
					})
					if !errors.Is(err, humasess.ErrInvalid) {
						t.Errorf("got %v, want %v", err, humasess.ErrInvalid)
					}
					if got, ok := s.Get(); !ok || got.N != 0 {
						t.Errorf("after it: got %+v, %v, want the data as they were", got, ok)
					}
					return err
				})
			})
			select {
			case w := <-done.answer:
				wantStatus(t, w, http.StatusInternalServerError)
			case <-time.After(10 * time.Second):
				t.Fatal("the request hangs")
			}
		})
	}
	t.Run("another goroutine waits for the function to end", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			inside, seen := make(chan struct{}), make(chan int, 1)
			var wg sync.WaitGroup
			wg.Go(func() {
				<-inside
				got, _ := s.Get()
				seen <- got.N
			})
			err := s.Update(func(a *account) error {
				close(inside)
				a.N = 5
				return nil
			})
			wg.Wait()
			if got := <-seen; got != 5 {
				t.Errorf("got N %d, want 5", got)
			}
			return err
		})
	})
	for name, call := range calls {
		if name == "From" { // its Active is as good as ID
			continue
		}
		t.Run(name+" of a goroutine that the function waits for is an error", func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u1"})
				w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					err := s.Update(func(a *account) error {
						a.N++
						var wg sync.WaitGroup
						for range 3 {
							wg.Go(func() { call(ctx, s) })
						}
						wg.Wait()
						return nil
					})
					if !errors.Is(err, humasess.ErrInvalid) {
						t.Errorf("got %v, want %v", err, humasess.ErrInvalid)
					}
					if got, ok := s.Get(); name != "Destroy" && (!ok || got.N != 0) {
						t.Errorf("after it: got %+v, %v, want the data as they were", got, ok)
					}
					return nil
				})
				wantStatus(t, w, http.StatusNoContent)
			})
		})
	}
	t.Run("a panic of the program's own goes through", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("panic: got %v, want the program's own", p)
			}
		}()
		r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(*account) error { panic("mine") })
		})
	})
	t.Run("in a replay", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		once := sync.OnceFunc(func() { r.must(r.withToken(token(c)), increment) })
		r.store.Before(humasesstest.OpUpdate, func(context.Context) error {
			r.store.Before(humasesstest.OpUpdate, nil)
			once()
			return nil
		})
		runs := 0
		w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error {
				if runs++; runs > 1 {
					s.Active()
				}
				a.N++
				return nil
			})
		})
		if w.Code < 400 || runs != 2 {
			t.Errorf("got %d after %d runs, want an error after 2", w.Code, runs)
		}
	})
}
