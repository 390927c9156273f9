package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// ownError is an error model of the program's own.
type ownError struct {
	status int
	Text   string `json:"text"`
}

func (e *ownError) Error() string  { return e.Text }
func (e *ownError) GetStatus() int { return e.status }

// errorCase is one way to get an error of ours.
type errorCase struct {
	name     string
	is       error
	status   int
	header   string // that must be there
	response string // the detail
	do       func(r *rig[account], ctx context.Context, s *humasess.Session[account]) error
}

func errorCases() []errorCase {
	ignore := func(*account) error { return nil }
	return []errorCase{
		{"ErrNoSession", humasess.ErrNoSession, 401, "Www-Authenticate", "a valid session is required",
			func(_ *rig[account], _ context.Context, s *humasess.Session[account]) error {
				if err := s.Destroy(); err != nil {
					return err
				}
				return s.Renew()
			}},
		{"ErrRevoked", humasess.ErrRevoked, 401, "Www-Authenticate", "a valid session is required",
			func(r *rig[account], ctx context.Context, s *humasess.Session[account]) error {
				if err := errors.Join(r.sessions.Revoke(ctx, s.ID()), increment(ctx, s)); err != nil {
					return err
				}
				return s.Commit(ctx)
			}},
		{"ErrNotFound", humasess.ErrNotFound, 404, "", "session not found",
			func(_ *rig[account], ctx context.Context, s *humasess.Session[account]) error {
				return s.Revoke(ctx, "x")
			}},
		{"Manager.Revoke", humasess.ErrNotFound, 404, "", "session not found",
			func(r *rig[account], ctx context.Context, _ *humasess.Session[account]) error {
				return r.sessions.Revoke(ctx, "x")
			}},
		{"ErrConflict", humasess.ErrConflict, 409, "", "the session was changed by another request",
			func(r *rig[account], ctx context.Context, s *humasess.Session[account]) error {
				first := true
				if err := s.Update(func(a *account) error {
					if first {
						first = false
						return nil
					}
					return errors.New("secret reason")
				}); err != nil {
					return err
				}
				if _, err := r.sessions.UpdateIdentity(ctx, "u1", func(a *account) error { a.N++; return nil }); err != nil {
					return err
				}
				return s.Commit(ctx)
			}},
		{"ErrUnavailable", humasess.ErrUnavailable, 503, "Retry-After", "sessions are unavailable at the moment",
			func(r *rig[account], ctx context.Context, s *humasess.Session[account]) error {
				r.store.Fail(humasesstest.OpList, errDown)
				defer r.store.Fail(humasesstest.OpList, nil)
				_, err := s.List(ctx)
				return err
			}},
		{"Manager.List", humasess.ErrUnavailable, 503, "Retry-After", "sessions are unavailable at the moment",
			func(r *rig[account], ctx context.Context, _ *humasess.Session[account]) error {
				r.store.Fail(humasesstest.OpList, errDown)
				defer r.store.Fail(humasesstest.OpList, nil)
				_, err := r.sessions.List(ctx, "u1")
				return err
			}},
		{"unsupported", errors.ErrUnsupported, 501, "", "the sessions of this API do not support this",
			func(r *rig[account], ctx context.Context, s *humasess.Session[account]) error {
				r.store.Fail(humasesstest.OpRevokeIdentity, fmt.Errorf("no index: %w", errors.ErrUnsupported))
				defer r.store.Fail(humasesstest.OpRevokeIdentity, nil)
				_, err := s.RevokeAll(ctx)
				return err
			}},
		{"ErrInvalid: SetTTL", humasess.ErrInvalid, 500, "", "unexpected error occurred",
			func(_ *rig[account], _ context.Context, s *humasess.Session[account]) error { return s.SetTTL(-1) }},
		{"ErrInvalid: no identity", stores.ErrNoIdentity, 500, "", "unexpected error occurred",
			func(r *rig[account], ctx context.Context, _ *humasess.Session[account]) error {
				_, err := r.sessions.RevokeIdentity(ctx, "")
				return err
			}},
		{"ErrInvalid: another identity", humasess.ErrInvalid, 500, "", "unexpected error occurred",
			func(r *rig[account], ctx context.Context, _ *humasess.Session[account]) error {
				_, err := r.sessions.UpdateIdentity(ctx, "u1", func(a *account) error { a.ID = "u2"; return ignore(a) })
				return err
			}},
		{"ErrInvalid: does not encode", humasess.ErrInvalid, 500, "", "unexpected error occurred",
			func(_ *rig[account], _ context.Context, s *humasess.Session[account]) error {
				return s.Start(account{Note: "does not encode"})
			}},
	}
}

func errorRig(t *testing.T) *rig[account] {
	o := accountOptions()
	o.Codec = taggedCodec("x")
	marshal := o.Codec.Marshal
	o.Codec.Marshal = func(v any) ([]byte, error) {
		if strings.Contains(fmt.Sprintf("%+v", v), "does not encode") {
			return nil, errors.New("secret reason")
		}
		return marshal(v)
	}
	return newRig(t, o)
}

func TestErrors(t *testing.T) {
	r := errorRig(t)
	for _, tt := range errorCases() {
		t.Run(tt.name, func(t *testing.T) {
			w := r.call(r.signedIn(account{ID: "u1"}), func(ctx context.Context, s *humasess.Session[account]) error {
				err := tt.do(r, ctx, s)
				if !errors.Is(err, tt.is) {
					t.Errorf("errors.Is: got %v, want %v", err, tt.is)
				}
				var model huma.StatusError
				if !errors.As(err, &model) || model.GetStatus() != tt.status {
					t.Errorf("errors.As: got %v, want a huma.StatusError with %d", model, tt.status)
				}
				return fmt.Errorf("wrapped by the handler: %w", err)
			})
			wantStatus(t, w, tt.status)
			if got := problemOf(t, w); got.Detail != tt.response || len(got.Errors) != 0 {
				t.Errorf("problem: got %+v, want detail %q and no more", got, tt.response)
			}
			if strings.Contains(w.Body.String(), "secret reason") || strings.Contains(w.Body.String(), "db-7") {
				t.Errorf("the cause reached the client: %s", w.Body)
			}
			if tt.header != "" && len(w.Header().Values(tt.header)) != 1 {
				t.Errorf("%s: got %q, want one", tt.header, w.Header().Values(tt.header))
			}
			if n := len(setCookies(w)); n != 0 && tt.name != "ErrNoSession" {
				t.Errorf("Set-Cookie: got %d lines, want none", n)
			}
			if _, err := r.sessions.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Error(err)
			}
		})
	}
}

// A program's own error model is used for all of our answers.
func TestOwnErrorModel(t *testing.T) {
	old := huma.NewError
	defer func() { huma.NewError = old }()
	huma.NewError = func(status int, msg string, _ ...error) huma.StatusError {
		return &ownError{status: status, Text: "own: " + msg}
	}
	r := errorRig(t)
	want := func(t *testing.T, c *humasesstest.Client, f handler[account], status int, detail string) {
		t.Helper()
		w := r.requiredCall(c, f)
		wantStatus(t, w, status)
		if got := w.Body.String(); !strings.Contains(got, `"text":"own: `+detail+`"`) || strings.Contains(got, "urn:") {
			t.Errorf("body: got %s, want the program's own model with %q", got, detail)
		}
	}
	for _, tt := range errorCases() {
		t.Run(tt.name, func(t *testing.T) {
			want(t, r.signedIn(account{ID: "u1"}), func(ctx context.Context, s *humasess.Session[account]) error {
				err := tt.do(r, ctx, s)
				var model *ownError
				if !errors.Is(err, tt.is) || !errors.As(err, &model) {
					t.Errorf("got %v, want %v with the own model", err, tt.is)
				}
				return err
			}, tt.status, tt.response)
		})
	}
	t.Run("401", func(t *testing.T) {
		want(t, r.client(), nothing[account], http.StatusUnauthorized, "a valid session is required")
	})
	t.Run("503 on load", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Fail(humasesstest.OpLoad, errDown)
		defer r.store.Fail(humasesstest.OpLoad, nil)
		want(t, c, nothing[account], http.StatusServiceUnavailable, "sessions are unavailable at the moment")
	})
	t.Run("503 on commit", func(t *testing.T) {
		r.store.Fail(humasesstest.OpUpdate, errDown)
		defer r.store.Fail(humasesstest.OpUpdate, nil)
		want(t, r.signedIn(account{ID: "u9"}), increment, http.StatusServiceUnavailable, "sessions are unavailable at the moment")
	})
}

// A whole journey leaves no credential in a log or an event.
func TestNothingSecretIsLogged(t *testing.T) {
	r := newRig(t, accountOptions())
	var secrets []string
	c := r.client()
	note := func() {
		if v := token(c); v != "" {
			secrets = append(secrets, v[22:])
		}
	}
	steps := []handler[account]{
		start(account{ID: "u1"}), increment, renew[account],
		func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		func(_ context.Context, s *humasess.Session[account]) error { return fmt.Errorf("session %v", s) },
	}
	for i, step := range steps {
		r.call(c, step)
		note()
		op := []humasesstest.Op{humasesstest.OpLoad, humasesstest.OpUpdate, humasesstest.OpTouch, humasesstest.OpList, humasesstest.OpCreate}[i]
		r.store.Fail(op, errDown)
		r.call(c, increment)
		r.store.Fail(op, nil)
		r.call(r.withToken(token(c)[:22]+strings.Repeat("Z", 42)), nothing[account])
	}
	r.must(c, destroy[account])
	var events strings.Builder
	for _, e := range r.events.take() {
		fmt.Fprintf(&events, "%+v\n", e)
	}
	if len(secrets) != len(steps) || r.log.String() == "" || events.Len() == 0 {
		t.Fatalf("the journey went nowhere: %d tokens", len(secrets))
	}
	t.Run("E2 no token in log or events", func(t *testing.T) {
		for _, secret := range append(secrets, strings.Repeat("Z", 42)) {
			if strings.Contains(r.log.String(), secret) || strings.Contains(events.String(), secret) {
				t.Error("a secret is in the log or in an event")
			}
		}
	})
}
