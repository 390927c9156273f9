package humasess_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

func TestFromBelowRequire(t *testing.T) {
	r := newRig(t, accountOptions())
	group := huma.NewGroup(r.api, "/admin")
	group.UseSimpleModifier(r.sessions.Require("admin"))
	var seen string
	huma.Get(group, "/report", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		s, ok := humasess.From[account](ctx)
		if !ok {
			t.Error("got no session below Require, want the one that it has checked")
			return nil, nil
		}
		a, _ := s.Get()
		seen = a.ID
		return nil, s.Update(func(a *account) error { a.N++; return nil })
	})
	c := r.signedIn(account{ID: "ada", Roles: []string{"admin"}})
	if got := c.Do("GET", "/admin/report", nil); got.Code != http.StatusNoContent || seen != "ada" {
		t.Errorf("got %d for %q, want 204 for ada", got.Code, seen)
	}
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || infos[0].Data.N != 1 {
		t.Errorf("got %v, %v, want the change", infos, err)
	}
}
