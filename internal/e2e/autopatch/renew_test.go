package autopatch_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/autopatch"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type meInput struct{ humasess.Required[account] }

// autopatch drops the cookies of its GET and answers with those of its PUT. The
// client stays signed in with one token, whether the GET or the PUT renews the
// session. After the grace, a token that the GET has renewed counts as lost.
// Then the next answer brings another one.
func TestRenewInside(t *testing.T) {
	renew := func(s *humasess.Session[account]) error { return s.Renew() }
	change := func(s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.Roles = append(a.Roles, "author"); return nil })
	}
	nothing := func(*humasess.Session[account]) error { return nil }
	const busy = 20 * time.Minute // RotateEvery; the session is older in some rows
	tests := []struct {
		name    string
		age     time.Duration // of the session
		inGet   func(*humasess.Session[account]) error
		inPut   func(*humasess.Session[account]) error
		same    bool // it changes nothing, so there is no PUT
		renewed int  // cookies that the PATCH sets
		later   int  // cookies that a request sets after the grace
	}{
		{name: "by neither", inGet: nothing, inPut: nothing},
		{name: "in the GET", inGet: renew, inPut: nothing, later: 1},
		{name: "in the GET, without a PUT", inGet: renew, inPut: nothing, same: true, later: 1},
		{name: "in the PUT", inGet: nothing, inPut: renew, renewed: 1},
		{name: "in both", inGet: renew, inPut: renew, later: 1},
		{name: "in the PUT, which writes", inGet: nothing, inPut: both(renew, change), renewed: 1},
		{name: "in the GET, and the PUT writes", inGet: renew, inPut: change, later: 1},
		{name: "by its age", age: busy + time.Minute, inGet: nothing, inPut: nothing, later: 1},
		{name: "by its age, without a PUT", age: busy + time.Minute, inGet: nothing, inPut: nothing, same: true, later: 1},
		{name: "by its age, and the PUT writes", age: busy + time.Minute, inGet: nothing, inPut: change, later: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := humasesstest.NewClock()
			sessions, err := humasess.New(memory.New(&memory.Options{Now: clock.Now}), &humasess.Options[account]{
				Now: clock.Now, RotateEvery: busy, IdleTimeout: 2 * time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
			if err := sessions.Attach(api); err != nil {
				t.Fatal(err)
			}
			huma.Get(api, "/me", func(context.Context, *meInput) (*struct{}, error) { return nil, nil })
			huma.Get(api, "/thing", func(_ context.Context, in *getInput) (*thing, error) { return &thing{}, tt.inGet(&in.Session) })
			huma.Put(api, "/thing", func(_ context.Context, in *struct {
				humasess.Required[account]
				Body thingBody
			},
			) (*thing, error) {
				return &thing{in.Body}, tt.inPut(&in.Session)
			})
			autopatch.AutoPatch(api)

			c := humasesstest.NewClient(mux)
			cookie := humasesstest.Login(t, sessions, account{})
			c.SetCookie(cookie)
			thief := c.Clone() // continues with the old token
			clock.Advance(tt.age)
			body, want := thingBody{N: 1}, http.StatusOK
			if tt.same {
				body, want = thingBody{}, http.StatusNotModified
			}
			w := c.Do(http.MethodPatch, "/thing", body, func(r *http.Request) {
				r.Header.Set("Content-Type", "application/merge-patch+json")
			})
			if w.Code != want {
				t.Fatalf("PATCH: got %d %s, want %d", w.Code, w.Body, want)
			}
			set := w.Header()["Set-Cookie"]
			if len(set) != tt.renewed {
				t.Errorf("PATCH: got Set-Cookie %q, want %d", set, tt.renewed)
			}
			for _, line := range set {
				if strings.Contains(line, cookie.Value) || strings.Contains(line, "Max-Age=0") {
					t.Errorf("PATCH: got Set-Cookie %q, want a new token", line)
				}
			}
			for _, step := range []struct {
				wait time.Duration
				want int // cookies
			}{{0, 0}, {time.Minute, tt.later}, {time.Second, 0}} {
				clock.Advance(step.wait)
				w := c.Do(http.MethodGet, "/me", nil)
				if got := w.Header()["Set-Cookie"]; w.Code != http.StatusNoContent || len(got) != step.want {
					t.Errorf("%v later: got %d and Set-Cookie %q, want 204 and %d", step.wait, w.Code, got, step.want)
				}
			}
			clock.Advance(time.Minute)
			want = http.StatusNoContent
			if tt.renewed+tt.later > 0 {
				want = http.StatusUnauthorized
			}
			if w := thief.Do(http.MethodGet, "/me", nil); w.Code != want {
				t.Errorf("with the token of before, once the new one is in use: got %d, want %d", w.Code, want)
			}
		})
	}
}

func both(f, g func(*humasess.Session[account]) error) func(*humasess.Session[account]) error {
	return func(s *humasess.Session[account]) error { return errors.Join(f(s), g(s)) }
}
