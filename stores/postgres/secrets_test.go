package postgres_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
)

// TestDump looks for credentials in a backup.
func TestDump(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	store, name := open(t, shared(t))
	handler, _ := serve(t, store, nil, hooks{})
	var tokens []string
	for i := range 20 {
		c := coretest.SignIn(t, handler, fmt.Sprintf("user%d", i))
		tokens = append(tokens, c.Cookie(coretest.CookieName))
		do(t, c, "POST", "/bump", 200)
		do(t, c, "POST", "/renew", 200)
		do(t, c, "GET", "/me", 200)
		tokens = append(tokens, c.Cookie(coretest.CookieName))
	}
	dump := server.Dump(t, name)
	if !strings.Contains(dump, hex.EncodeToString([]byte(`{"name":"user7","n":1}`))) {
		t.Fatal("the dump has no data")
	}
	t.Run("T6 no token and no secret", func(t *testing.T) {
		for _, token := range tokens {
			raw, err := base64.RawURLEncoding.DecodeString(token)
			if err != nil || len(raw) != 48 {
				t.Fatalf("token of %d bytes: %v", len(raw), err)
			}
			secret := raw[16:]
			for _, part := range []string{
				token, token[22:], string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret),
				hex.EncodeToString([]byte(token)), hex.EncodeToString([]byte(token[22:])),
			} {
				if strings.Contains(dump, part) {
					t.Errorf("the dump has the secret of a token, in the form %q", part)
				}
			}
		}
	})
	t.Run("T6 a stored value does not authenticate", func(t *testing.T) {
		records, err := store.List(t.Context(), coretest.Owner("user7"))
		if err != nil || len(records) != 1 {
			t.Fatalf("List: got %d records and error %v, want one", len(records), err)
		}
		r := records[0]
		tried := 0
		for from := 0; from+32 <= len(r.Payload); from++ { // at every possible place of the hash
			c := humasesstest.NewClient(handler)
			token := base64.RawURLEncoding.EncodeToString(append(r.ID[:], r.Payload[from:from+32]...))
			c.SetCookie(&http.Cookie{Name: coretest.CookieName, Value: token})
			do(t, c, "GET", "/me", 401)
			tried++
		}
		if tried < 32 {
			t.Errorf("tried %d values, want more", tried)
		}
	})
}

// before and after are one type in two releases: a field removed, one renamed,
// one added.
type (
	before struct {
		Name  string `json:"name"`
		Theme string `json:"theme"`
		Mail  string `json:"mail"`
	}
	after struct {
		Name  string   `json:"name"`
		Email string   `json:"email"`
		Tags  []string `json:"tags"`
	}
)

// release serves one of these types: POST /login, POST /touch and GET /me.
func release[T any](t *testing.T, store stores.Store, fresh T, name func(T) string, touch func(*T)) http.Handler {
	t.Helper()
	sessions, err := humasess.New(store, &humasess.Options[T]{Identity: name, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct{ humasess.Required[T] }
	type body struct{ Body T }
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[T] }) (*struct{}, error) {
		return nil, in.Session.Start(fresh)
	})
	huma.Get(api, "/me", func(_ context.Context, in *input) (*body, error) { return &body{in.Value()}, nil })
	huma.Post(api, "/touch", func(_ context.Context, in *input) (*body, error) {
		err := in.Session.Update(func(v *T) error { touch(v); return nil })
		return &body{in.Value()}, err
	})
	return mux
}

// TestRollingUpgrade runs two releases side by side, each on data that the
// other has written, and then downgrades. No user is logged out.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	store, name := open(t, shared(t))
	older := release(t, store, before{Name: "ada", Theme: "dark", Mail: "ada@example.com"},
		func(v before) string { return v.Name }, func(v *before) { v.Theme += "er" })
	newer := release(t, openIn(t, shared(t), name), after{Name: "ada", Email: "ada@example.org", Tags: []string{"a"}},
		func(v after) string { return v.Name }, func(v *after) { v.Tags = append(v.Tags, "b") })
	for _, first := range []http.Handler{older, newer} {
		c := humasesstest.NewClient(first)
		do(t, c, "POST", "/login", 204)
		for _, at := range []http.Handler{older, newer, newer, older, older, newer} {
			c = coretest.Move(c, at)
			if got := do(t, c, "GET", "/me", 200); !strings.Contains(got, `"name":"ada"`) {
				t.Errorf("got %s, want the name", got)
			}
			do(t, c, "POST", "/touch", 200)
		}
	}
}
