package cookie_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/cookie"
)

// site runs a function on the session of each request.
type site struct {
	t        *testing.T
	clock    *humasesstest.Clock
	sessions *humasess.Manager[coretest.User]
	mux      *http.ServeMux
	events   events.Counters
	do       func(context.Context, *humasess.Session[coretest.User]) error
}

func newSite(t *testing.T, opts *cookie.Options) *site {
	t.Helper()
	s := &site{t: t, clock: humasesstest.NewClock(), mux: http.NewServeMux()}
	var err error
	s.sessions, err = humasess.New(cookie.New(aead(t, key(t)), opts), &humasess.Options[coretest.User]{
		Now: s.clock.Now, Identity: func(u coretest.User) string { return u.Name }, OnEvent: s.events.Count,
	})
	if err != nil {
		t.Fatal(err)
	}
	api := humago.New(s.mux, huma.DefaultConfig("Test", "1"))
	if err := s.sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct {
		humasess.Session[coretest.User]
	}
	huma.Post(api, "/", func(ctx context.Context, in *input) (*struct{}, error) { return nil, s.do(ctx, &in.Session) })
	return s
}

func (s *site) call(c *humasesstest.Client, want int, do func(context.Context, *humasess.Session[coretest.User]) error) {
	s.t.Helper()
	s.do = do
	coretest.Do(s.t, c, "POST", "/", want)
}

func (s *site) login() *humasesstest.Client {
	s.t.Helper()
	c := humasesstest.NewClient(s.mux)
	s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
		return errors.Join(in.Start(coretest.User{Name: "ada", N: 7}), in.Reauthenticated("pwd"))
	})
	return c
}

func present(_ context.Context, s *humasess.Session[coretest.User]) error {
	if !s.Active() {
		return huma.Error401Unauthorized("none")
	}
	return nil
}

func reauthenticate(_ context.Context, s *humasess.Session[coretest.User]) error {
	return s.Reauthenticated("otp")
}

// To re-authenticate a client-side session, the server replaces it by another
// one with its data.
func TestReauthenticated(t *testing.T) {
	t.Run("T8 A4 R1 the cookie from before is dead, the data are there", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		before, id := c.Clone(), ""
		s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			id = in.ID()
			return reauthenticate(ctx, in)
		})
		s.call(before, http.StatusUnauthorized, present)
		s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			if got, _ := in.Get(); got.N != 7 || got.Name != "ada" {
				t.Errorf("got %+v, want the data from before", got)
			}
			if in.ID() == id {
				t.Error("got the same ID, whose end every copy shares")
			}
			return nil
		})
	})
	t.Run("it is a renewal, and not another sign-in", func(t *testing.T) {
		s := newSite(t, revoked())
		s.call(s.login(), http.StatusNoContent, reauthenticate)
		for series, want := range map[events.Series]int64{
			{Kind: events.Created, Reason: events.ReasonSignIn}: 1, {Kind: events.Renewed}: 1, {Kind: events.Destroyed, Reason: events.ReasonSignOut}: 0,
		} {
			if got := s.events.Value(series); got != want {
				t.Errorf("%v: got %d events, want %d", series, got, want)
			}
		}
	})
	t.Run("L4 A1 A2 both deadlines begin anew, and the methods add up", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		for range 11 {
			s.clock.Advance(25 * time.Minute)
			s.call(c, http.StatusNoContent, present)
		}
		s.call(c, http.StatusForbidden, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.RequireFresh(time.Minute)
		})
		check := func(_ context.Context, in *humasess.Session[coretest.User]) error {
			a := in.Authentication()
			if len(a.Methods) != 2 || a.Methods[0].Name != "pwd" || a.Methods[1].Name != "otp" || a.Time.Unix() != a.Methods[1].Time.Unix() {
				t.Errorf("got %+v, want pwd and then otp", a)
			}
			return in.RequireFresh(time.Minute)
		}
		s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(reauthenticate(ctx, in), check(ctx, in))
		})
		s.call(c, http.StatusNoContent, check)
		for range 28 { // 11 h 40 min, more than the first 12 h had left
			s.clock.Advance(25 * time.Minute)
			s.call(c, http.StatusNoContent, present)
		}
		s.clock.Advance(25 * time.Minute)
		s.call(c, http.StatusUnauthorized, present)
	})
	t.Run("an error response leaves everything as it was", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		before := c.Cookie(name)
		s.clock.Advance(time.Minute)
		s.call(c, http.StatusConflict, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(reauthenticate(ctx, in), huma.Error409Conflict("no"))
		})
		s.call(c, http.StatusForbidden, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.RequireFresh(time.Second)
		})
		if c.Cookie(name) != before {
			t.Error("got another cookie, want the one from before")
		}
	})
	t.Run("changes before and after it, SetTTL and Remember count", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(in.SetTTL(2*time.Hour), in.Remember(true))
		})
		add := func(u *coretest.User) error { u.N++; return nil }
		s.clock.Advance(time.Hour)
		s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(in.Update(add), reauthenticate(ctx, in), in.Update(add))
		})
		s.clock.Advance(59 * time.Minute)
		s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			if got, _ := in.Get(); got.N != 9 {
				t.Errorf("got %d, want 9", got.N)
			}
			return nil
		})
		s.clock.Advance(time.Minute)
		s.call(c, http.StatusUnauthorized, present)
	})
	t.Run("A2 another identity has none of the methods from before", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		rename := func(name string) func(*coretest.User) error {
			return func(u *coretest.User) error { u.Name = name; return nil }
		}
		s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(reauthenticate(ctx, in), in.Update(rename("eve")))
		})
		s.call(c, http.StatusNoContent, func(_ context.Context, in *humasess.Session[coretest.User]) error {
			if a := in.Authentication(); len(a.Methods) != 1 || a.Methods[0].Name != "otp" {
				t.Errorf("got %+v, want otp alone", a)
			}
			return nil
		})
		before := c.Clone()
		s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			return errors.Join(reauthenticate(ctx, in), in.Update(rename("bob")), in.Update(rename("eve")))
		})
		s.call(before, http.StatusUnauthorized, present) // moving back does not undo it
		s.call(c, http.StatusNoContent, present)
	})
	t.Run("R2 a revoked session does not come back by it", func(t *testing.T) {
		s := newSite(t, revoked())
		c := s.login()
		s.call(c, http.StatusUnauthorized, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			if _, err := s.sessions.RevokeIdentity(context.Background(), "ada"); err != nil {
				t.Error(err)
			}
			return reauthenticate(ctx, in)
		})
		s.call(c, http.StatusUnauthorized, present)
	})
	t.Run("with revoking others, in either order", func(t *testing.T) {
		s := newSite(t, revoked())
		others := func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			_, err := in.RevokeOthers(ctx)
			return err
		}
		for _, both := range [][2]func(context.Context, *humasess.Session[coretest.User]) error{{others, reauthenticate}, {reauthenticate, others}} {
			c, other := s.login(), s.login()
			before := c.Clone()
			s.call(c, http.StatusNoContent, func(ctx context.Context, in *humasess.Session[coretest.User]) error {
				return errors.Join(both[0](ctx, in), both[1](ctx, in))
			})
			s.call(c, http.StatusNoContent, present)
			s.call(other, http.StatusUnauthorized, present)
			s.call(before, http.StatusUnauthorized, present)
		}
	})
	t.Run("without Revoked, a copy lives on and has proved nothing", func(t *testing.T) {
		s := newSite(t, &cookie.Options{AllowReplayAfterLogout: true})
		c := s.login()
		before := c.Clone()
		s.clock.Advance(time.Minute)
		s.call(c, http.StatusNoContent, reauthenticate)
		fresh := func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.RequireFresh(time.Second)
		}
		s.call(c, http.StatusNoContent, fresh)
		s.call(before, http.StatusForbidden, fresh)
	})
}

// The server does not return a CSRF token that would verify nothing.
func TestNoCSRFToken(t *testing.T) {
	s := newSite(t, revoked())
	s.call(s.login(), http.StatusNotImplemented, func(_ context.Context, in *humasess.Session[coretest.User]) error {
		token, err := in.CSRFToken()
		if token != "" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("F8 got %q, %v, want errors.ErrUnsupported", token, err)
		}
		return err
	})
}
