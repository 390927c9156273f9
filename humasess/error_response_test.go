package humasess_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestErrorResponses(t *testing.T) {
	r := newRig(t, accountOptions())
	refuse := huma.Error400BadRequest("no")
	then := func(steps ...handler[account]) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error {
			for _, step := range steps {
				if err := step(ctx, s); err != nil {
					return err
				}
			}
			return refuse
		}
	}
	ctxCommit := func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) }
	tests := []struct {
		name   string
		signed bool
		do     handler[account]
		cookie int
		active bool
		calls  map[humasesstest.Op]int
	}{
		{"drops Start", false, then(start(account{ID: "u2"})), 0, false, map[humasesstest.Op]int{}},
		{"drops Start over a session", true, then(start(account{ID: "u2"})), 0, true, map[humasesstest.Op]int{humasesstest.OpLoad: 1}},
		{"drops Update", true, then(increment), 0, true, map[humasesstest.Op]int{humasesstest.OpLoad: 1}},
		{"drops Renew", true, then(renew[account]), 0, true, map[humasesstest.Op]int{humasesstest.OpLoad: 1}},
		{"keeps Destroy", true, then(destroy[account]), 1, false, map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpDelete: 1}},
		{"keeps Destroy, drops the Start after it", true, then(destroy[account], start(account{ID: "u2"})), 1, false,
			map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpDelete: 1}},
		{"deletes the session that Commit has created", false, then(start(account{ID: "u2"}), ctxCommit), 0, false,
			map[humasesstest.Op]int{humasesstest.OpCreate: 1, humasesstest.OpDelete: 1}},
		{"keeps the change that Commit has written", true, then(increment, ctxCommit), 0, true, map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpUpdate: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := r.client()
			if tt.signed {
				c = r.signedIn(account{ID: "u1"})
			}
			r.store.Reset()
			w := r.call(c, tt.do)
			r.wantCalls(tt.calls)
			wantStatus(t, w, http.StatusBadRequest)
			wantCookies(t, w, tt.cookie)
			got, _ := r.data(c)
			if (got.ID == "u1") != tt.active {
				t.Errorf("session afterwards: got %+v, want active %v", got, tt.active)
			}
			if list, err := r.sessions.List(context.Background(), "u2"); err != nil || len(list) != 0 {
				t.Errorf("sessions of u2: got %v, %v, want none", list, err)
			}
		})
	}

	t.Run("a status of the output counts too", func(t *testing.T) {
		o := newOutputRig(t)
		o.do, o.out = start(account{ID: "u1"}), &output{Status: 409, Body: []byte("x")}
		w := o.client().Do(http.MethodGet, "/out", nil)
		wantStatus(t, w, 409)
		wantCookies(t, w, 0)
	})

	t.Run("headers of an error are sent", func(t *testing.T) {
		w := r.call(r.signedIn(account{ID: "u1"}), func(context.Context, *humasess.Session[account]) error {
			return huma.ErrorWithHeaders(huma.Error429TooManyRequests("slow"), http.Header{"Retry-After": {"9"}})
		})
		wantStatus(t, w, http.StatusTooManyRequests)
		wantHeader(t, w, "Retry-After", "9")
		wantHeader(t, w, "Cache-Control", "no-store")
	})

	t.Run("a validation error loads and leaves the session alone", func(t *testing.T) {
		huma.Post(r.api, "/validated", func(context.Context, *struct {
			humasess.Required[account]
			Body struct {
				N int `json:"n" minimum:"1"`
			}
		}) (*struct{}, error) {
			return nil, nil
		})
		c := r.signedIn(account{ID: "u1"})
		w := c.Do(http.MethodPost, "/validated", map[string]int{"n": 0})
		wantStatus(t, w, http.StatusUnprocessableEntity)
		wantHeader(t, w, "Cache-Control", "no-store")
		wantCookies(t, w, 0)
		r.wantActive(c, true)
	})
}

func TestPanicCommitsNothing(t *testing.T) {
	r := newRig(t, accountOptions())
	ctxCommit := func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) }
	tests := []struct {
		name   string
		signed bool
		steps  []handler[account]
		total  int // store calls
	}{
		{"Start", false, []handler[account]{start(account{ID: "u2"})}, 0},
		{"Update", true, []handler[account]{increment}, 1},
		{"Destroy", true, []handler[account]{destroy[account]}, 1},
		{"Start and Commit", false, []handler[account]{start(account{ID: "u2"}), ctxCommit}, 2}, // created and deleted
	}
	for _, tt := range tests {
		t.Run("X7 "+tt.name, func(t *testing.T) {
			c := r.client()
			if tt.signed {
				c = r.signedIn(account{ID: "u1"})
			}
			r.store.Reset()
			text, panicked := panicText(func() {
				r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					for _, step := range tt.steps {
						if err := step(ctx, s); err != nil {
							return err
						}
					}
					panic("the handler's own")
				})
			})
			if !panicked || text != "the handler's own" {
				t.Errorf("panic: got %q, %v, want the handler's own", text, panicked)
			}
			if got := r.store.Total(); got != tt.total {
				t.Errorf("store calls: got %v, want %d", r.store.Calls(), tt.total)
			}
			if got, ok := r.data(c); ok != tt.signed || got.N != 0 {
				t.Errorf("session afterwards: got %+v, %v", got, ok)
			}
			if list, err := r.sessions.List(context.Background(), "u2"); err != nil || len(list) != 0 {
				t.Errorf("sessions of u2: got %v, %v, want none", list, err)
			}
		})
	}
	t.Run("X7 recovered by a later middleware", func(t *testing.T) {
		api, mux := plainAPI()
		if err := r.sessions.Attach(api); err != nil {
			t.Fatal(err)
		}
		api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
			defer func() {
				if recover() != nil {
					_ = huma.WriteErr(api, ctx, http.StatusInternalServerError, "recovered")
				}
			}()
			next(ctx)
		})
		huma.Get(api, "/boom", func(_ context.Context, in *sessionInput) (*struct{}, error) {
			if err := in.Start(account{ID: "u2"}); err != nil {
				return nil, err
			}
			panic("x")
		})
		r.store.Reset()
		w := humasesstest.NewClient(mux).Do(http.MethodGet, "/boom", nil)
		wantStatus(t, w, http.StatusInternalServerError)
		wantCookies(t, w, 0)
		r.wantCalls(map[humasesstest.Op]int{})
	})
}
