package declaretest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// who is the output of operations that name the user of their session.
type who struct {
	Body struct {
		ID    string   `json:"id"`
		Items []string `json:"items,omitempty"`
		Extra string   `json:"extra,omitempty"`
	}
}

func answerWho(id string, items []string, extra string) (*who, error) {
	w := &who{}
	w.Body.ID, w.Body.Items, w.Body.Extra = id, items, extra
	return w, nil
}

// Inputs that must work. Layers of users are exported, as huma wants them.
type (
	AuthLayer struct {
		humasess.Required[account]
		Tenant string `header:"X-Tenant"`
	}
	OuterLayer struct{ AuthLayer }

	ResolvingLayer struct {
		humasess.Session[account]
		Seen string
	}

	ownResolve struct {
		humasess.Required[account]
		Extra string `query:"extra"`
		seen  string
	}
	layered        struct{ AuthLayer }
	twiceLayered   struct{ OuterLayer }
	resolvingLayer struct{ ResolvingLayer }
	twoTypes       struct {
		Needed
		Parcel
	}
	mixedDepths struct {
		AuthLayer // its Session is at depth 2
		Parcel    // at depth 0
	}
	mixedResolve struct {
		OuterLayer
		Parcel
		seen string
	}
)

func (in *ownResolve) Resolve(ctx huma.Context) []error {
	in.seen = "resolved " + ctx.Query("extra")
	return nil
}

func (l *ResolvingLayer) Resolve(huma.Context) []error {
	l.Seen = "layer"
	return nil
}

func (in *mixedResolve) Resolve(huma.Context) []error {
	in.seen = "mixed"
	return nil
}

func TestBindingWorks(t *testing.T) {
	s := newSite(t)
	huma.Get(s.api, "/own", func(_ context.Context, in *ownResolve) (*who, error) {
		return answerWho(in.Value().ID, nil, in.seen)
	})
	huma.Get(s.api, "/layer", func(_ context.Context, in *layered) (*who, error) {
		return answerWho(in.Value().ID, nil, in.Tenant)
	})
	huma.Get(s.api, "/layers", func(_ context.Context, in *twiceLayered) (*who, error) {
		return answerWho(in.Value().ID, nil, in.Tenant)
	})
	huma.Get(s.api, "/resolving-layer", func(_ context.Context, in *resolvingLayer) (*who, error) {
		a, _ := in.Get()
		return answerWho(a.ID, nil, in.Seen)
	})
	huma.Get(s.api, "/two", func(_ context.Context, in *twoTypes) (*who, error) {
		b, _ := in.Parcel.Get()
		return answerWho(in.Needed.Value().ID, b.Items, "")
	})
	huma.Get(s.api, "/mixed", func(_ context.Context, in *mixedDepths) (*who, error) {
		b, _ := in.Parcel.Get()
		return answerWho(in.Value().ID, b.Items, in.Tenant)
	})
	huma.Get(s.api, "/mixed-resolve", func(_ context.Context, in *mixedResolve) (*who, error) {
		b, _ := in.Parcel.Get()
		return answerWho(in.Value().ID, b.Items, in.seen)
	})
	huma.Get(s.api, "/bare", func(_ context.Context, in *humasess.Required[account]) (*who, error) {
		return answerWho(in.Value().ID, nil, "")
	})

	tests := []struct {
		name, path string
		want       string
	}{
		{"an input with a Resolve of its own", "/own?extra=x", `{"id":"u1","extra":"resolved x"}`},
		{"a layer of the user", "/layer", `{"id":"u1","extra":"acme"}`},
		{"a layer on a layer", "/layers", `{"id":"u1","extra":"acme"}`},
		{"a layer with a Resolve of its own", "/resolving-layer", `{"id":"u1","extra":"layer"}`},
		{"two types by aliases", "/two", `{"id":"u1","items":["tea"]}`},
		{"two types at different depths", "/mixed", `{"id":"u1","items":["tea"],"extra":"acme"}`},
		{"different depths and a Resolve", "/mixed-resolve", `{"id":"u1","items":["tea"],"extra":"mixed"}`},
		{"the session type as the input itself", "/bare", `{"id":"u1"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.signedIn(account{ID: "u1"})
			c.SetCookie(humasesstest.Login(t, s.parcels, parcel{Items: []string{"tea"}}))
			for range 3 { // the way it is bound is learned from the first
				w := c.Do(http.MethodGet, tt.path, nil, tenant, forgedMarkers)
				wantStatus(t, w, http.StatusOK)
				var got map[string]any
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
					t.Fatalf("body %q: %v", w.Body, err)
				}
				delete(got, "$schema")
				var want map[string]any
				_ = json.Unmarshal([]byte(tt.want), &want)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("body: got %v, want %v", got, want)
				}
			}
		})
	}
}

func tenant(req *http.Request) { req.Header.Set("X-Tenant", "acme") }

func TestForgedMarkers(t *testing.T) {
	t.Run("open nothing", func(t *testing.T) {
		s := newSite(t)
		huma.Post(s.api, "/required", serve[needsIn])
		huma.Post(s.api, "/call", func(_ context.Context, in *sessionIn) (*struct{}, error) {
			if in.Active() {
				t.Error("a session is active for a client without one")
			}
			return nil, nil
		})
		wantStatus(t, s.client(byNobody).Do(http.MethodPost, "/required", nil, forgedMarkers), http.StatusUnauthorized)
		wantStatus(t, s.client(byNobody).Do(http.MethodPost, "/call", nil, forgedMarkers), http.StatusNoContent)
	})

	t.Run("nor on an API without Attach", func(t *testing.T) {
		mux, api := newAPI()
		huma.Get(api, "/shadowed", func(_ context.Context, in *ownResolve) (*struct{}, error) {
			return nil, in.Destroy()
		})
		huma.Get(api, "/plain", func(context.Context, *layered) (*struct{}, error) {
			t.Error("the handler ran with a session that is not enforced")
			return nil, nil
		})
		c := humasesstest.NewClient(recovering(mux))
		for path, text := range map[string]string{"/shadowed": "session that is not enforced", "/plain": "GET /plain"} {
			w := c.Do(http.MethodGet, path, nil, forgedMarkers)
			wantStatus(t, w, map[string]int{"/shadowed": http.StatusUnprocessableEntity, "/plain": http.StatusInternalServerError}[path])
			if got := w.Body.String(); !strings.Contains(got, text) || !strings.Contains(got, "attach the manager") {
				t.Errorf("%s: got %s, want a text with %q and the fix", path, got, text)
			}
		}
	})
}

// recovering answers panics as a recovery middleware in front would.
func recovering(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				http.Error(w, fmt.Sprint(p), http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(w, r)
	})
}

// Places where no session can work.
type (
	lowerLayer struct{ humasess.Required[account] }

	namedField     struct{ S humasess.Required[account] }
	lowerCase      struct{ lowerLayer }
	pointerEmbed   struct{ *humasess.Required[account] }
	pointerSession struct{ *humasess.Session[account] }
	inBody         struct {
		Body struct{ humasess.Session[account] }
	}
	inBodyField struct {
		Body struct{ S []humasess.Session[account] }
	}
	bodyItself struct{ Body humasess.Session[account] }

	outBody struct {
		Body struct{ S humasess.Session[account] }
	}
	outEmbedded struct{ humasess.Session[account] }
	outMap      struct {
		Body map[string]humasess.Required[account]
	}
)

func TestBindingRefused(t *testing.T) {
	op := huma.Operation{OperationID: "the-operation", Method: http.MethodPost, Path: "/misplaced"}
	tests := []struct {
		name     string
		register func(huma.API)
		request  bool // refused when it is called, not when it is registered
	}{
		{"named field", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *namedField) (*struct{}, error) { return nil, in.S.Destroy() })
		}, true},
		{"layer with a lower-case name", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *lowerCase) (*struct{}, error) { return nil, in.Destroy() })
		}, true},
		{"pointer to Required", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *pointerEmbed) (*struct{}, error) { return nil, in.Destroy() })
		}, true},
		{"pointer to Session", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *pointerSession) (*struct{}, error) { return nil, in.Destroy() })
		}, true},
		{"embedded in Body", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *inBody) (*struct{}, error) { return nil, in.Body.Destroy() })
		}, false},
		{"in a list in Body", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *inBodyField) (*struct{}, error) { return nil, nil })
		}, false},
		{"as Body", func(api huma.API) {
			huma.Register(api, op, func(_ context.Context, in *bodyItself) (*struct{}, error) { return nil, nil })
		}, false},
		{"in an output's body", func(api huma.API) {
			huma.Register(api, op, func(context.Context, *struct{}) (*outBody, error) { return nil, nil })
		}, false},
		{"in a map in an output's body", func(api huma.API) {
			huma.Register(api, op, func(context.Context, *struct{}) (*outMap, error) { return nil, nil })
		}, false},
		{"in an output's headers", func(api huma.API) {
			huma.Register(api, op, func(context.Context, *struct{}) (*outEmbedded, error) { return nil, nil })
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			text := panicOf(func() { tt.register(s.api) })
			if refused := text != ""; refused == tt.request {
				t.Fatalf("registration refused: got %v (%q), want %v", refused, text, !tt.request)
			}
			if tt.request {
				c := humasesstest.NewClient(recovering(s.mux))
				c.SetCookie(humasesstest.Login(t, s.accounts, account{ID: "u1"}))
				w := c.Do(http.MethodPost, "/misplaced", nil)
				wantStatus(t, w, http.StatusInternalServerError)
				text = w.Body.String()
			}
			for _, part := range []string{"the-operation", "/misplaced", "embed"} {
				if !strings.Contains(text, part) {
					t.Errorf("text: got %q, want one with %q", text, part)
				}
			}
		})
	}
}

// Requests at the same time never get each other's session, whichever way it
// is bound.
func TestBindingConcurrent(t *testing.T) {
	s := newSite(t)
	huma.Get(s.api, "/own", func(_ context.Context, in *ownResolve) (*who, error) {
		return answerWho(in.Value().ID, nil, "")
	})
	huma.Get(s.api, "/layer", func(_ context.Context, in *layered) (*who, error) {
		return answerWho(in.Value().ID, nil, "")
	})
	huma.Get(s.api, "/mixed", func(_ context.Context, in *mixedDepths) (*who, error) {
		b, _ := in.Parcel.Get()
		return answerWho(in.Value().ID, b.Items, "")
	})
	const clients, rounds = 16, 20
	var wg sync.WaitGroup
	for i := range clients {
		c, id := s.signedIn(account{ID: strconv.Itoa(i)}), strconv.Itoa(i)
		c.SetCookie(humasesstest.Login(t, s.parcels, parcel{Items: []string{id}}))
		wg.Go(func() {
			for round := range rounds {
				path := []string{"/own", "/layer", "/mixed"}[(i+round)%3]
				w := c.Do(http.MethodGet, path, nil)
				var got struct {
					ID    string
					Items []string
				}
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.ID != id {
					t.Errorf("%s as %s: got %s, %v", path, id, w.Body, err)
				}
				if path == "/mixed" && (len(got.Items) != 1 || got.Items[0] != id) {
					t.Errorf("basket of %s: got %v", id, got.Items)
				}
			}
		})
	}
	wg.Wait()
}
