package cookie_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

const name = "__Host-id"

// counting counts round trips to Revocations, and can make them fail.
type counting struct {
	stores.Revocations
	calls int
	err   error
}

func (c *counting) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	c.calls++
	if c.err != nil {
		return stores.Standing{}, c.err
	}
	return c.Revocations.Check(ctx, id, identity)
}

// CheckMany implements [stores.MultiRevocations].
func (c *counting) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	c.calls++
	if c.err != nil {
		return nil, c.err
	}
	return stores.CheckMany(ctx, c.Revocations, subjects)
}

type rig struct {
	handler  http.Handler
	sessions *humasess.Manager[coretest.User]
	clock    *humasesstest.Clock
}

func serve(t *testing.T, sealer security.Sealer, opts *cookie.Options) rig {
	t.Helper()
	clock := humasesstest.NewClock()
	h, m := coretest.Serve(t, cookie.New(sealer, opts), &humasess.Options[coretest.User]{Now: clock.Now}, coretest.Hooks{})
	return rig{h, m, clock}
}

// present returns the status of GET /me with this value of the cookie.
func (r rig) present(value string) int {
	c := humasesstest.NewClient(r.handler)
	c.SetCookie(&http.Cookie{Name: name, Value: value})
	return c.Do("GET", "/me", nil).Code
}

func revoked() *cookie.Options { return &cookie.Options{Revoked: memory.NewRevocations()} }

func TestLogoutHolds(t *testing.T) {
	r := serve(t, aead(t, key(t)), revoked())
	c := coretest.SignIn(t, r.handler, "ada")
	first := c.Cookie(name)
	coretest.Do(t, c, "POST", "/bump", http.StatusOK)
	second := c.Cookie(name)
	if first == second {
		t.Fatal("the changed session was not sent")
	}
	t.Run("an older cookie of a live session rolls it back, as documented", func(t *testing.T) {
		if got := r.present(first); got != http.StatusOK {
			t.Errorf("got %d, want 200", got)
		}
	})
	coretest.Do(t, c, "POST", "/logout", http.StatusOK)
	t.Run("R1 K4 replay after logout", func(t *testing.T) {
		for _, old := range []string{first, second} {
			if got := r.present(old); got != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", got)
			}
		}
	})
	t.Run("T8 a login over a session ends it", func(t *testing.T) {
		c := coretest.SignIn(t, r.handler, "ada")
		old := c.Cookie(name)
		coretest.Do(t, c, "POST", "/login?name=ada", http.StatusNoContent)
		if got := r.present(old); got != http.StatusUnauthorized {
			t.Errorf("the old one: got %d, want 401", got)
		}
		coretest.Do(t, c, "GET", "/me", http.StatusOK)
	})
}

func TestRevocationHolds(t *testing.T) {
	r := serve(t, aead(t, key(t)), revoked())
	t.Run("R3 others end, this one stays", func(t *testing.T) {
		mine, other, bob := coretest.SignIn(t, r.handler, "ada"), coretest.SignIn(t, r.handler, "ada"), coretest.SignIn(t, r.handler, "bob")
		stolen := mine.Cookie(name)
		coretest.Do(t, mine, "POST", "/revoke-others", http.StatusOK)
		coretest.Do(t, mine, "GET", "/me", http.StatusOK)
		coretest.Do(t, bob, "GET", "/me", http.StatusOK)
		coretest.Do(t, other, "GET", "/me", http.StatusUnauthorized)
		if got := r.present(stolen); got != http.StatusUnauthorized {
			t.Errorf("its cookie from before: got %d, want 401", got)
		}
	})
	t.Run("R2 R14 an administrator ends a user's sessions", func(t *testing.T) {
		ada, bob := coretest.SignIn(t, r.handler, "ada"), coretest.SignIn(t, r.handler, "bob")
		if n, err := r.sessions.RevokeIdentity(t.Context(), "ada"); n != -1 || err != nil {
			t.Errorf("got %d, %v, want -1", n, err)
		}
		coretest.Do(t, ada, "GET", "/me", http.StatusUnauthorized)
		coretest.Do(t, bob, "GET", "/me", http.StatusOK)
		coretest.Do(t, coretest.SignIn(t, r.handler, "ada"), "GET", "/me", http.StatusOK)
	})
	t.Run("R4 all of one's own", func(t *testing.T) {
		a, b := coretest.SignIn(t, r.handler, "eve"), coretest.SignIn(t, r.handler, "eve")
		coretest.Do(t, a, "POST", "/revoke-all", http.StatusOK)
		coretest.Do(t, b, "GET", "/me", http.StatusUnauthorized)
	})
	t.Run("cookies of another process, or before a restart", func(t *testing.T) {
		k := key(t)
		before := coretest.SignIn(t, serve(t, aead(t, k), revoked()).handler, "ada").Cookie(name)
		if got := serve(t, aead(t, k), revoked()).present(before); got != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", got)
		}
	})
}

func TestWithoutRevoked(t *testing.T) {
	r := serve(t, aead(t, key(t)), &cookie.Options{AllowReplayAfterLogout: true})
	c := coretest.SignIn(t, r.handler, "ada")
	stolen := c.Cookie(name)
	for _, path := range []string{"/list", "/renew", "/revoke-others", "/revoke-all"} {
		coretest.Do(t, c, "POST", path, http.StatusNotImplemented)
	}
	if _, err := r.sessions.RevokeIdentity(t.Context(), "ada"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("RevokeIdentity: got %v, want errors.ErrUnsupported", err)
	}
	coretest.Do(t, c, "POST", "/logout", http.StatusOK)
	coretest.Do(t, c, "GET", "/me", http.StatusUnauthorized)
	if got := r.present(stolen); got != http.StatusOK {
		t.Errorf("the copy, which the option's name warns of: got %d, want 200", got)
	}
}

func TestNewAsksForADecision(t *testing.T) {
	sealer := aead(t, key(t))
	for _, tt := range []struct {
		opts *cookie.Options
		with humasess.Options[coretest.User]
		want string
	}{
		{nil, humasess.Options[coretest.User]{}, "AllowReplayAfterLogout"},
		{&cookie.Options{Revoked: memory.NewRevocations(), AllowReplayAfterLogout: true}, humasess.Options[coretest.User]{}, "exclude each other"},
		{revoked(), humasess.Options[coretest.User]{Sealer: sealer}, "Options.Sealer"},
		{revoked(), humasess.Options[coretest.User]{MaxPerIdentity: 5}, "MaxPerIdentity"},
		{revoked(), humasess.Options[coretest.User]{RotateEvery: time.Hour}, "RotateEvery"},
		{revoked(), humasess.Options[coretest.User]{Bearer: &humasess.BearerOptions{}}, "Bearer"},
		{revoked(), humasess.Options[coretest.User]{RevokeReused: true}, "RevokeReused"},
		{revoked(), humasess.Options[coretest.User]{RotationGrace: time.Minute}, "RotationGrace"},
		{revoked(), humasess.Options[coretest.User]{RotationGrace: -1}, "RotationGrace"},
		{revoked(), humasess.Options[coretest.User]{CSRFHeader: "X-CSRF-Token"}, "CSRFHeader"},
	} {
		m, err := humasess.New(cookie.New(sealer, tt.opts), &tt.with)
		if m != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want an error with %q", err, tt.want)
		}
	}
}

func TestTime(t *testing.T) {
	r := serve(t, aead(t, key(t)), revoked())
	c := coretest.SignIn(t, r.handler, "ada")
	t.Run("L10 extended once per tenth of the idle timeout", func(t *testing.T) {
		sent := 0
		for range 12 {
			r.clock.Advance(time.Minute)
			if w := c.Do("GET", "/me", nil); len(w.Result().Cookies()) > 0 {
				sent++
			}
		}
		if sent != 4 {
			t.Errorf("sent %d times in 12 minutes, want 4", sent)
		}
	})
	t.Run("L11 a clock that steps back", func(t *testing.T) {
		r.clock.Advance(-time.Hour)
		coretest.Do(t, c, "GET", "/me", http.StatusOK)
		r.clock.Advance(time.Hour)
		coretest.Do(t, c, "GET", "/me", http.StatusOK)
	})
	t.Run("L1 idle", func(t *testing.T) {
		idle := c.Cookie(name)
		r.clock.Advance(33 * time.Minute)
		if got := r.present(idle); got != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", got)
		}
	})
	t.Run("L2 absolute", func(t *testing.T) {
		c := coretest.SignIn(t, r.handler, "ada")
		for range 12*6 - 1 {
			r.clock.Advance(10 * time.Minute)
			coretest.Do(t, c, "GET", "/me", http.StatusOK)
		}
		r.clock.Advance(10 * time.Minute)
		coretest.Do(t, c, "GET", "/me", http.StatusUnauthorized)
	})
}

func TestRoundTrips(t *testing.T) {
	count := &counting{Revocations: memory.NewRevocations()}
	r := serve(t, aead(t, key(t)), &cookie.Options{Revoked: count})
	c := coretest.SignIn(t, r.handler, "ada")
	for _, tt := range []struct {
		method, path string
		want         int
	}{{"GET", "/me", 1}, {"POST", "/count", 2}} {
		count.calls = 0
		coretest.Do(t, c, tt.method, tt.path, http.StatusOK)
		if count.calls != tt.want {
			t.Errorf("%s: got %d round trips, want %d", tt.path, count.calls, tt.want)
		}
	}
	t.Run("several cookies that open are one", func(t *testing.T) {
		ended := coretest.SignIn(t, r.handler, "ada")
		old := ended.Cookie(name)
		coretest.Do(t, ended, "POST", "/logout", http.StatusOK)
		other := coretest.SignIn(t, r.handler, "bob").Cookie(name)
		for _, tt := range []struct {
			values []string
			status int
		}{
			{[]string{old, c.Cookie(name)}, http.StatusOK},
			{[]string{c.Cookie(name), old, "x"}, http.StatusOK},
			{[]string{old, c.Cookie(name), other}, http.StatusUnauthorized},
		} {
			count.calls = 0
			header := name + "=" + strings.Join(tt.values, "; "+name+"=")
			w := humasesstest.NewClient(r.handler).Do("GET", "/me", nil, func(req *http.Request) { req.Header.Set("Cookie", header) })
			if w.Code != tt.status || count.calls != 1 {
				t.Errorf("%d cookies: got %d and %d round trips, want %d and 1", len(tt.values), w.Code, count.calls, tt.status)
			}
		}
	})
	count.err = errors.New("down")
	w := c.Do("GET", "/me", nil)
	if w.Code != http.StatusServiceUnavailable || len(w.Result().Cookies()) > 0 {
		t.Errorf("X5 unreachable: got %d and cookies %v, want 503 and none", w.Code, w.Result().Cookies())
	}
	count.err = nil
	coretest.Do(t, c, "GET", "/me", http.StatusOK)
}

// Suppose an attacker can put text beside a secret and see the sealed length.
// Then compression would reveal the secret (CRIME).
func TestNothingIsCompressed(t *testing.T) {
	t.Run("K5 the length of a cookie tells that of the data, and no more", func(t *testing.T) {
		m, err := humasess.New(cookie.New(aead(t, key(t)), revoked()), &humasess.Options[string]{})
		if err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, 225)
		_, _ = rand.Read(noise) // never fails
		var sizes [2]int
		for i, text := range []string{strings.Repeat("secret", 50), base64.StdEncoding.EncodeToString(noise)} {
			sizes[i] = len(humasesstest.Login(t, m, text).Value)
		}
		if sizes[0] != sizes[1] {
			t.Errorf("got %d bytes for text that repeats itself, and %d for any", sizes[0], sizes[1])
		}
	})
}

func TestSize(t *testing.T) {
	for kind, newSealer := range map[string]func(...security.Key) (security.Sealer, error){"aead": security.NewAEAD, "securecookie": security.NewSecureCookie} {
		t.Run("C7 K7 "+kind, func(t *testing.T) {
			sealer, err := newSealer(key(t))
			if err != nil {
				t.Fatal(err)
			}
			issue := func(name string, n int) (int, error) {
				m, err := humasess.New(cookie.New(sealer, &cookie.Options{AllowReplayAfterLogout: true}),
					&humasess.Options[string]{Cookie: humasess.CookieOptions{Name: name}})
				if err != nil {
					t.Fatal(err)
				}
				c, err := m.Issue(t.Context(), strings.Repeat("a", n))
				if err != nil {
					return 0, err
				}
				return len(c.Name) + len(c.Value), nil
			}
			fits := 0
			for n := 1500; n < 4000; n++ {
				if _, err := issue("c", n); err != nil {
					break
				}
				fits = n
			}
			size, _ := issue("c", fits)
			longest := "c" + strings.Repeat("c", 4096-size)
			if got, err := issue(longest, fits); got != 4096 || err != nil {
				t.Errorf("4096 bytes: got %d, %v, want it sent", got, err)
			}
			_, err = issue(longest+"c", fits)
			var e *cookie.SizeError
			if !errors.As(err, &e) || e.Size != 4097 || !errors.Is(err, stores.ErrTooLarge) || !strings.Contains(err.Error(), "redis") {
				t.Errorf("4097 bytes: got %v, want a SizeError that names the other stores", err)
			}
			if _, err := issue("c", 1<<20); !errors.Is(err, stores.ErrTooLarge) {
				t.Errorf("1 MiB: got %v, want ErrTooLarge", err)
			}
		})
	}
}

// visitor is the sample of the budgets, 119 bytes of JSON.
type visitor struct {
	UID   string    `json:"uid"`
	Name  string    `json:"name"`
	Roles [2]string `json:"roles"`
	N     int       `json:"n"`
	Seen  time.Time `json:"seen"`
}

func TestSizeOfTheSample(t *testing.T) {
	sample := visitor{"u-1234567", "Grace Hopper", [2]string{"admin", "author"}, 1, time.Unix(1_900_000_000, 0).UTC()}
	for _, tt := range []struct {
		kind string
		make func(...security.Key) (security.Sealer, error)
		most int
	}{{"aead", security.NewAEAD, 270}, {"securecookie", security.NewSecureCookie, 380}} {
		sealer, err := tt.make(key(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, opts := range []*cookie.Options{{AllowReplayAfterLogout: true}, revoked()} {
			m, err := humasess.New(cookie.New(sealer, opts), &humasess.Options[visitor]{Identity: func(v visitor) string { return v.UID }})
			if err != nil {
				t.Fatal(err)
			}
			c, err := m.Issue(t.Context(), sample)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, Revoked %v: %d bytes", tt.kind, opts.Revoked != nil, len(c.Value))
			if opts.Revoked == nil && len(c.Value) > tt.most {
				t.Errorf("%s: got %d bytes, want at most %d", tt.kind, len(c.Value), tt.most)
			}
		}
	}
}

func TestCookieSaysNothing(t *testing.T) {
	for _, s := range goldenSealers {
		t.Run("T5 "+s.kind, func(t *testing.T) {
			sealer, err := s.make(key(t))
			if err != nil {
				t.Fatal(err)
			}
			m, err := humasess.New(cookie.New(sealer, revoked()), &humasess.Options[coretest.User]{Identity: func(u coretest.User) string { return u.Name }})
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for range 20 {
				c, err := m.Issue(t.Context(), coretest.User{Name: "ada-lovelace"})
				if err != nil {
					t.Fatal(err)
				}
				text := c.Value
				for range 4 { // securecookie encodes twice
					if strings.Contains(text, "lovelace") || strings.Contains(text, `"name"`) {
						t.Fatalf("%q shows its content", c.Value)
					}
					inner, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
					if err != nil {
						break
					}
					if text = string(inner); strings.Count(text, "|") >= 2 {
						text = strings.Split(text, "|")[1]
					}
				}
				if seen[c.Value] {
					t.Error("the same data gave the same cookie twice")
				}
				seen[c.Value] = true
			}
		})
	}
}

func TestBytes(t *testing.T) {
	newRequest, err := cookie.New(aead(t, key(t)), revoked()).Bind(name, "m")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, payload := range []string{"", "\x00", string(all), strings.Repeat("\xff", 2500)} {
		request, id := newRequest(), stores.ID{9}
		if _, err := request.Create(t.Context(), stores.Create{ID: id, Identity: string(all), Payload: []byte(payload), Idle: time.Hour, Absolute: time.Hour}); err != nil {
			t.Fatal(err)
		}
		next := newRequest()
		if _, _, err := next.Open(string(request.AppendValue(nil, id))); err != nil {
			t.Fatal(err)
		}
		r, err := next.Load(t.Context(), id)
		if err != nil || string(r.Payload) != payload || r.Identity != string(all) {
			t.Errorf("got %d bytes, identity %q, %v, want %d", len(r.Payload), r.Identity, err, len(payload))
		}
	}
}
