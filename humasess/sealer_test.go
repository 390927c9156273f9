package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/memory"
)

func newKey(t *testing.T) security.Key {
	t.Helper()
	k, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func aead(t *testing.T, keys ...security.Key) security.Sealer {
	t.Helper()
	s, err := security.NewAEAD(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedTokens(t *testing.T) {
	key := newKey(t)
	opts := accountOptions()
	opts.Sealer = aead(t, key)
	r := newRig(t, opts)
	c := r.signedIn(account{ID: "ada"})
	noop := func(context.Context, *humasess.Session[account]) error { return nil }

	t.Run("opens its session", func(t *testing.T) {
		if got := r.requiredCall(c, noop); got.Code != http.StatusNoContent {
			t.Errorf("got %d, want 204", got.Code)
		}
	})
	t.Run("T2 forged cookies cost no store call", func(t *testing.T) {
		value := c.Cookie(cookieName)
		plain := strings.Repeat("A", credential.TokenLength)
		for _, forged := range []string{plain, value[1:], value + "A", flip(value, 3), flip(value, 20), flip(value, len(value)-2), strings.Repeat("A", 9000)} {
			r.store.Reset()
			other := r.client()
			other.SetCookie(&http.Cookie{Name: cookieName, Value: forged})
			if got := r.requiredCall(other, noop); got.Code != http.StatusUnauthorized || r.store.Total() != 0 {
				t.Errorf("forged %.20q: got %d and %d store calls, want 401 and 0", forged, got.Code, r.store.Total())
			}
		}
	})
	t.Run("K2 opens under no other name or manager", func(t *testing.T) {
		for _, change := range []func(*humasess.Options[account]){
			func(o *humasess.Options[account]) { o.SchemeName = "otherCookie" },
			func(o *humasess.Options[account]) { o.Cookie.Name = "__Host-other" },
		} {
			other := accountOptions()
			other.Sealer = opts.Sealer
			change(&other)
			o := newRig(t, other)
			name := cookieName
			if other.Cookie.Name != "" {
				name = other.Cookie.Name
			}
			client := o.client()
			client.SetCookie(&http.Cookie{Name: name, Value: c.Cookie(cookieName)})
			if got := o.requiredCall(client, noop); got.Code != http.StatusUnauthorized || o.store.Total() != 0 {
				t.Errorf("got %d and %d store calls, want 401 and 0", got.Code, o.store.Total())
			}
		}
	})
}

// flip changes one character of base64url into another.
func flip(s string, i int) string {
	to := byte('A')
	if s[i] == to {
		to = 'B'
	}
	return s[:i] + string(to) + s[i+1:]
}

func TestKeyRotation(t *testing.T) {
	store := memory.New(nil)
	first, second := newKey(t), newKey(t)
	clock := humasesstest.NewClock()
	manager := func(keys ...security.Key) *humasess.Manager[account] {
		opts := accountOptions()
		opts.Sealer, opts.Now = aead(t, keys...), clock.Now
		m, err := humasess.New(store, &opts)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	cookie := humasesstest.Login(t, manager(first), account{ID: "ada"})
	both := humasesstest.NewClient(presence(manager(second, first)))
	both.SetCookie(cookie)

	if got := both.Do("GET", "/", nil); got.Code != http.StatusNoContent || len(got.Result().Cookies()) != 0 {
		t.Fatalf("K3 read with the old key second: got %d, cookies %v, want 204 and none", got.Code, got.Result().Cookies())
	}
	clock.Advance(10 * time.Minute) // the extension is the next write
	if got := both.Do("GET", "/", nil); got.Code != http.StatusNoContent || len(got.Result().Cookies()) != 1 {
		t.Fatalf("K3 write with the old key second: got %d, cookies %v, want 204 and the token sealed again", got.Code, got.Result().Cookies())
	}
	newest := humasesstest.NewClient(presence(manager(second)))
	newest.SetCookie(&http.Cookie{Name: cookie.Name, Value: both.Cookie(cookie.Name)})
	if got := newest.Do("GET", "/", nil); got.Code != http.StatusNoContent {
		t.Errorf("K3 the new cookie after the old key is gone: got %d, want 204", got.Code)
	}
	newest.SetCookie(cookie)
	if got := newest.Do("GET", "/", nil); got.Code != http.StatusUnauthorized {
		t.Errorf("K3 the old cookie after its key is gone: got %d, want 401", got.Code)
	}
}

func TestKeyRotationOnUpdate(t *testing.T) {
	first, second := newKey(t), newKey(t)
	opts := accountOptions()
	opts.Sealer = aead(t, second, first)
	r := newRig(t, opts)
	before := accountOptions()
	before.Sealer = aead(t, first)
	issuer, err := humasess.New(r.store, &before)
	if err != nil {
		t.Fatal(err)
	}
	c := r.client()
	c.SetCookie(humasesstest.Login(t, issuer, account{ID: "ada"}))
	got := r.requiredCall(c, func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.N++; return nil })
	})
	if cookies := got.Result().Cookies(); got.Code != http.StatusNoContent || len(cookies) != 1 {
		t.Errorf("got %d and cookies %v, want 204 and one under the new key", got.Code, cookies)
	}
}
