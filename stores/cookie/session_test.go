package cookie_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/cookie"
)

// The deadline and the idle timeout of a session are in the cookie, and take
// effect.
func TestLife(t *testing.T) {
	clock := humasesstest.NewClock()
	m, err := humasess.New(cookie.New(aead(t, key(t)), revoked()), &humasess.Options[coretest.User]{
		Now: clock.Now, Identity: func(u coretest.User) string { return u.Name },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct {
		humasess.Session[coretest.User]
	}
	id := ""
	for path, do := range map[string]func(context.Context, *humasess.Session[coretest.User]) error{
		"/login": func(_ context.Context, s *humasess.Session[coretest.User]) error {
			return s.Start(coretest.User{Name: "ada"})
		},
		"/stay": func(_ context.Context, s *humasess.Session[coretest.User]) error {
			return errors.Join(s.Start(coretest.User{Name: "ada"}), s.Remember(true))
		},
		"/remember": func(_ context.Context, s *humasess.Session[coretest.User]) error { return s.Remember(true) },
		"/short":    func(_ context.Context, s *humasess.Session[coretest.User]) error { return s.SetTTL(time.Minute) },
		"/id":       func(_ context.Context, s *humasess.Session[coretest.User]) error { id = s.ID(); return nil },
		"/others": func(ctx context.Context, s *humasess.Session[coretest.User]) error {
			if _, err := s.RevokeOthers(ctx); err != nil {
				return err
			}
			return huma.Error409Conflict("after all")
		},
		"/need": func(_ context.Context, s *humasess.Session[coretest.User]) error {
			if !s.Active() {
				return huma.Error401Unauthorized("none")
			}
			return nil
		},
	} {
		huma.Post(api, path, func(ctx context.Context, in *input) (*struct{}, error) { return nil, do(ctx, &in.Session) })
	}
	login := func() *humasesstest.Client {
		c := humasesstest.NewClient(mux)
		coretest.Do(t, c, "POST", "/login", http.StatusNoContent)
		return c
	}
	t.Run("Remember outlives the idle timeout, and the browser", func(t *testing.T) {
		c := humasesstest.NewClient(mux)
		w := c.Do("POST", "/stay", nil)
		if got := w.Header().Get("Set-Cookie"); !strings.Contains(got, "Max-Age=2592000") {
			t.Errorf("got %q, want 30 days", got)
		}
		clock.Advance(13 * 24 * time.Hour)
		if got := c.Do("POST", "/need", nil).Header().Get("Set-Cookie"); !strings.Contains(got, "Max-Age=1468800") {
			t.Errorf("extended: got %q, want the 17 days that are left", got)
		}
		clock.Advance(17 * 24 * time.Hour)
		coretest.Do(t, c, "POST", "/need", http.StatusUnauthorized)
	})
	t.Run("L2 Remember does not move the deadline of a session later", func(t *testing.T) {
		c := login()
		w := c.Do("POST", "/remember", nil)
		if got := w.Header().Get("Set-Cookie"); !strings.Contains(got, "Max-Age=43200") {
			t.Errorf("got %q, want the 12 hours that are left", got)
		}
		clock.Advance(12 * time.Hour)
		coretest.Do(t, c, "POST", "/need", http.StatusUnauthorized)
	})
	t.Run("SetTTL ends a busy session, and later changes do not undo it", func(t *testing.T) {
		c := login()
		coretest.Do(t, c, "POST", "/short", http.StatusNoContent)
		coretest.Do(t, c, "POST", "/remember", http.StatusNoContent)
		clock.Advance(59 * time.Second)
		coretest.Do(t, c, "POST", "/need", http.StatusNoContent)
		clock.Advance(time.Second)
		coretest.Do(t, c, "POST", "/need", http.StatusUnauthorized)
	})
	t.Run("revoking others stands with an error response, and keeps one's own", func(t *testing.T) {
		c, other := login(), login()
		coretest.Do(t, c, "POST", "/others", http.StatusConflict)
		coretest.Do(t, other, "POST", "/need", http.StatusUnauthorized)
		coretest.Do(t, c, "POST", "/need", http.StatusNoContent)
	})
	t.Run("R4 an administrator ends one session by its public ID", func(t *testing.T) {
		c, other := login(), login()
		coretest.Do(t, c, "POST", "/id", http.StatusNoContent)
		if err := m.Revoke(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		coretest.Do(t, c, "POST", "/need", http.StatusUnauthorized)
		coretest.Do(t, other, "POST", "/need", http.StatusNoContent)
		if err := m.Revoke(t.Context(), id); err == nil {
			t.Error("again: got nil, want ErrNotFound")
		}
	})
}

// A proof that is as old as the one before is refused. This holds although the
// first re-authentication of the request has begun another session.
func TestReauthenticatedTwice(t *testing.T) {
	sessions, err := humasess.New(cookie.New(aead(t, key(t)), revoked()), &humasess.Options[coretest.User]{})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("A2 A6 a stale proof after a fresh one is refused", func(t *testing.T) {
		handler := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := humasess.From[coretest.User](r.Context())
			stale := humasess.Authentication{Time: time.Now().Add(-5 * time.Hour), Class: "high"}
			if err := s.Reauthenticated("pwd"); err != nil {
				t.Error(err)
			}
			if err := s.ReauthenticatedWith(stale); !errors.Is(err, humasess.ErrReauthenticate) {
				t.Errorf("got error %v, want %v", err, humasess.ErrReauthenticate)
			}
			if got := s.Authentication().Class; got != "" {
				t.Errorf("class: got %q, want none", got)
			}
		}))
		c := humasesstest.NewClient(handler)
		c.SetCookie(humasesstest.Login(t, sessions, coretest.User{Name: "ada"}))
		c.Do(http.MethodPost, "/", nil)
	})
}
