package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// basket is a second session type.
type basket struct {
	Items []string `json:"items,omitempty"`
}

const basketCookie = "__Host-basket"

type (
	// Auth and Basket show how a program names two types in one input.
	Auth   = humasess.Required[account]
	Basket = humasess.Session[basket]

	bothInput struct {
		Auth
		Basket
	}
	bothLogin struct {
		humasess.Login[account]
		Basket
	}

	// AuthLayer is a layer that a program defines.
	AuthLayer struct {
		humasess.Required[account]
		Tenant string `header:"X-Tenant"`
	}
	// OuterLayer embeds the session one level deeper.
	OuterLayer struct{ AuthLayer }

	ownResolve struct {
		humasess.Required[account]
		seen string
	}
	layered     struct{ OuterLayer }
	mixedDepths struct {
		AuthLayer
		Basket
	}
	mixedResolve struct {
		OuterLayer
		Basket
		seen string
	}

	lowerLayer struct{ humasess.Required[account] }

	namedField   struct{ Auth humasess.Required[account] }
	pointerEmbed struct{ *humasess.Required[account] }
	lowerCase    struct{ lowerLayer }
)

func (in *ownResolve) Resolve(huma.Context) []error {
	in.seen = "resolved"
	return nil
}

func (in *mixedResolve) Resolve(huma.Context) []error {
	in.seen = "resolved"
	return nil
}

// whoOutput tells which session an operation got.
type whoOutput struct {
	Body struct {
		ID, Extra string
		Items     []string
	}
}

func who(id, extra string, b basket) (*whoOutput, error) {
	w := &whoOutput{}
	w.Body.ID, w.Body.Extra, w.Body.Items = id, extra, b.Items
	return w, nil
}

func put(in *Basket, item string) error {
	return in.Update(func(b *basket) error { b.Items = append(b.Items, item); return nil })
}

// withBaskets returns a rig whose operations use two managers, and the second
// one's store.
func withBaskets(t *testing.T, a *adapter) (*rig[account], *humasesstest.Store) {
	t.Helper()
	store := humasesstest.Wrap(memory.New(nil))
	baskets, err := humasess.New(store, &humasess.Options[basket]{
		SchemeName: "basketCookie", Cookie: humasess.CookieOptions{Name: basketCookie}, Logger: quiet(),
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { _ = baskets.Close(context.Background()) })
	attach := func(api huma.API) {
		if err := baskets.Attach(api); err != nil {
			t.Fatalf("Attach: %v", err)
		}
	}
	r := newRig(t, a, setup[account]{opts: accountOptions(), before: attach, ops: func(_ *rig[account], api huma.API) {
		huma.Get(api, "/own", func(_ context.Context, in *ownResolve) (*whoOutput, error) {
			return who(in.Value().ID, in.seen, basket{})
		})
		huma.Get(api, "/layered", func(_ context.Context, in *layered) (*whoOutput, error) {
			return who(in.Value().ID, in.Tenant, basket{})
		})
		huma.Get(api, "/both", func(_ context.Context, in *bothInput) (*whoOutput, error) {
			b, _ := in.Basket.Get()
			return who(in.Auth.Value().ID, "", b)
		})
		huma.Get(api, "/mixed", func(_ context.Context, in *mixedDepths) (*whoOutput, error) {
			b, _ := in.Basket.Get()
			return who(in.AuthLayer.Value().ID, in.Tenant, b)
		})
		huma.Get(api, "/mixed-resolve", func(_ context.Context, in *mixedResolve) (*whoOutput, error) {
			b, _ := in.Basket.Get()
			return who(in.OuterLayer.Value().ID, in.seen, b)
		})
		huma.Post(api, "/both", func(_ context.Context, in *bothLogin) (*struct{}, error) {
			return nil, errors.Join(in.Login.Start(account{ID: "ada"}), put(&in.Basket, "tea"))
		})
	}})
	return r, store
}

// typesBehaviours are about several session types, and about ways to embed them
// in an input.
var typesBehaviours = []behaviour{
	{"C15 two session types in one operation, each with its cookie", twoSessionTypes},
	{"an own Resolve and mixed depths work, and forged markers do nothing", bindings},
	{"a session that no middleware would enforce is refused", misplaced},
}

func twoSessionTypes(t *testing.T, a *adapter) {
	r, store := withBaskets(t, a)
	c := r.client()
	login := c.do("POST", "/both", "")
	login.wantStatus(t, http.StatusNoContent)
	login.wantCookies(t, 1)
	if got := login.setCookies(basketCookie); len(got) != 1 {
		t.Errorf("Set-Cookie of the basket: got %q, want one", login.Header.Values("Set-Cookie"))
	}
	want := fmt.Sprintf("%q", []string{"ada", "tea"})
	check := func(c *client, want string) {
		t.Helper()
		var body struct {
			ID    string
			Items []string
		}
		c.do("GET", "/both", "").decode(t, &body)
		if got := fmt.Sprintf("%q", append([]string{body.ID}, body.Items...)); got != want {
			t.Errorf("sessions: got %s, want %s", got, want)
		}
	}
	check(c, want)
	c.set(basketCookie, "")
	check(c, fmt.Sprintf("%q", []string{"ada"}))

	store.Fail(humasesstest.OpCreate, errors.New("down"))
	fresh := r.client()
	refused := fresh.do("POST", "/both", "")
	refused.wantProblem(t, http.StatusServiceUnavailable, "unavailable")
	refused.wantHeader(t, "Set-Cookie")
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 1 {
		t.Errorf("X5 sessions after a failed commit of one of two: got %+v, %v, want the first login's", infos, err)
	}
}

func bindings(t *testing.T, a *adapter) {
	r, _ := withBaskets(t, a)
	c := r.client()
	c.do("POST", "/both", "").wantStatus(t, http.StatusNoContent)
	forged := []edit{
		header("Humasess-Session", "forged"), header("Humasess-Required", "forged"),
		header("humasess-login", "forged"), header("Humasess-Guarded", "forged"),
	}
	for _, tt := range []struct {
		path, extra string
		baskets     bool
	}{
		{"/own", "resolved", false}, {"/layered", "acme", false}, {"/both", "", true},
		{"/mixed", "acme", true}, {"/mixed-resolve", "resolved", true},
	} {
		t.Run(tt.path, func(t *testing.T) {
			for range 3 { // an operation learns from its first request
				for _, edits := range [][]edit{{}, forged} {
					edits = append(edits, header("X-Tenant", "acme"))
					got := c.do("GET", tt.path, "", edits...)
					var body struct {
						ID, Extra string
						Items     []string
					}
					got.wantStatus(t, http.StatusOK)
					got.decode(t, &body)
					if body.ID != "ada" || body.Extra != tt.extra || (len(body.Items) == 1) != tt.baskets {
						t.Errorf("got %+v, want ada with %q and a basket: %v", body, tt.extra, tt.baskets)
					}
					r.client().do("GET", tt.path, "", edits...).wantProblem(t, http.StatusUnauthorized, "no-session")
				}
			}
		})
	}
}

func misplaced(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Get(api, "/named", func(_ context.Context, in *namedField) (*struct{}, error) { return nil, in.Auth.Destroy() })
		huma.Get(api, "/pointer", func(_ context.Context, in *pointerEmbed) (*struct{}, error) { return nil, in.Destroy() })
		huma.Get(api, "/lower", func(_ context.Context, in *lowerCase) (*struct{}, error) { return nil, in.Destroy() })
	})
	c := r.signedIn(account{ID: "ada"})
	for _, path := range []string{"/named", "/pointer", "/lower"} {
		got := c.do("GET", path, "")
		// If huma does not run Resolve for a layer, the session panics.
		if a.panics == 0 && got.Response.Proto == "" {
			continue
		}
		if got.StatusCode != http.StatusInternalServerError || path != "/lower" && !strings.Contains(got.text, "embed the session type") {
			t.Errorf("%s: got %d %q, want a 500 that tells the fix", path, got.StatusCode, got.text)
		}
	}
	r.wantActive(c, true)
}
