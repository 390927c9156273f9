package site_test

import (
	"strings"
	"testing"
	"time"
)

func TestStepUp(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.signIn()
	r.offset.Add(int64(6 * time.Minute))
	p := b.get("/vault")
	if p.location != "/step-up?return_to=%2Fvault" {
		t.Fatalf("got %d to %q, want a step-up after five minutes", p.status, p.location)
	}
	t.Run("another user", func(t *testing.T) {
		authorize, query := b.begin(p.location)
		if query.Get("prompt") != "login" || query.Get("max_age") != "300" {
			t.Errorf("got prompt %q and max_age %q, want login and 300", query.Get("prompt"), query.Get("max_age"))
		}
		failed := b.follow(b.login(authorize, "grace", "compiler"))
		if failed.status != 403 || !strings.Contains(failed.body, "another account") || b.user() != "Ada Lovelace" {
			t.Errorf("got %d %s, user %q, want 403 and still Ada", failed.status, failed.body, b.user())
		}
		if p := b.get("/vault"); p.status != 303 {
			t.Errorf("vault: got %d, want still a step-up", p.status)
		}
	})
	t.Run("the same user", func(t *testing.T) {
		authorize, _ := b.begin(p.location)
		if p := b.follow(b.login(authorize, "ada", "engine")); p.status != 200 || p.url != b.url+"/vault" {
			t.Errorf("got %d %s, want the vault", p.status, p.url)
		}
	})
}

// TestStepUpNotAsked is a provider that ignores prompt and max_age, as when an attacker
// at the browser takes them out of the request.
func TestStepUpNotAsked(t *testing.T) {
	for _, tt := range []struct {
		name           string
		signIn, stepUp time.Duration // ago
		want           int
	}{
		{"too old", time.Hour, 10 * time.Minute, 403},
		{"not later than the sign-in", 2 * time.Minute, 2 * time.Minute, 403},
		{"later", time.Hour, 2 * time.Minute, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newRig(t).browser()
			at := b.now()
			_, query := b.begin("/sign-in?provider=other")
			b.answerOther(query, map[string]any{"auth_time": at.Add(-tt.signIn).Unix()})
			_, query = b.begin("/step-up")
			p := b.answerOther(query, map[string]any{"auth_time": at.Add(-tt.stepUp).Unix()})
			if p.status != tt.want || b.user() != "Eve" {
				t.Errorf("got %d, user %q, want %d and Eve", p.status, b.user(), tt.want)
			}
		})
	}
}

// TestStepUpSignedOut ends the session while the user is at the provider.
func TestStepUpSignedOut(t *testing.T) {
	b := newRig(t).browser()
	_, query := b.begin("/sign-in?provider=other")
	b.answerOther(query, nil)
	_, query = b.begin("/step-up?return_to=/vault")
	b.do("POST", "/sign-out", nil)
	if p := b.answerOther(query, nil); p.status != 400 || b.user() != "" {
		t.Errorf("got %d, user %q, want 400 and none", p.status, b.user())
	}
}
