package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

type middlewareKey string

// otherMiddlewares adds one middleware before the gate and two behind it, and
// reads the session in each.
func otherMiddlewares(t *testing.T, a *adapter) {
	seen := make(chan string, 4)
	look := func(ctx context.Context, where string) {
		if s, ok := humasess.From[account](ctx); ok {
			a, _ := s.Get()
			where += " " + a.ID
		}
		seen <- where
	}
	r := newRig(t, a, setup[account]{
		opts: accountOptions(),
		before: func(api huma.API) {
			api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
				look(ctx.Context(), "outer")
				next(huma.WithValue(ctx, middlewareKey("outer"), "o"))
			})
		},
		ops: func(_ *rig[account], api huma.API) {
			api.UseMiddleware(
				func(ctx huma.Context, next func(huma.Context)) {
					look(ctx.Context(), "inner")
					next(huma.WithValue(ctx, middlewareKey("inner"), "i"))
				},
				func(ctx huma.Context, next func(huma.Context)) {
					limited, cancel := context.WithTimeout(ctx.Context(), time.Minute)
					defer cancel()
					ctx.SetHeader("X-Middleware", "inner")
					next(huma.WithContext(ctx, limited))
				},
			)
			huma.Post(api, "/values", func(ctx context.Context, in *struct {
				humasess.Required[account]
			}) (*struct{}, error) {
				for _, key := range []string{"outer", "inner"} {
					if got, _ := ctx.Value(middlewareKey(key)).(string); got != key[:1] {
						t.Errorf("value of the %s middleware: got %q, want %q", key, got, key[:1])
					}
				}
				if _, ok := ctx.Deadline(); !ok {
					t.Error("deadline of the middleware: got none")
				}
				look(ctx, "handler")
				s, _ := humasess.From[account](ctx)
				return nil, s.Update(func(a *account) error { a.N++; return nil })
			})
		},
	})
	c := r.signedIn(account{ID: "ada"})
	got := c.do("POST", "/values", "")
	got.wantStatus(t, http.StatusNoContent)
	got.wantHeader(t, "X-Middleware", "inner")
	got.wantHeader(t, "Cache-Control", "no-store")
	close(seen)
	var all []string
	for where := range seen {
		all = append(all, where)
	}
	if got, want := strings.Join(all, ", "), "outer, inner ada, handler ada"; got != want {
		t.Errorf("From: got %q, want %q", got, want)
	}
	infos, err := r.sessions.List(context.Background(), "ada")
	if err != nil || len(infos) != 1 || infos[0].Data.N != 1 {
		t.Errorf("sessions: got %+v, %v, want N=1", infos, err)
	}
}

func transformers(t *testing.T, a *adapter) {
	transform := func(ctx huma.Context, status string, v any) (any, error) {
		ctx.SetHeader("X-Transformed", status)
		if s, ok := humasess.From[account](ctx.Context()); ok {
			a, _ := s.Get()
			ctx.SetHeader("X-Session-Of", a.ID)
			_ = s.Update(func(a *account) error { a.N++; return nil })
		}
		return v, nil
	}
	r := newRig(t, a, setup[account]{
		opts:   accountOptions(),
		config: func(c *huma.Config) { c.Transformers = append(c.Transformers, transform) },
		ops:    registerAccess,
	})
	c := r.signedIn(account{ID: "ada"})
	got := c.do("GET", "/me", "")
	got.wantHeader(t, "X-Transformed", "200")
	got.wantHeader(t, "X-Session-Of", "ada")
	if data, _ := r.data(c); data.N != 1 {
		t.Errorf("N: got %d, want 1: a transformer runs before the first byte", data.N)
	}
	refused := r.client().do("GET", "/me", "")
	refused.wantStatus(t, http.StatusUnauthorized)
	refused.wantHeader(t, "X-Transformed", "401")
	refused.wantHeader(t, "X-Session-Of")
}
