package humasess_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestCommit(t *testing.T) {
	r := newRig(t, accountOptions())

	t.Run("writes at once, with the caller's context", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		type key struct{}
		seen := false
		r.store.Before(humasesstest.OpUpdate, func(ctx context.Context) error {
			seen = ctx.Value(key{}) == "tx"
			return nil
		})
		defer r.store.Before(humasesstest.OpUpdate, nil)
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			if err := s.Commit(context.WithValue(ctx, key{}, "tx")); err != nil {
				return err
			}
			if !seen {
				t.Error("the store did not get the caller's context")
			}
			list, err := r.sessions.List(ctx, "u1")
			if err != nil || len(list) != 1 || list[0].Data.N != 1 {
				t.Errorf("stored: got %v, %v, want N 1", list, err)
			}
			return nil
		})
	})

	t.Run("a change survives an error response", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			if err := s.Commit(ctx); err != nil {
				return err
			}
			if err := increment(ctx, s); err != nil { // this one does not
				return err
			}
			return huma.Error400BadRequest("no")
		})
		wantStatus(t, w, http.StatusBadRequest)
		if got, _ := r.data(c); got.N != 1 {
			t.Errorf("N: got %d, want 1", got.N)
		}
	})

	t.Run("T3 a session that Start has written goes again with an error response", func(t *testing.T) {
		c := r.client()
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "gone"}); err != nil {
				return err
			}
			if err := s.Commit(ctx); err != nil {
				return err
			}
			if list, err := r.sessions.List(ctx, "gone"); err != nil || len(list) != 1 {
				t.Errorf("after Commit: got %v, %v, want one session", list, err)
			}
			return huma.Error403Forbidden("no")
		})
		wantStatus(t, w, http.StatusForbidden)
		wantCookies(t, w, 0)
		if list, err := r.sessions.List(context.Background(), "gone"); err != nil || len(list) != 0 {
			t.Errorf("after the response: got %v, %v, want none", list, err)
		}
	})

	t.Run("C15 before and after it, one cookie that works", func(t *testing.T) {
		c := r.client()
		w := r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			for _, step := range []func() error{
				func() error { return s.Start(account{ID: "u1"}) },
				func() error { return s.Commit(ctx) },
				func() error { return s.Renew() },
				func() error { return increment(ctx, s) },
			} {
				if err := step(); err != nil {
					return err
				}
			}
			return nil
		})
		wantCookies(t, w, 1)
		if got, _ := r.data(c); got.N != 1 {
			t.Errorf("N: got %d, want 1", got.N)
		}
	})

	t.Run("without anything pending is no call", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) })
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
	})
}
