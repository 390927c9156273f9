package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestLuredUser is about the example's provider. An attacker begins a sign-in, and lures
// a user of the provider into finishing it. The attacker must not get a code for it.
func TestLuredUser(t *testing.T) {
	begin := func(r *rig) (victim, attacker *browser, id string) {
		victim, attacker = r.browser(), r.browser()
		victim.signIn()
		authorize, _ := attacker.begin("/sign-in")
		field := hidden.FindStringSubmatch(attacker.follow(attacker.get(authorize)).body)
		if field == nil {
			t.Fatal("got no form of the provider")
		}
		return victim, attacker, field[2]
	}
	t.Run("collects the code", func(t *testing.T) {
		r := newRig(t)
		victim, attacker, id := begin(r)
		if p := victim.get(r.local.URL + "/login?id=" + id); p.status != http.StatusSeeOther {
			t.Fatalf("got %d %s, want a code for the browser of the victim", p.status, p.body)
		}
		if p := attacker.get(r.local.URL + "/authorize/callback?id=" + id); p.status != http.StatusNotFound {
			t.Errorf("got %d to %q, want 404", p.status, p.location)
		}
	})
	t.Run("has a code already", func(t *testing.T) {
		r := newRig(t)
		victim, attacker, id := begin(r)
		answer := attacker.do(http.MethodPost, r.local.URL+"/login", url.Values{"id": {id}, "name": {"grace"}, "password": {"compiler"}})
		if p := victim.get(r.local.URL + "/login?id=" + id); p.location != "" || !strings.Contains(p.body, "has ended") {
			t.Errorf("got %d to %q, want a page, because the sign-in has its user", p.status, p.location)
		}
		if attacker.follow(answer); attacker.user() != "Grace Hopper" {
			t.Errorf("got user %q, want Grace", attacker.user())
		}
	})
}

// TestWithdrawnKey is a provider that replaces its key, because a thief has it. Until a
// token with the new key arrives, the application knows the former key only.
func TestWithdrawnKey(t *testing.T) {
	r := newRig(t)
	victim := r.browser()
	_, query := victim.begin("/sign-in?provider=other")
	if p := victim.answerOther(query, nil); p.status != http.StatusOK {
		t.Fatalf("got %d %s, want 200", p.status, p.body)
	}
	r.other.mu.Lock()
	r.other.PublicKeys[0].KeyID = "2"
	r.other.mu.Unlock()
	r.offset.Add(int64(25 * time.Hour))
	thief := r.browser()
	_, query = thief.begin("/sign-in?provider=other")
	if p := thief.answerOther(query, nil); p.status != http.StatusForbidden || thief.user() != "" {
		t.Errorf("a day later: got %d, user %q, want 403", p.status, thief.user())
	}
}

// TestProviderGone takes a provider away after its metadata have expired.
func TestProviderGone(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.begin("/sign-in?provider=local")
	r.local.Close()
	r.offset.Add(int64(25 * time.Hour))
	b.begin("/sign-in?provider=local") // the former metadata suffice
}
