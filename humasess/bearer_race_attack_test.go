package humasess_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// TestBearerMarks revokes or changes the user while a sign-in with a token runs.
func TestBearerMarks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		mark func(*rig[account])
		want int
	}{
		{"RevokeIdentity", func(r *rig[account]) { r.revokeIdentity("ada") }, http.StatusUnauthorized},
		{"UpdateIdentity", func(r *rig[account]) {
			if _, err := r.sessions.UpdateIdentity(context.Background(), "ada", func(*account) error { return nil }); err != nil {
				r.t.Error(err)
			}
		}, http.StatusConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			timed(t, func(r *rig[account]) { // the bubble's rig has no tokens, only its clock counts
				r = bearerRig(r.t)
				old := bearerOf(r, account{ID: "ada"})
				given := "none"
				w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(r.client(), do) }, func() {
					later(100)
					tt.mark(r)
				}, startBearer(account{ID: "ada"}, &given))
				wantStatus(t, w, tt.want)
				if given != "" || w.Header().Get("Session-Token") != "" {
					t.Error("the refused sign-in has a token")
				}
				if got := w.Header()["Www-Authenticate"]; tt.want == http.StatusUnauthorized && (len(got) != 2 || !strings.HasPrefix(got[1], "Bearer ")) {
					t.Errorf("got challenges %q, want one for each carrier", got)
				}
				if tt.want == http.StatusUnauthorized {
					wantSessions(r, "ada", 0)
				} else {
					wantSessions(r, "ada", 1)
					if userOf(r, old) != "ada" {
						t.Error("UpdateIdentity has ended the session with a token")
					}
				}
			})
		})
	}
}

// TestRenewBearerRaces renews one session from several devices that have the same token,
// while others read with it.
func TestRenewBearerRaces(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, -1} {
		r := bearerRig(t, func(o *humasess.Options[account]) { o.RotationGrace = grace })
		for range 10 {
			tok := bearerOf(r, account{ID: "ada"})
			const devices = 6
			tokens, codes := make([]string, devices), make([]int, devices)
			var all sync.WaitGroup
			for i := range devices {
				all.Go(func() {
					w := r.requiredCall(r.client(), renewBearer(&tokens[i]), withToken(tok))
					codes[i] = w.Code
					if w.Header().Get("Session-Token") != "" {
						t.Errorf("got header Session-Token beside the answer %d of a renewal", w.Code)
					}
				})
				all.Go(func() {
					w := r.requiredCall(r.client(), increment, withToken(tok))
					if w.Code != http.StatusNoContent && grace == 0 {
						t.Errorf("a change with the former token: got %d, want 204", w.Code)
					}
				})
			}
			all.Wait()
			won := 0
			for i, code := range codes {
				switch {
				case code == http.StatusNoContent && tokens[i] != "":
					won++
					if got := userOf(r, tokens[i]); got != "ada" {
						t.Errorf("the new token opens the session of %q, want ada", got)
					}
				case code == http.StatusNoContent:
					t.Error("a renewal has succeeded without a token")
				case tokens[i] != "":
					t.Errorf("a renewal was refused with %d, and has a token", code)
				case code != http.StatusConflict && code != http.StatusUnauthorized:
					t.Errorf("got %d, want 409 or 401", code)
				}
			}
			if won != 1 {
				t.Errorf("got %d renewals, want 1 of one token", won)
			}
		}
	}
}

// TestRenewBearerLosesARace renews the session while another request has renewed it.
func TestRenewBearerLosesARace(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, -1} {
		r := bearerRig(t, func(o *humasess.Options[account]) { o.RotationGrace = grace })
		tok := bearerOf(r, account{ID: "ada"})
		var first, second string
		w := during(func(do handler[account]) *httptest.ResponseRecorder {
			return r.requiredCall(r.client(), do, withToken(tok))
		}, func() {
			wantStatus(t, r.requiredCall(r.client(), renewBearer(&first), withToken(tok)), http.StatusNoContent)
		}, renewBearer(&second))
		want := http.StatusConflict
		if grace < 0 {
			want = http.StatusUnauthorized
		}
		wantStatus(t, w, want)
		if second != "" {
			t.Error("the renewal that was refused has a token")
		}
		if got := w.Header().Get("Retry-After"); grace == 0 && got != "10" {
			t.Errorf("got Retry-After %q, want the grace", got)
		}
		if userOf(r, first) != "ada" {
			t.Error("the renewal that came first must stand")
		}
	}
}
