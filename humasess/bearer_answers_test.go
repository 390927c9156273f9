package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// TestBearerAnswers checks that an answer names the carrier, and not the store or another
// request, when the carrier is the reason.
func TestBearerAnswers(t *testing.T) {
	t.Parallel()
	r, plain := bearerRig(t), newRig(t, accountOptions())
	start := func(_ context.Context, s *humasess.Session[account]) error { return s.Start(account{ID: "ada"}) }
	startBearer := func(_ context.Context, s *humasess.Session[account]) error {
		_, err := s.StartBearer(account{ID: "ada"})
		return err
	}
	renew := func(_ context.Context, s *humasess.Session[account]) error {
		_, err := s.RenewBearer()
		return err
	}
	remember := func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) }
	renewed := bearerOf(r, account{ID: "ada"}) // whose new token is lost
	wantStatus(t, r.requiredCall(r.client(), renew, withToken(renewed)), http.StatusNoContent)
	for _, tt := range []struct {
		name   string
		rig    *rig[account]
		client string // "cookie" or a token
		do     handler[account]
		want   error
		status int
		detail string
	}{
		{"Start beside a token", r, bearerOf(r, account{ID: "ada"}), start, humasess.ErrConflict, 409, "leave the bearer token out"},
		{"Start beside a dead token", r, "hs_x", start, humasess.ErrConflict, 409, "leave the bearer token out"},
		{"RenewBearer twice", r, renewed, renew, humasess.ErrConflict, 409, "use the new token, or try again later"},
		{"RenewBearer of a cookie", r, "cookie", renew, errors.ErrUnsupported, 501, "not supported for a session of this kind"},
		{"Remember of a token", r, bearerOf(r, account{ID: "ada"}), remember, errors.ErrUnsupported, 501, "not supported for a session of this kind"},
		{"StartBearer without Options.Bearer", plain, "cookie", startBearer, errors.ErrUnsupported, 501, "not supported for a session of this kind"},
	} {
		client, edits := tt.rig.client(), []func(*http.Request){}
		if tt.client == "cookie" {
			client = tt.rig.signedIn(account{ID: "ada"})
		} else {
			edits = append(edits, withToken(tt.client))
		}
		w := tt.rig.call(client, func(ctx context.Context, s *humasess.Session[account]) error {
			err := tt.do(ctx, s)
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
			}
			return err
		}, edits...)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) {
			t.Errorf("%s: got %d %s, want %d and %q", tt.name, w.Code, w.Body, tt.status, tt.detail)
		}
	}
	if got := plain.log.String(); !strings.Contains(got, "StartBearer: Options.Bearer is not set") {
		t.Errorf("got log %q, want the reason for the developer", got)
	}
}
