package databases_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

type (
	agePassword struct{}
	ageFactor   struct{}
)

var (
	_ interface{ Fresh() time.Duration } = agePassword{}
	_ interface {
		Fresh() time.Duration
		Methods() []string
	} = ageFactor{}
)

func (agePassword) Fresh() time.Duration { return 10 * time.Minute }
func (ageFactor) Fresh() time.Duration   { return 10 * time.Minute }
func (ageFactor) Methods() []string      { return []string{"otp"} }

// TestAges signs in to sessions of several ages, on the clock of the machine. No
// store needs a pause for them.
func TestAges(t *testing.T) {
	t.Parallel()
	aged := humasesstest.Authenticated
	for _, k := range clockKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			sessions, err := humasess.New(k.open(t).store(t), &humasess.Options[clockUser]{
				Identity: func(u clockUser) string { return u.ID }, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			api := humago.New(mux, huma.DefaultConfig("Test", "1"))
			if err := sessions.Attach(api); err != nil {
				t.Fatal(err)
			}
			type freshInput struct {
				humasess.Guarded[clockUser, agePassword]
			}
			type factorInput struct {
				humasess.Guarded[clockUser, ageFactor]
			}
			huma.Get(api, "/me", func(context.Context, *clockInput) (*struct{}, error) { return nil, nil })
			huma.Get(api, "/fresh", func(context.Context, *freshInput) (*struct{}, error) { return nil, nil })
			huma.Get(api, "/factor", func(context.Context, *factorInput) (*struct{}, error) { return nil, nil })
			for _, test := range []struct {
				name          string
				opts          []humasesstest.LoginOption
				fresh, factor int
			}{
				{"just now", nil, 204, 403},
				{"9 minutes ago", []humasesstest.LoginOption{aged(9 * time.Minute)}, 204, 403},
				{"11 minutes ago", []humasesstest.LoginOption{aged(11 * time.Minute)}, 403, 403},
				{"days ago, which no timeout ends", []humasesstest.LoginOption{aged(240 * time.Hour)}, 403, 403},
				{"with a factor", []humasesstest.LoginOption{aged(9*time.Minute, "pwd", "otp")}, 204, 204},
				{"with an old factor", []humasesstest.LoginOption{aged(11*time.Minute, "pwd", "otp")}, 403, 403},
				{"a later factor", []humasesstest.LoginOption{aged(9*time.Hour, "pwd"), aged(time.Minute, "otp")}, 204, 204},
				{"in another order", []humasesstest.LoginOption{aged(time.Minute, "pwd"), aged(9*time.Hour, "otp")}, 204, 403},
			} {
				c := humasesstest.NewClient(mux)
				c.SetCookie(humasesstest.Login(t, sessions, clockUser{"ada"}, test.opts...))
				for path, want := range map[string]int{"/me": 204, "/fresh": test.fresh, "/factor": test.factor} {
					if w := c.Do("GET", path, nil); w.Code != want {
						t.Errorf("%s: %s: got %d %s, want %d", test.name, path, w.Code, w.Body, want)
					}
				}
			}
		})
	}
}
