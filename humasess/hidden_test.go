package humasess_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// number is a type that cannot decode the data of an account.
type number int

// A session whose data do not decode is as good as none, but logging out and
// in must end it: after a rollback it would be alive again.
func TestHiddenSessionCanBeEnded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    handler[number]
		alive bool
	}{
		{"X8 reading leaves it", func(context.Context, *humasess.Session[number]) error { return nil }, true},
		{"an anonymous update leaves it", func(_ context.Context, s *humasess.Session[number]) error {
			return s.Update(func(n *number) error { *n++; return nil })
		}, true},
		{"R1 logout ends it", func(_ context.Context, s *humasess.Session[number]) error { return s.Destroy() }, false},
		{"T8 login ends it", func(_ context.Context, s *humasess.Session[number]) error { return s.Start(1) }, false},
		{"logout after an update ends it", func(_ context.Context, s *humasess.Session[number]) error {
			if err := s.Update(func(n *number) error { *n++; return nil }); err != nil {
				return err
			}
			return s.Destroy()
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := memory.New(nil)
			old, err := humasess.New(store, &humasess.Options[account]{})
			if err != nil {
				t.Fatal(err)
			}
			cookie := humasesstest.Login(t, old, account{ID: "ada"})
			alive := func() bool {
				c := humasesstest.NewClient(presence(old))
				c.SetCookie(cookie)
				return c.Do("GET", "/", nil).Code == http.StatusNoContent
			}
			if !alive() {
				t.Fatal("got no session before the release")
			}
			if err := old.Close(t.Context()); err != nil { // its sessions stay usable
				t.Fatal(err)
			}
			release, err := humasess.New[number](store, nil)
			if err != nil {
				t.Fatal(err)
			}
			c := humasesstest.NewClient(release.Handler(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
				s, _ := humasess.From[number](req.Context())
				if s.Active() {
					t.Error("got an active session, want a hidden one")
				}
				if err := tt.do(req.Context(), s); err != nil {
					t.Error(err)
				}
			})))
			c.SetCookie(cookie)
			if got := c.Do("GET", "/", nil); got.Code != http.StatusOK {
				t.Fatalf("got %d %s, want 200", got.Code, got.Body)
			}
			if got := alive(); got != tt.alive {
				t.Errorf("alive after the rollback: got %v, want %v", got, tt.alive)
			}
		})
	}
}

// presence answers 204 with a session and 401 without.
func presence(m *humasess.Manager[account]) http.Handler {
	return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if s, _ := humasess.From[account](req.Context()); !s.Active() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
}
