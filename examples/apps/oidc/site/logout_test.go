package site_test

import (
	"errors"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestSignOut(t *testing.T) {
	b := newRig(t).browser()
	b.signIn()
	p := b.do("POST", "/sign-out", nil)
	end, err := url.Parse(p.location)
	if err != nil || !strings.HasPrefix(p.location, b.local.URL+"/end_session?") || end.Query().Get("id_token_hint") == "" {
		t.Fatalf("got %d to %q, want the provider's end_session_endpoint", p.status, p.location)
	}
	if p := b.follow(p); p.url != b.url+"/" || b.user() != "" {
		t.Errorf("got %s, user %q, want the home page and none", p.url, b.user())
	}
	authorize, _ := b.begin("/sign-in")
	if p := b.follow(b.get(authorize)); !strings.Contains(p.body, `id="password"`) {
		t.Errorf("got %s, want the provider to ask for the password again", p.body)
	}
}

// TestProviderSignsOut ends the session of the provider in one of two browsers.
func TestProviderSignsOut(t *testing.T) {
	r := newRig(t)
	one, two := r.browser(), r.browser()
	one.signIn()
	two.signIn()
	one.do("POST", r.local.URL+"/sign-out", nil)
	if got, other := one.user(), two.user(); got != "" || other != "Ada Lovelace" {
		t.Errorf("got users %q and %q, want only the second", got, other)
	}
}

func TestLogoutToken(t *testing.T) {
	const event = "http://schemas.openid.net/event/backchannel-logout"
	good := func(change map[string]any) map[string]any {
		claims := map[string]any{"sub": "7", "sid": "s1", "jti": time.Now().String(), "events": map[string]any{event: struct{}{}}}
		maps.Copy(claims, change)
		return claims
	}
	for _, tt := range []struct {
		name   string
		claims map[string]any
		path   string
		want   int
		ends   bool
	}{
		{"by session", good(nil), "other", 200, true},
		{"by session alone", good(map[string]any{"sub": nil}), "other", 200, true},
		{"by user alone", good(map[string]any{"sid": nil}), "other", 200, true},
		{"another session", good(map[string]any{"sid": "s2"}), "other", 200, false},
		{"another session alone", good(map[string]any{"sid": "s2", "sub": nil}), "other", 200, false},
		{"another user", good(map[string]any{"sub": "8"}), "other", 200, false},
		{"neither", good(map[string]any{"sub": nil, "sid": nil}), "other", 400, false},
		{"another issuer", good(map[string]any{"iss": "https://evil.example"}), "other", 400, false},
		{"key of another issuer", good(nil), "local", 400, false},
		{"wrong audience", good(map[string]any{"aud": "app3"}), "other", 400, false},
		{"no events", good(map[string]any{"events": nil}), "other", 400, false},
		{"another event", good(map[string]any{"events": map[string]any{"x": struct{}{}}}), "other", 400, false},
		{"a nonce", good(map[string]any{"nonce": "n"}), "other", 400, false},
		{"expired", good(map[string]any{"exp": time.Now().Add(-time.Second).Unix()}), "other", 400, false},
		{"no exp", good(map[string]any{"exp": nil}), "other", 400, false},
		{"exp next year", good(map[string]any{"exp": time.Now().AddDate(1, 0, 0).Unix()}), "other", 400, false},
		{"no iat", good(map[string]any{"iat": nil}), "other", 400, false},
		{"iat tomorrow", good(map[string]any{"iat": time.Now().AddDate(0, 0, 1).Unix()}), "other", 400, false},
		{"no jti", good(map[string]any{"jti": nil}), "other", 400, false},
		{"no such provider", good(nil), "nobody", 404, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			b := r.browser()
			_, query := b.begin("/sign-in?provider=other")
			b.answerOther(query, nil)
			token := r.other.sign(tt.claims)
			p := r.browser().do("POST", "/logout/"+tt.path, url.Values{"logout_token": {token}})
			if got := b.user(); p.status != tt.want || (got == "") != tt.ends {
				t.Errorf("got %d %s, user %q, want %d, ended %t", p.status, p.body, got, tt.want, tt.ends)
			}
		})
	}
	t.Run("by session, which the ID token did not name", func(t *testing.T) {
		r := newRig(t)
		b, other := r.browser(), r.browser()
		for sub, b := range map[string]*browser{"7": b, "8": other} {
			_, query := b.begin("/sign-in?provider=other")
			b.answerOther(query, map[string]any{"sub": sub, "sid": nil})
		}
		for _, tt := range []struct {
			change map[string]any
			want   string
		}{
			{map[string]any{"sub": nil}, "Eve"}, // it could be a session of any user
			{nil, ""},
		} {
			token := url.Values{"logout_token": {r.other.sign(good(tt.change))}}
			if p := b.do("POST", "/logout/other", token); p.status != 200 || b.user() != tt.want || other.user() != "Eve" {
				t.Errorf("%v: got %d, users %q and %q, want %q and Eve", tt.change, p.status, b.user(), other.user(), tt.want)
			}
		}
	})
	t.Run("replayed", func(t *testing.T) {
		r := newRig(t)
		b := r.browser()
		token := url.Values{"logout_token": {r.other.sign(good(map[string]any{"sid": nil}))}}
		if p := b.do("POST", "/logout/other", token); p.status != 200 {
			t.Fatalf("got %d %s, want 200", p.status, p.body)
		}
		_, query := b.begin("/sign-in?provider=other")
		b.answerOther(query, nil)
		if p := b.do("POST", "/logout/other", token); p.status != 400 || b.user() != "Eve" {
			t.Errorf("got %d, user %q, want 400 and still Eve", p.status, b.user())
		}
	})
	t.Run("ID token", func(t *testing.T) {
		r := newRig(t)
		if p := r.browser().do("POST", "/logout/other", url.Values{"logout_token": {r.other.sign(map[string]any{"sub": "7"})}}); p.status != 400 {
			t.Errorf("got %d, want 400", p.status)
		}
	})
	t.Run("again after a failure", func(t *testing.T) {
		r := newRig(t)
		b := r.browser()
		_, query := b.begin("/sign-in?provider=other")
		b.answerOther(query, nil)
		token := url.Values{"logout_token": {r.other.sign(good(nil))}}
		r.store.Fail(humasesstest.OpList, errors.New("down"))
		if p := b.do("POST", "/logout/other", token); p.status != 400 || b.user() != "Eve" {
			t.Errorf("got %d, user %q, want 400 and still Eve", p.status, b.user())
		}
		r.store.Fail(humasesstest.OpList, nil)
		if p := b.do("POST", "/logout/other", token); p.status != 200 || b.user() != "" {
			t.Errorf("got %d, user %q, want 200 and none", p.status, b.user())
		}
	})
	t.Run("the same session of another issuer", func(t *testing.T) {
		r := newRig(t)
		b := r.browser()
		_, query := b.begin("/sign-in?provider=third")
		b.answer("third", r.third, query, nil)
		for _, change := range []map[string]any{nil, {"sub": nil}} {
			token := url.Values{"logout_token": {r.other.sign(good(change))}}
			if p := b.do("POST", "/logout/other", token); p.status != 200 || b.user() != "Eve" {
				t.Errorf("got %d, user %q, want 200 and still Eve", p.status, b.user())
			}
		}
	})
}
