package humasess_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// attacked is an API with a public and a protected operation.
type attacked struct {
	mux   *http.ServeMux
	store *humasesstest.Store
	token string // of a live session
	other string // of another one
}

func newAttacked(tb testing.TB) *attacked {
	a := &attacked{mux: http.NewServeMux(), store: humasesstest.Wrap(memory.New(nil))}
	opts := accountOptions()
	opts.Logger = everything.Logger(slog.LevelDebug)
	m, err := humasess.New(a.store, &opts)
	if err != nil {
		tb.Fatal(err)
	}
	api := humago.New(a.mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := m.Attach(api); err != nil {
		tb.Fatal(err)
	}
	type home struct{ Body struct{ Active bool } }
	huma.Get(api, "/public", func(_ context.Context, in *struct{ humasess.Session[account] }) (*home, error) {
		out := &home{}
		out.Body.Active = in.Active()
		return out, nil
	})
	huma.Get(api, "/protected", func(_ context.Context, in *struct{ humasess.Required[account] }) (*home, error) {
		out := &home{}
		out.Body.Active = in.Active()
		return out, nil
	})
	a.token = humasesstest.Login(tb, m, account{ID: "u1"}).Value
	a.other = humasesstest.Login(tb, m, account{ID: "u1"}).Value
	return a
}

func (a *attacked) get(path string, lines ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://example.com"+path, nil)
	r.Header["Cookie"] = lines
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w
}

// same reports whether a client sees no difference at all.
func same(a, b *httptest.ResponseRecorder) bool {
	if a.Code != b.Code || a.Body.String() != b.Body.String() || len(a.Header()) != len(b.Header()) {
		return false
	}
	for name, values := range a.Header() {
		if !slices.Equal(values, b.Header().Values(name)) {
			return false
		}
	}
	return true
}

var tokenShape = regexp.MustCompile(`^[A-Za-z0-9_-]{64}$`)

// shaped returns the different values in a Cookie line that look like a token.
func shaped(line string) []string {
	var all []string
	for pair := range strings.SplitSeq(line, ";") {
		value, ok := strings.CutPrefix(strings.Trim(pair, " \t"), cookieName+"=")
		if ok && tokenShape.MatchString(value) && !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

// loads is how many store calls two Cookie lines may cost: one for up to 16
// different tokens, and none otherwise.
func loads(first, second string) int {
	both := first + ";" + second
	tokens := shaped(both)
	if len(tokens) == 0 || len(tokens) > 16 || strings.Count(both, cookieName+"=") > 256 {
		return 0
	}
	return 1
}

func FuzzCookieHeader(f *testing.F) {
	a := newAttacked(f)
	public, protected := a.get("/public"), a.get("/protected")
	if public.Code != http.StatusOK || protected.Code != http.StatusUnauthorized {
		f.Fatalf("without a cookie: got %d and %d, want 200 and 401", public.Code, protected.Code)
	}
	if w := a.get("/protected", cookieName+"="+a.token); w.Code != http.StatusOK {
		f.Fatalf("with the live token: got %d, want 200", w.Code)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		lines := []string{first}
		if second != "" {
			lines = append(lines, second)
		}
		for path, want := range map[string]*httptest.ResponseRecorder{"/public": public, "/protected": protected} {
			a.store.Reset()
			got := a.get(path, lines...)
			if !same(got, want) {
				t.Errorf("%s: got %d %v %s, want the answer without a cookie, %d %v %s", path, got.Code, got.Header(), got.Body, want.Code, want.Header(), want.Body)
			}
			calls := a.store.Calls()
			if want := loads(first, second); calls[humasesstest.OpLoad] != want || a.store.Total() != want {
				t.Errorf("%s: store calls: got %v, want %d loads and nothing else", path, calls, want)
			}
		}
	})
}

// A forged cookie beside the live one does not shut its owner out, and finds
// nothing out.
func TestForgedCookies(t *testing.T) {
	a := newAttacked(t)
	name := cookieName + "="
	forged := name + strings.Repeat("A", 64)
	mine := name + a.token
	otherSecret := mine[:len(mine)-1] + "A"
	if otherSecret == mine {
		otherSecret = mine[:len(mine)-1] + "B"
	}
	tests := []struct {
		name   string
		line   string
		status int
		calls  int
	}{
		{"T2 unknown session", forged, http.StatusUnauthorized, 1},
		{"T2 the session's ID with another secret", otherSecret, http.StatusUnauthorized, 1},
		{"T12 forged, then live", forged + "; " + mine, http.StatusOK, 1},
		{"T12 live, then forged", mine + "; " + forged, http.StatusOK, 1},
		{"T12 another secret, then live", otherSecret + "; " + mine, http.StatusOK, 1},
		{"T12 live, then another secret", mine + "; " + otherSecret, http.StatusOK, 1},
		{"T12 malformed, then live", name + "x; " + mine, http.StatusOK, 1},
		{"T12 two live ones", mine + "; " + name + a.other, http.StatusUnauthorized, 1},
		{"T12 two live ones in the other order", name + a.other + "; " + mine, http.StatusUnauthorized, 1},
		{"T12 the same live one twice", mine + "; " + mine, http.StatusOK, 1},
		{"T12 live between two forged", forged + "; " + mine + "; " + otherSecret, http.StatusOK, 1},
		{"T4 malformed", name + "x", http.StatusUnauthorized, 0},
		{"T4 quoted", name + `"` + a.token + `"`, http.StatusUnauthorized, 0},
		{"T4 SQL", name + "' OR 1=1 --", http.StatusUnauthorized, 0},
		{"T4 64 KB", name + strings.Repeat("A", 64<<10), http.StatusUnauthorized, 0},
		{"T11 under another name", "id=" + a.token, http.StatusUnauthorized, 0},
	}
	refused := a.get("/protected")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a.store.Reset()
			w := a.get("/protected", tt.line)
			wantStatus(t, w, tt.status)
			if tt.status >= 400 && !same(w, refused) {
				t.Errorf("got %v %s, want the answer without a cookie", w.Header(), w.Body)
			}
			if got := a.store.Total(); got != tt.calls {
				t.Errorf("store calls: got %d, want %d", got, tt.calls)
			}
		})
	}
}
