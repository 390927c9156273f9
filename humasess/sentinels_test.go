package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// sentinels are the errors that a program may return by itself.
var sentinels = map[string]struct {
	err     error
	status  int
	problem string
	header  string
}{
	"ErrNoSession":      {humasess.ErrNoSession, 401, "urn:humasess:problem:no-session", "Www-Authenticate"},
	"ErrRevoked":        {humasess.ErrRevoked, 401, "urn:humasess:problem:no-session", "Www-Authenticate"},
	"ErrReauthenticate": {humasess.ErrReauthenticate, 403, "urn:humasess:problem:reauthentication-required", ""},
	"ErrNotFound":       {humasess.ErrNotFound, 404, "urn:humasess:problem:not-found", ""},
	"ErrConflict":       {humasess.ErrConflict, 409, "urn:humasess:problem:conflict", ""},
	"ErrLimit":          {humasess.ErrLimit, 409, "urn:humasess:problem:too-many-sessions", ""},
	"ErrTooManyCookies": {humasess.ErrTooManyCookies, 400, "urn:humasess:problem:too-many-cookies", ""},
	"ErrUnavailable":    {humasess.ErrUnavailable, 503, "urn:humasess:problem:unavailable", "Retry-After"},
	"ErrCommitted":      {humasess.ErrCommitted, 500, "about:blank", ""},
	"ErrInvalid":        {humasess.ErrInvalid, 500, "about:blank", ""},
}

// opinion is a guard that answers with the sentinel that the note of the session names.
type opinion struct{}

func (opinion) Check(_ huma.Context, a account) error {
	if a.Note == "" {
		return nil
	}
	return fmt.Errorf("%s: %w", "a secret reason", sentinels[a.Note].err)
}

// TestSentinels returns each sentinel where no method has returned it before.
func TestSentinels(t *testing.T) {
	r := newRig(t, accountOptions())
	guarded[opinion](r.api, http.MethodPost, "/opinion", nothing[account])
	for name, tt := range sentinels {
		answered := func(t *testing.T, w *httptest.ResponseRecorder) {
			t.Helper()
			wantStatus(t, w, tt.status)
			if got := problemOf(t, w); got.Type != tt.problem || got.Detail == "" || got.Detail == tt.err.Error() || len(got.Errors) != 0 {
				t.Errorf("problem: got %+v, want type %q, a detail for clients, and no more", got, tt.problem)
			}
			if tt.header != "" && len(w.Header().Values(tt.header)) != 1 {
				t.Errorf("%s: got %q, want one", tt.header, w.Header().Values(tt.header))
			}
		}
		t.Run(name, func(t *testing.T) {
			for way, err := range map[string]error{
				"alone":   tt.err,
				"wrapped": fmt.Errorf("a secret reason: %w", tt.err),
				"joined":  errors.Join(errors.New("a secret reason"), tt.err),
			} {
				t.Run(way, func(t *testing.T) {
					answered(t, r.call(r.signedIn(account{ID: "u1"}), func(context.Context, *humasess.Session[account]) error { return err }))
				})
			}
			t.Run("of a guard", func(t *testing.T) {
				answered(t, r.signedIn(account{ID: "u1", Note: name}).Do(http.MethodPost, "/opinion", nil))
			})
		})
	}
	var model huma.StatusError
	if errors.As(humasess.ErrHide, &model) {
		t.Errorf("ErrHide: got an answer with status %d, want none: it is for OnUndecodable", model.GetStatus())
	}
}

// TestSentinelOfScheme has a check of a credential whose database fails.
func TestSentinelOfScheme(t *testing.T) {
	r := keyRig(t, func(o *humasess.Options[account]) {
		o.Schemes["apiKey"] = func(huma.Context, []string) (account, error) { return account{}, humasess.ErrUnavailable }
	})
	wantUnavailable(t, r.requiredCall(r.client(), nothing[account], withKey("ada")))
}
