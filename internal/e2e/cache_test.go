package e2e_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// cacheBehaviours are about the headers for shared caches.
var cacheBehaviours = []behaviour{
	{"H1 middleware's headers for caches of CDNs do not stay beside a session", cdnFields},
	{"H1 H2 X3 an answer by the router's own writer has the session's headers", rawAnswers},
}

// cdnFields lets the handler, and middleware outside of the sessions, allow
// caches to store.
func cdnFields(t *testing.T, a *adapter) {
	fields := map[string]string{
		"Cache-Control": "public, max-age=600", "CDN-Cache-Control": "max-age=600",
		"Acme-Cache-Control": "s-maxage=600", "Surrogate-Control": "max-age=600", "X-Accel-Expires": "600",
	}
	var inside bool
	allow := func(ctx huma.Context) {
		for name, value := range fields {
			ctx.SetHeader(name, value)
		}
	}
	r := newRig(t, a, setup[account]{opts: accountOptions(), before: func(api huma.API) {
		api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
			if !inside {
				allow(ctx)
			}
			next(ctx)
		})
	}})
	for _, inside = range []bool{false, true} {
		answer := func(c *client) *response {
			return r.must(c, func(ctx context.Context, _ *humasess.Session[account]) error {
				if hctx, ok := ctx.(huma.Context); ok && inside {
					allow(hctx)
				}
				return nil
			})
		}
		private, public := answer(r.signedIn(account{ID: "ada"})), answer(r.client())
		for name, value := range fields {
			public.wantHeader(t, name, value)
			if name == "Cache-Control" {
				private.wantHeader(t, name, "no-store")
			} else {
				private.wantHeader(t, name)
			}
		}
	}
}

// rawAnswers makes handlers write to a context that sessions have not wrapped,
// because the Unwrap of each adapter returns one.
func rawAnswers(t *testing.T, a *adapter) {
	type input struct {
		humasess.Session[account]
		Act string `query:"act"`
	}
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Get(api, "/raw", func(_ context.Context, in *input) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				raw := ctx
				unwrap := func() {
					if w, ok := ctx.(interface{ Unwrap() huma.Context }); ok {
						raw = w.Unwrap()
					}
				}
				if in.Act == "late" {
					unwrap()
				}
				var err error
				switch in.Act {
				case "start", "late":
					err = in.Session.Start(account{ID: "grace"})
				case "destroy":
					err = in.Session.Destroy()
				}
				unwrap()
				if err != nil || raw == ctx {
					raw.SetStatus(http.StatusTeapot)
				}
				_, _ = io.WriteString(raw.BodyWriter(), "raw")
			}}, nil
		})
	})
	get := func(c *client, act string, cookies int) {
		t.Helper()
		got := c.do("GET", "/raw?act="+act, "")
		got.wantStatus(t, http.StatusOK)
		got.wantCookies(t, cookies)
		got.wantVary(t, "Cookie")
		if act != "" || cookies > 0 || c.token() != "" {
			got.wantHeader(t, "Cache-Control", "no-store")
		}
		if got.text != "raw" {
			t.Errorf("%s: body: got %q, want raw", act, got.text)
		}
	}
	get(r.client(), "", 0)
	c := r.client()
	get(c, "start", 1)
	r.wantActive(c, true)
	get(c, "", 0)
	old := c.clone()
	get(c, "destroy", 1)
	r.wantActive(old, false)
	get(r.client(), "late", 1) // taken again after the change
	if strings.Contains(r.log.String(), "level=ERROR") {
		t.Errorf("log: got %s, want no errors", r.log)
	}
}
