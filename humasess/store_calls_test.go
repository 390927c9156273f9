package humasess_test

import (
	"context"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestStoreCalls(t *testing.T) {
	r := newRig(t, accountOptions())
	huma.Post(r.api, "/plain", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	const load, create, update, del, list = humasesstest.OpLoad, humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpDelete, humasesstest.OpList
	type calls = map[humasesstest.Op]int
	read := func(_ context.Context, s *humasess.Session[account]) error {
		for range 3 {
			s.Get()
		}
		_, _, _, _ = s.Active(), s.ID(), s.ExpiresAt(), s.CreatedAt()
		return nil
	}
	tests := []struct {
		name   string
		signed bool
		cookie string
		path   string
		do     handler[account]
		want   calls
	}{
		{"X3 operation without a session", true, "", "/plain", nil, calls{}},
		{"X3 no cookie", false, "", "/call", read, calls{}},
		{"X3 no cookie, required", false, "", "/required", read, calls{}},
		{"T4 malformed cookie", false, "abc", "/call", read, calls{}},
		{"T4 malformed cookie, required", false, strings.Repeat("+", 64), "/required", read, calls{}},
		{"X3 Destroy without a session", false, "", "/call", destroy[account], calls{}},
		{"unknown cookie", false, strings.Repeat("A", 64), "/call", read, calls{load: 1}},
		{"X2 read", true, "", "/call", read, calls{load: 1}},
		{"X2 read, required", true, "", "/required", read, calls{load: 1}},
		{"login", false, "", "/login", start(account{ID: "u2"}), calls{create: 1}},
		{"login over a session", true, "", "/login", start(account{ID: "u1"}), calls{load: 1, create: 1}},
		{"Update", true, "", "/call", increment, calls{load: 1, update: 1}},
		{"anonymous", false, "", "/call", increment, calls{create: 1}},
		{"Renew", true, "", "/call", renew[account], calls{load: 1, update: 1}},
		{"Destroy", true, "", "/call", destroy[account], calls{load: 1, del: 1}},
		{"identity change", true, "", "/call", func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u3"; return nil })
		}, calls{load: 1, create: 1}},
		{"List", true, "", "/call", func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }, calls{load: 1, list: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.in(t)
			c := r.client()
			if tt.signed {
				c = r.signedIn(account{ID: "u1"})
			}
			if tt.cookie != "" {
				c = r.withToken(tt.cookie)
			}
			r.store.Reset()
			r.send(c, tt.path, tt.do)
			r.wantCalls(tt.want)
		})
	}
}
