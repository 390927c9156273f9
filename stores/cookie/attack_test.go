package cookie_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
)

// TestAttacks tries the attacks that are possible with cookies of several
// sessions.
func TestAttacks(t *testing.T) {
	r := serve(t, aead(t, key(t)), revoked())
	ada, eve := coretest.SignIn(t, r.handler, "ada"), coretest.SignIn(t, r.handler, "eve")
	status := func(header string) (int, string) {
		w := humasesstest.NewClient(r.handler).Do("GET", "/me", nil, func(req *http.Request) { req.Header.Set("Cookie", header) })
		return w.Code, w.Body.String()
	}
	pair := func(value string) string { return name + "=" + value }

	t.Run("parts of two users' cookies do not fit together", func(t *testing.T) {
		a, errA := base64.RawURLEncoding.DecodeString(ada.Cookie(name))
		e, errE := base64.RawURLEncoding.DecodeString(eve.Cookie(name))
		if errA != nil || errE != nil || len(a) != len(e) {
			t.Fatalf("got %v, %v and lengths %d and %d", errA, errE, len(a), len(e))
		}
		for cut := 1; cut < len(a); cut++ {
			value := base64.RawURLEncoding.EncodeToString(append(append([]byte{}, a[:cut]...), e[cut:]...))
			if value == ada.Cookie(name) || value == eve.Cookie(name) {
				continue
			}
			if got, _ := status(pair(value)); got != http.StatusUnauthorized {
				t.Errorf("joined at %d: got %d, want 401", cut, got)
			}
		}
	})
	t.Run("tossing: a second live session makes none", func(t *testing.T) {
		for _, header := range []string{
			pair(ada.Cookie(name)) + "; " + pair(eve.Cookie(name)), pair(eve.Cookie(name)) + "; " + pair(ada.Cookie(name)),
		} {
			if got, _ := status(header); got != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", got)
			}
		}
	})
	t.Run("tossing: nonsense beside it changes nothing", func(t *testing.T) {
		for _, header := range []string{pair("x") + "; " + pair(ada.Cookie(name)), pair(ada.Cookie(name)) + "; " + pair("")} {
			if got, _ := status(header); got != http.StatusOK {
				t.Errorf("got %d, want 200", got)
			}
		}
	})
	t.Run("tossing: of one session's cookies the newest counts", func(t *testing.T) {
		old := ada.Cookie(name)
		coretest.Do(t, ada, "POST", "/bump", http.StatusOK)
		fresh := ada.Cookie(name)
		for _, header := range []string{pair(old) + "; " + pair(fresh), pair(fresh) + "; " + pair(old)} {
			got, body := status(header)
			if got != http.StatusOK || coretest.N(t, body) != 1 {
				t.Errorf("got %d %s, want 200 and the value written last", got, body)
			}
		}
	})
	t.Run("a token of a store on the server opens nothing, and the other way round", func(t *testing.T) {
		sealer := aead(t, key(t))
		here := serve(t, sealer, revoked())
		there, err := humasess.New(memoryStore(), &humasess.Options[coretest.User]{Sealer: sealer})
		if err != nil {
			t.Fatal(err)
		}
		c, err := there.Issue(t.Context(), coretest.User{Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		if got := here.present(c.Value); got != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", got)
		}
	})
}
