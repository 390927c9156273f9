package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// An operation with a protection on an API without a gate must not serve any client.
func TestRequireOnAnUnattachedAPI(t *testing.T) {
	secret := func(context.Context, *struct{}) (*struct{}, error) { //nolint:unparam // as huma calls it
		t.Error("the handler ran")
		return &struct{}{}, nil
	}
	for _, tt := range []struct {
		name     string
		register func(api huma.API, protect func(*huma.Operation))
	}{
		{"directly", func(api huma.API, protect func(*huma.Operation)) {
			huma.Get(api, "/adm/x", secret, protect)
		}},
		{"in a group without a prefix", func(api huma.API, protect func(*huma.Operation)) {
			g := huma.NewGroup(api)
			g.UseSimpleModifier(protect)
			huma.Get(g, "/adm/x", secret)
		}},
		{"in a group with a prefix", func(api huma.API, protect func(*huma.Operation)) {
			g := huma.NewGroup(api, "/adm")
			g.UseSimpleModifier(protect)
			huma.Get(g, "/x", secret)
		}},
		{"in a group with two prefixes", func(api huma.API, protect func(*huma.Operation)) {
			g := huma.NewGroup(api, "/adm", "/other")
			g.UseSimpleModifier(protect)
			huma.Get(g, "/x", secret)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			mux := http.NewServeMux()
			other := humago.New(mux, huma.DefaultConfig("Other", "1.0.0"))
			text := ""
			func() {
				defer func() {
					if p := recover(); p != nil {
						text = fmt.Sprint(p)
					}
				}()
				tt.register(other, r.sessions.Require("admin"))
				w := humasesstest.NewClient(mux).Do("GET", "/adm/x", nil)
				if w.Code != http.StatusInternalServerError {
					t.Errorf("got %d, want 500", w.Code)
				}
				text = w.Body.String()
			}()
			if !strings.Contains(text, "/adm/x") || !strings.Contains(text, "Attach") {
				t.Errorf("got %q, want a text that names the operation and the fix", text)
			}
		})
	}
}

func TestRequireTwiceAndOnTwoAPIs(t *testing.T) {
	r := newRig(t, accountOptions())
	second := http.NewServeMux()
	other := humago.New(second, huma.DefaultConfig("Other", "1.0.0"))
	if err := r.sessions.Attach(other); err != nil {
		t.Fatal(err)
	}
	for _, api := range []huma.API{r.api, other} {
		outer := huma.NewGroup(api, "/a", "/b")
		outer.UseSimpleModifier(r.sessions.Require("admin"))
		inner := huma.NewGroup(outer, "/c")
		inner.UseSimpleModifier(r.sessions.Require("admin"))
		inner.UseSimpleModifier(r.sessions.Require())
		huma.Get(inner, "/x", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
		huma.Get(api, "/direct", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, r.sessions.Require("admin"))
	}
	cookie := humasesstest.Login(t, r.sessions, account{ID: "ada", Roles: []string{"admin"}})
	for _, handler := range []http.Handler{r.mux, second} {
		for _, path := range []string{"/a/c/x", "/b/c/x", "/direct"} {
			c := humasesstest.NewClient(handler)
			if got := c.Do("GET", path, nil); got.Code != http.StatusUnauthorized {
				t.Errorf("%s without a session: got %d, want 401", path, got.Code)
			}
			c.SetCookie(cookie)
			if got := c.Do("GET", path, nil); got.Code != http.StatusNoContent {
				t.Errorf("%s with the role: got %d, want 204", path, got.Code)
			}
		}
	}
}
