package humasess_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/stores/memory"
)

// FuzzOrigins asks an API, a plain handler and package security about the same
// headers. The tests of that package compare it with net/http.
func FuzzOrigins(f *testing.F) {
	opts := accountOptions()
	opts.Logger = everything.Logger(slog.LevelDebug)
	opts.TrustedOrigins = []string{"https://app.example"}
	reference, err := crossorigin.NewCrossOrigin(opts.TrustedOrigins)
	if err != nil {
		f.Fatal(err)
	}
	store := humasesstest.Wrap(memory.New(nil))
	sessions, err := humasess.New(store, &opts)
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		f.Fatal(err)
	}
	ok := func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil }
	huma.Post(api, "/x", ok)
	huma.Get(api, "/x", ok)
	plain := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	cookie := humasesstest.Login(f, sessions, account{ID: "u1"})

	for _, seed := range [][3]string{
		{"example.com", "https://example.com", "same-origin"}, {"example.com", "null", ""}, {"[::1]:8443", "https://[::1]:8443", ""},
		{"example.com", "https://app.example", "cross-site"}, {"example.com.", "https://user@example.com.", "same-site"}, {"", "null", ""},
	} {
		f.Add(true, seed[0], seed[1], seed[2], "")
		f.Add(false, seed[0], seed[1], seed[2], "websocket")
	}
	f.Fuzz(func(t *testing.T, unsafe bool, host, origin, site, upgrade string) {
		method := http.MethodGet
		if unsafe {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, "https://example.com/x", nil)
		r.Host = host
		for name, value := range map[string]string{"Origin": origin, "Sec-Fetch-Site": site, "Upgrade": upgrade, "Connection": "Upgrade"} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		r.AddCookie(cookie)
		handshake := slices.ContainsFunc(strings.Split(upgrade, ","), func(s string) bool {
			return strings.EqualFold(strings.Trim(s, " \t"), "websocket")
		})
		want := http.StatusNoContent
		o := crossorigin.Request{Method: method, Host: host, SecFetchSite: site, Origin: origin, Upgrade: handshake}
		if reference.Check(o) != nil {
			want = http.StatusForbidden
		}
		for name, handler := range map[string]http.Handler{"operation": mux, "plain": plain} {
			store.Reset()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r.Clone(t.Context()))
			if w.Code != want || want == http.StatusForbidden && store.Total() > 0 {
				t.Errorf("%s: got %d after %d store calls, want %d", name, w.Code, store.Total(), want)
			}
		}
	})
}

// FuzzCSRFHeader guesses a CSRF token.
func FuzzCSRFHeader(f *testing.F) {
	opts := accountOptions()
	opts.Logger = everything.Logger(slog.LevelDebug)
	opts.CSRFHeader = csrfHeader
	sessions, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		f.Fatal(err)
	}
	var mine string
	huma.Get(api, "/token", func(_ context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
		var err error
		mine, err = in.CSRFToken()
		return nil, err
	})
	huma.Post(api, "/x", func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { return nil, nil })
	c := humasesstest.NewClient(mux)
	c.SetCookie(humasesstest.Login(f, sessions, account{ID: "u1"}))
	c.Do(http.MethodGet, "/token", nil)
	if w := c.Do(http.MethodPost, "/x", nil, withHeaders(csrfHeader, mine)); mine == "" || w.Code != http.StatusNoContent {
		f.Fatalf("with its own token: got %d, want 204", w.Code)
	}
	f.Add("")
	f.Add(spoilt(mine))
	f.Add(mine + "=")
	f.Add(mine + "\n")
	f.Add(c.Cookie(cookieName))
	f.Fuzz(func(t *testing.T, guess string) {
		if guess == mine {
			return
		}
		if w := c.Do(http.MethodPost, "/x", nil, withHeaders(csrfHeader, guess)); w.Code != http.StatusForbidden {
			t.Errorf("%q: got %d, want 403", guess, w.Code)
		}
	})
}
