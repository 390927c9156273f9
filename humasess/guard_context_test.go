package humasess_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// derivingGuard hands its context on with a value, and refuses accounts with a note.
type derivingGuard struct{}

var _ humasess.Guard[account] = derivingGuard{}

type guardKey string

func (derivingGuard) Check(ctx huma.Context, a account) error {
	ctx = huma.WithValue(ctx, guardKey("a"), "own")
	ctx = huma.WithContext(ctx, context.WithValue(ctx.Context(), guardKey("b"), "more"))
	if ctx.Context().Value(guardKey("a")) != "own" || ctx.Context().Value(guardKey("b")) != "more" {
		return huma.Error500InternalServerError("a value of the guard is lost")
	}
	if s, ok := humasess.From[account](ctx.Context()); !ok || !isInvalid(s.Destroy()) {
		return huma.Error500InternalServerError("From finds another session")
	}
	if body, err := io.ReadAll(ctx.BodyReader()); err == nil {
		return huma.Error500InternalServerError("the guard has read the body: " + string(body))
	}
	if _, err := ctx.GetMultipartForm(); err == nil {
		return huma.Error500InternalServerError("the guard has read the form")
	}
	if a.Note != "" {
		return errors.New("an account with a note")
	}
	return nil
}

func TestGuardDerivesContext(t *testing.T) {
	r := newRig(t, accountOptions())
	guarded[derivingGuard](r.api, http.MethodPost, "/deriving", nothing[account])
	for note, want := range map[string]int{"": http.StatusNoContent, "refused": http.StatusForbidden} {
		c := r.signedIn(account{ID: "u1", Note: note})
		wantStatus(t, c.Do(http.MethodPost, "/deriving", strings.NewReader("{}")), want)
		r.clock.Advance(12 * time.Minute)
		r.events.take()
		wantStatus(t, c.Do(http.MethodPost, "/deriving", strings.NewReader("{}")), want)
		touched := false
		for _, e := range r.events.take() {
			touched = touched || e.Kind == events.Touched
		}
		if touched != (note == "") {
			t.Errorf("note %q: extended: got %v", note, touched)
		}
	}
}

// TestFromInGuardOfCredential is about the user of a key, of whom nothing is stored.
func TestFromInGuardOfCredential(t *testing.T) {
	r := keyRig(t)
	askGuard = func(ctx context.Context, a account) error {
		s, ok := humasess.From[account](ctx)
		if !ok {
			t.Fatal("From found nothing")
		}
		if got, ok := s.Get(); !ok || got.ID != a.ID || got.Roles[0] != "admin" || s.Carrier() != "apiKey" || s.ID() != "" || s.Reason() != "" {
			t.Errorf("got %+v, %v, %q, %q, %q", got, ok, s.Carrier(), s.ID(), s.Reason())
		}
		if !s.ExpiresAt().IsZero() || !s.Authentication().Time.IsZero() || !s.CreatedAt().IsZero() {
			t.Error("the user of a key has the times of a session")
		}
		if _, err := s.List(ctx); !errors.Is(err, humasess.ErrNoSession) {
			t.Errorf("List: got %v", err)
		}
		readAll(s)
		for name, err := range map[string]error{
			"Update": s.Update(func(a *account) error { a.N = -1; return nil }), "Destroy": s.Destroy(),
			"Start": s.Start(account{ID: "thief"}), "Commit": s.Commit(ctx),
		} {
			if !isInvalid(err) {
				t.Errorf("%s: got %v, want ErrInvalid", name, err)
			}
		}
		return nil
	}
	guarded[askedGuard](r.api, http.MethodPost, "/asked", func(_ context.Context, s *humasess.Session[account]) error {
		if a, ok := s.Get(); !ok || a.ID != "ada" || a.Roles[0] != "admin" || a.N != 0 {
			t.Errorf("handler: got %+v", a)
		}
		return nil
	})
	w := r.client().Do(http.MethodPost, "/asked", nil, withKey("ada:admin"))
	wantStatus(t, w, http.StatusNoContent)
	wantCookies(t, w, 0)
}
