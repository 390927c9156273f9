package humasess_test

import (
	"context"
	"errors"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// transacting is a store that takes the calls with a mark in their context for parts of a
// transaction.
type transacting struct{ *memory.Store }

type inTransaction struct{}

var _ stores.Transactional = transacting{}

func (transacting) InTransaction(ctx context.Context) bool { return ctx.Value(inTransaction{}) != nil }

func TestRevokeAllAfterTransaction(t *testing.T) {
	r := newRigOn(t, accountOptions(), transacting{memory.New(nil)}, huma.DefaultConfig("Test", "1.0.0"))
	c := r.signedIn(account{ID: "u1"})
	w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
		_, first := s.RevokeAll(context.WithValue(ctx, inTransaction{}, true))
		started := s.Start(account{ID: "u1"})
		_, second := s.RevokeAll(ctx)
		if err := errors.Join(first, started, second); err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return errors.New("refused")
	})
	wantCookies(t, w, 1) // it expires the present one
	r.wantActive(c, false)
}
