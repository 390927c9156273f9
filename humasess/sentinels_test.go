package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
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
	var own *huma.ErrorModel
	if !errors.As(humasess.ErrNotFound, &own) || own.Status != http.StatusNotFound {
		t.Errorf("ErrNotFound: got model %+v, want that of a 404", own)
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

// resolvedInput has an error of a method among the errors of its parameters.
type resolvedInput struct {
	humasess.Required[account]
	Bare   bool `query:"bare"`
	Status bool `query:"status"`
}

func (in *resolvedInput) Resolve(ctx huma.Context) []error {
	_, err := in.List(ctx.Context())
	var model huma.StatusError
	switch {
	case in.Bare:
		return []error{humasess.ErrUnavailable}
	case in.Status && errors.As(err, &model):
		return []error{model}
	}
	return []error{err}
}

// TestErrorInErrors puts errors into the member errors of another problem. There the
// client reads the text of the answer, and never the cause.
func TestErrorInErrors(t *testing.T) {
	r := newRig(t, accountOptions())
	huma.Post(r.api, "/resolved", func(context.Context, *resolvedInput) (*struct{}, error) { return nil, nil })
	c := r.signedIn(account{ID: "u1"})
	r.store.Fail(humasesstest.OpList, errDown)
	defer r.store.Fail(humasesstest.OpList, nil)
	beside := func(err func(context.Context, *humasess.Session[account]) error) *httptest.ResponseRecorder {
		return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			return huma.Error502BadGateway("no list", err(ctx, s))
		})
	}
	for name, tt := range map[string]struct {
		got    *httptest.ResponseRecorder
		status int
	}{
		"method":                     {beside(func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }), 502},
		"sentinel":                   {beside(func(context.Context, *humasess.Session[account]) error { return humasess.ErrUnavailable }), 502},
		"method in Resolve":          {c.Do(http.MethodPost, "/resolved", nil), 422},
		"sentinel in Resolve":        {c.Do(http.MethodPost, "/resolved?bare=true", nil), 422},
		"status of both, in Resolve": {c.Do(http.MethodPost, "/resolved?status=true", nil), 503},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, tt.got, tt.status)
			want := "[map[message:sessions are unavailable at the moment]]"
			if got := fmt.Sprint(problemOf(t, tt.got).Errors); got != want {
				t.Errorf("errors: got %s, want %s", got, want)
			}
			if strings.Contains(tt.got.Body.String(), errDown.Error()) {
				t.Errorf("body: got %s, want nothing of the store's", tt.got.Body)
			}
		})
	}
}

// TestSentinelInContext lets a program make its errors for the request, for example in the
// language of the client.
func TestSentinelInContext(t *testing.T) {
	old := huma.NewErrorWithContext
	defer func() { huma.NewErrorWithContext = old }()
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, _ ...error) huma.StatusError {
		return &ownError{status: status, Text: ctx.Method() + " " + msg}
	}
	r := newRig(t, accountOptions())
	guarded[opinion](r.api, http.MethodPost, "/opinion", nothing[account])
	for name, tt := range sentinels {
		w := r.signedIn(account{ID: "u1", Note: name}).Do(http.MethodPost, "/opinion", nil)
		wantStatus(t, w, tt.status)
		if got := w.Body.String(); !strings.Contains(got, `{"text":"POST `) {
			t.Errorf("%s: got %s, want the program's own model of the request", name, got)
		}
		if tt.header != "" && len(w.Header().Values(tt.header)) != 1 {
			t.Errorf("%s: %s: got %q, want one", name, tt.header, w.Header().Values(tt.header))
		}
	}
}
