package autopatch_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/autopatch"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// The requests that autopatch makes have no host. Inside Manager.Handler they
// are judged by the host of the PATCH. So a page in an old browser, which sends
// only its Origin, may send one.
func TestOriginInsideOfHandler(t *testing.T) {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[account]{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	written := 0
	huma.Get(api, "/thing", func(context.Context, *getInput) (*thing, error) { return &thing{}, nil })
	huma.Put(api, "/thing", func(_ context.Context, in *struct {
		humasess.Required[account]
		Body thingBody
	},
	) (*thing, error) {
		written = in.Body.N
		return &thing{in.Body}, nil
	})
	autopatch.AutoPatch(api)
	for i, tt := range []struct {
		name, origin  string
		alone, inside int // the status of the API alone, and inside Handler
	}{
		{"own page", "https://example.com", http.StatusForbidden, http.StatusOK},
		{"foreign page", "https://evil.example", http.StatusForbidden, http.StatusForbidden},
		{"page without an origin", "null", http.StatusForbidden, http.StatusForbidden},
		{"no page", "", http.StatusOK, http.StatusOK},
	} {
		for handler, want := range map[http.Handler]int{mux: tt.alone, inside(sessions, mux): tt.inside} {
			t.Run(tt.name, func(t *testing.T) {
				written = 0
				c := humasesstest.NewClient(handler)
				c.SetCookie(humasesstest.Login(t, sessions, account{}))
				w := c.Do(http.MethodPatch, "/thing", thingBody{N: i + 1}, func(r *http.Request) {
					r.Header.Set("Content-Type", "application/merge-patch+json")
					if tt.origin != "" {
						r.Header.Set("Origin", tt.origin)
					}
				})
				if w.Code != want || (written == i+1) != (want == http.StatusOK) {
					t.Errorf("got %d and %d written, want %d: %s", w.Code, written, want, w.Body)
				}
			})
		}
	}
}

// inside returns a pointer, because a function is not a key of a map.
func inside(sessions *humasess.Manager[account], api http.Handler) http.Handler {
	return &struct{ http.Handler }{sessions.Handler(api)}
}
