package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// TestInvalidCallsAreLogged makes calls that can never work. The client learns
// nothing from the answer, so the log has the reason and the operation.
func TestInvalidCallsAreLogged(t *testing.T) {
	signedIn := func(do handler[account]) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u1"}); err != nil {
				return err
			}
			return do(ctx, s)
		}
	}
	for name, tt := range map[string]struct {
		do   handler[account]
		want string
	}{
		"Start without an identity": {start(account{}), "have no identity"},
		"a user becomes anonymous": {signedIn(func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = ""; return nil })
		}), "must not take the identity"},
		"a short TTL": {signedIn(func(_ context.Context, s *humasess.Session[account]) error {
			return s.SetTTL(time.Millisecond)
		}), "less than a second"},
		"a method that has no name": {signedIn(func(_ context.Context, s *humasess.Session[account]) error {
			return s.Reauthenticated("")
		}), "authentication by"},
		"a call inside Update": {signedIn(func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(*account) error { return s.Destroy() })
		}), "calls the session itself"},
		"data that do not come back": {start(account{ID: "\xff"}), "another identity"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			wantStatus(t, r.loginCall(r.client(), tt.do), http.StatusInternalServerError)
			found := false
			for line := range strings.Lines(r.log.String()) {
				found = found || strings.Contains(line, tt.want) && strings.Contains(line, "operation=post-login") && !strings.Contains(line, "level=DEBUG")
			}
			if !found {
				t.Errorf("got the log %s, want a line with %q and the operation", r.log, tt.want)
			}
		})
	}
}
