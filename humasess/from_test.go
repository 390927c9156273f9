package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

func TestFromBelowRequire(t *testing.T) {
	r := newRig(t, accountOptions())
	group := huma.NewGroup(r.api, "/admin")
	group.UseSimpleModifier(r.sessions.Require("admin"))
	var seen string
	huma.Get(group, "/report", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		s, ok := humasess.From[account](ctx)
		if !ok {
			t.Error("got no session below Require, want the one that it has checked")
			return nil, nil
		}
		a, _ := s.Get()
		seen = a.ID
		return nil, s.Update(func(a *account) error { a.N++; return nil })
	})
	c := r.signedIn(account{ID: "ada", Roles: []string{"admin"}})
	if got := c.Do("GET", "/admin/report", nil); got.Code != http.StatusNoContent || seen != "ada" {
		t.Errorf("got %d for %q, want 204 for ada", got.Code, seen)
	}
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || infos[0].Data.N != 1 {
		t.Errorf("got %v, %v, want the change", infos, err)
	}
}

func isInvalid(err error) bool { return errors.Is(err, humasess.ErrInvalid) }

// mirrorGuard compares the session that From finds with the data that Check gets.
type mirrorGuard struct{}

var _ humasess.Guard[account] = mirrorGuard{}

func (mirrorGuard) Check(ctx huma.Context, a account) error {
	if a.Note == "banned" {
		return huma.Error403Forbidden("banned")
	}
	if _, ok := humasess.From[Visits](ctx.Context()); ok {
		return huma.Error500InternalServerError("From found a session of another type")
	}
	s, ok := humasess.From[account](ctx.Context())
	if !ok {
		return huma.Error500InternalServerError("From found nothing")
	}
	got, ok := s.Get()
	if !ok || !reflect.DeepEqual(got, a) {
		return huma.Error500InternalServerError("From shows other data")
	}
	if !s.Active() || s.Reason() != "" || s.ID() == "" || s.Authentication().Time.IsZero() || s.ExpiresAt().IsZero() || s.Carrier() != "cookie" {
		return huma.Error500InternalServerError("From shows another session")
	}
	if len(got.Roles) > 0 {
		got.Roles[0] = "changed" // a copy
	}
	background := context.Background()
	for name, change := range map[string]func() error{
		"Update":          func() error { return s.Update(func(a *account) error { a.N = -1; return nil }) },
		"Start":           func() error { return s.Start(account{ID: "thief"}) },
		"Destroy":         s.Destroy,
		"Renew":           s.Renew,
		"Remember":        func() error { return s.Remember(true) },
		"SetTTL":          func() error { return s.SetTTL(time.Hour) },
		"Reauthenticated": func() error { return s.Reauthenticated("pwd") },
		"Commit":          func() error { return s.Commit(background) },
		"RevokeAll":       func() error { _, err := s.RevokeAll(background); return err },
		"RevokeOthers":    func() error { _, err := s.RevokeOthers(background); return err },
		"Revoke":          func() error { return s.Revoke(background, s.ID()) },
		"StartBearer":     func() error { _, err := s.StartBearer(a); return err },
		"RenewBearer":     func() error { _, err := s.RenewBearer(); return err },
	} {
		if err := change(); !isInvalid(err) {
			return huma.Error500InternalServerError(name + " is possible in a guard")
		}
	}
	return nil
}

func TestFromInGuard(t *testing.T) {
	r := newRig(t, accountOptions())
	var meanwhile func()
	guarded[mirrorGuard](r.api, http.MethodPost, "/mirror", func(ctx context.Context, s *humasess.Session[account]) error {
		if meanwhile != nil {
			meanwhile()
		}
		return increment(ctx, s)
	})
	c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
	wantStatus(t, c.Do(http.MethodPost, "/mirror", nil), http.StatusNoContent)
	change := func(edit func(*account)) func() {
		return func() {
			r.must(r.withToken(token(c)), func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { edit(a); return nil })
			})
		}
	}
	meanwhile = change(func(a *account) { a.Note, a.N = "changed meanwhile", 40 })
	wantStatus(t, c.Do(http.MethodPost, "/mirror", nil), http.StatusNoContent)
	if got, _ := r.data(c); got.N != 41 || got.Note != "changed meanwhile" || got.Roles[0] != "admin" {
		t.Errorf("got %+v, want both changes and nothing of the guard's", got)
	}
	meanwhile = change(func(a *account) { a.Note = "banned" })
	wantStatus(t, c.Do(http.MethodPost, "/mirror", nil), http.StatusConflict)
}

// TestFromInGuardOfNestedAPI is about a guard behind Manager.Handler, whose session has
// a change that is not written yet.
func TestFromInGuardOfNestedAPI(t *testing.T) {
	r := newRig(t, accountOptions())
	guarded[mirrorGuard](r.api, http.MethodPost, "/mirror", nothing[account])
	outer := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		if err := s.Update(func(a *account) error { a.N = 7; return nil }); err != nil {
			t.Error(err)
		}
		r.mux.ServeHTTP(w, req)
	}))
	c := r.signedIn(account{ID: "u1"})
	direct := r.mux
	r.mux = http.NewServeMux()
	r.mux.Handle("/", outer)
	through := r.withToken(token(c))
	r.mux = direct
	wantStatus(t, through.Do(http.MethodPost, "/mirror", nil), http.StatusNoContent)
	if got, _ := r.data(c); got.N != 7 {
		t.Errorf("got %+v, want the change of the handler", got)
	}
}
