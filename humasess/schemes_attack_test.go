package humasess_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// quietRig is a keyRig with two more credentials, which do not decide alone: a password
// with the user's ID and roles, and a key in the query.
func quietRig(t *testing.T, edits ...func(*humasess.Options[account])) *rig[account] {
	t.Helper()
	user := func(value string) (account, error) {
		if value == "" {
			return account{}, humasess.ErrNoSession
		}
		id, roles, _ := strings.Cut(value, ":")
		return account{ID: strings.TrimPrefix(id, "nobody"), Roles: strings.FieldsFunc(roles, func(r rune) bool { return r == ',' })}, nil
	}
	return keyRig(t, append(edits, func(o *humasess.Options[account]) {
		o.Schemes["basic"] = func(ctx huma.Context, _ []string) (account, error) {
			return user(strings.TrimPrefix(ctx.Header("Authorization"), "Basic "))
		}
		o.Schemes["query"] = func(ctx huma.Context, _ []string) (account, error) { return user(ctx.Query("key")) }
		o.AcceptSchemes = []string{"apiKey", "query"}
	})...)
}

func withBasic(value string) func(*http.Request) {
	return func(req *http.Request) { req.Header.Set("Authorization", "Basic "+value) }
}

// registerUser registers an operation with a required session, which answers with its user.
func registerUser(r *rig[account], path string, security ...map[string][]string) {
	huma.Register(r.api, huma.Operation{OperationID: path, Method: http.MethodPost, Path: path, Security: security},
		func(_ context.Context, in *requiredInput) (*struct{ Body string }, error) {
			u, _ := in.Session.Get()
			return &struct{ Body string }{u.ID + ":" + strings.Join(u.Roles, ",")}, nil
		})
}

// TestAcceptedSchemeNeedsRoles sends the key of a user without the role that the
// operation's Security asks of sessions.
func TestAcceptedSchemeNeedsRoles(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	registerUser(r, "/admin", map[string][]string{"sessionCookie": {"admin"}})
	w := r.client().Do(http.MethodPost, "/admin", nil, withKey("ada"))
	if w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
		t.Errorf("got %d, want a refusal: %s", w.Code, w.Body)
	}
}

// TestHalfOfTwoCredentials sends two credentials of which the second brings no user.
func TestHalfOfTwoCredentials(t *testing.T) {
	t.Parallel()
	r := quietRig(t)
	registerUser(r, "/two", map[string][]string{"basic": {}, "apiKey": {}}, map[string][]string{"sessionCookie": {}})
	registerUser(r, "/twoquiet", map[string][]string{"basic": {}, "query": {}}, map[string][]string{"sessionCookie": {"admin"}})
	wantStatus(t, r.client().Do(http.MethodPost, "/twoquiet?key=nobody", nil, withBasic("ada:admin")), http.StatusUnauthorized)
	wantStatus(t, r.client().Do(http.MethodPost, "/two", nil, withKey("nobody"), withBasic("ada")), http.StatusUnauthorized)
}

// TestEditedDocumentRefusesCredential takes a credential out of the document before the
// first request.
func TestEditedDocumentRefusesCredential(t *testing.T) {
	t.Parallel()
	r := quietRig(t)
	registerUser(r, "/edited", map[string][]string{"sessionCookie": {}}, map[string][]string{"basic": {}})
	r.api.OpenAPI().Paths["/edited"].Post.Security = []map[string][]string{{"sessionCookie": {}}}
	wantStatus(t, r.client().Do(http.MethodPost, "/edited", nil, withBasic("ada")), http.StatusUnauthorized)
}

// TestCredentialBesideInsufficientSession sends a password beside a session that the
// operation refuses. The handler must not find that session.
func TestCredentialBesideInsufficientSession(t *testing.T) {
	t.Parallel()
	var moved atomic.Bool
	r := quietRig(t, func(o *humasess.Options[account]) {
		o.Identity = func(a account) string {
			if moved.Load() && a.ID == "hidden" {
				return "other"
			}
			return a.ID
		}
	})
	huma.Register(r.api, huma.Operation{
		OperationID: "admins", Method: http.MethodPost, Path: "/admins",
		Security: []map[string][]string{{"sessionCookie": {}}, {"basic": {}}},
	}, func(_ context.Context, in *guardedInput[roleGuard]) (*struct{ Body string }, error) {
		u, _ := in.Session.Get()
		return &struct{ Body string }{u.ID + ":" + strings.Join(u.Roles, ",")}, nil
	})
	registerUser(r, "/users", map[string][]string{"sessionCookie": {}}, map[string][]string{"basic": {}})
	bob, visitor, hidden := r.signedIn(account{ID: "bob"}), r.client(), r.signedIn(account{ID: "hidden"})
	r.must(visitor, func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.Note = "visitor"; return nil })
	})
	if w := bob.Do(http.MethodPost, "/admins", nil, withBasic("carol:admin")); w.Code == http.StatusOK && !strings.Contains(w.Body.String(), "carol:admin") {
		t.Errorf("role: the handler got %s", w.Body)
	}
	if w := visitor.Do(http.MethodPost, "/users", nil, withBasic("carol")); w.Code == http.StatusOK && !strings.Contains(w.Body.String(), "carol") {
		t.Errorf("visitor: the handler got %s", w.Body)
	}
	moved.Store(true)
	if w := hidden.Do(http.MethodPost, "/users", nil, withBasic("carol")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "carol") {
		t.Errorf("hidden: the handler got %d %s", w.Code, w.Body)
	}
}

// TestCredentialOfRequestInside sends requests of two clients from a handler of net/http.
func TestCredentialOfRequestInside(t *testing.T) {
	t.Parallel()
	r := quietRig(t)
	registerUser(r, "/inside")
	outer := r.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		send := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r.mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, nil).WithContext(req.Context()))
			return w
		}
		wantStatus(t, send("/inside?key=ada"), http.StatusOK)
		if s, ok := humasess.From[account](req.Context()); ok && s.Active() {
			t.Error("the user of the request inside is that of the request around it")
		}
		wantStatus(t, send("/inside"), http.StatusUnauthorized)
		if w := send("/inside?key=bob"); !strings.Contains(w.Body.String(), "bob") {
			t.Errorf("got %s, want bob", w.Body)
		}
	}))
	outer.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

// TestUndecidedCheckKeepsHeaders returns an error with headers.
func TestUndecidedCheckKeepsHeaders(t *testing.T) {
	t.Parallel()
	r := keyRig(t, func(o *humasess.Options[account]) {
		o.Schemes["apiKey"] = func(huma.Context, []string) (account, error) {
			return account{}, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("keys are unavailable"), http.Header{"Retry-After": {"77"}})
		}
	})
	w := r.requiredCall(r.client(), nil, withKey("ada"))
	wantStatus(t, w, http.StatusServiceUnavailable)
	wantHeader(t, w, "Retry-After", "77")
}

// TestLoginRefusesAcceptedScheme sends a key to a login that also lists its session.
func TestLoginRefusesAcceptedScheme(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	huma.Register(r.api, huma.Operation{
		OperationID: "signIn", Method: http.MethodPost, Path: "/signIn", Security: []map[string][]string{{"sessionCookie": {}}, {}},
	}, func(_ context.Context, in *loginInput) (*struct{}, error) {
		if in.Session.Active() {
			t.Error("the handler of the login got the user of a key")
		}
		return nil, nil
	})
	wantStatus(t, r.client().Do(http.MethodPost, "/signIn", nil, withKey("ada")), http.StatusNoContent)
}

// TestCallsForCredential calls random methods for the user of a key.
func TestCallsForCredential(t *testing.T) {
	t.Parallel()
	r := keyRig(t, func(o *humasess.Options[account]) { o.Bearer = &humasess.BearerOptions{}; o.RotateEvery = time.Minute })
	calls := attackCalls()
	bob := r.signedIn(account{ID: "bob"})
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var trail []int
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("calls %v: panic %v", trail, p)
				}
			}()
			c := r.client()
			if seed%3 == 0 {
				c = bob
			}
			r.requiredCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				for range 1 + rnd.IntN(7) {
					i := rnd.IntN(len(calls))
					trail = append(trail, i)
					calls[i](ctx, s)
				}
				if seed%5 == 0 {
					return huma.Error409Conflict("no")
				}
				return nil
			}, withKey("ada:admin"))
		}()
	}
	r.wantActive(bob, true)
}

func attackCalls() []func(context.Context, *humasess.Session[account]) {
	type session = *humasess.Session[account]
	return []func(context.Context, session){
		func(_ context.Context, s session) { _, _ = s.StartBearer(account{ID: "carol"}) },
		func(_ context.Context, s session) { _, _ = s.RenewBearer() },
		func(_ context.Context, s session) { _, _ = s.CSRFToken(); _ = s.Carrier() },
		func(ctx context.Context, s session) { _, _ = s.List(ctx) },
		func(_ context.Context, s session) { _ = s.Reauthenticated("pwd") },
		func(_ context.Context, s session) {
			_ = s.ReauthenticatedWith(humasess.Authentication{Time: time.Now().Add(-time.Hour)})
		},
		func(_ context.Context, s session) { _ = s.Authentication(); _ = s.RequireFresh(time.Hour) },
		func(ctx context.Context, s session) { _ = s.Revoke(ctx, s.ID()) },
		func(ctx context.Context, s session) { _, _ = s.RevokeOthers(ctx) },
		func(ctx context.Context, s session) { _, _ = s.RevokeAll(ctx) },
		func(_ context.Context, s session) { _, _ = s.Get() },
		func(_ context.Context, s session) { _ = s.Start(account{ID: "ada"}) },
		func(_ context.Context, s session) {
			_ = s.Update(func(a *account) error { a.N++; _, _ = s.Get(); return nil })
		},
		func(_ context.Context, s session) {
			_ = s.Update(func(a *account) error { a.ID = "dan"; return nil })
		},
		func(_ context.Context, s session) { _ = s.Destroy() },
		func(_ context.Context, s session) { _ = s.Renew() },
		func(_ context.Context, s session) { _ = s.Remember(true) },
		func(_ context.Context, s session) { _ = s.SetTTL(time.Hour) },
		func(ctx context.Context, s session) { _ = s.Commit(ctx) },
		func(_ context.Context, s session) { _, _, _ = s.CreatedAt(), s.ExpiresAt(), s.Deadline() },
		func(_ context.Context, s session) { s.Done() },
	}
}

// TestCredentialsInGroups sends keys to hidden operations, to groups and to operations
// that need a session by default.
func TestCredentialsInGroups(t *testing.T) {
	t.Parallel()
	r := keyRig(t, func(o *humasess.Options[account]) {
		o.RequireByDefault, o.OmitRoles = true, true
		o.Schemes["wrapped"] = func(huma.Context, []string) (account, error) {
			return account{ID: "eve"}, fmt.Errorf("wrapped: %w", humasess.ErrNoSession)
		}
	})
	r.api.OpenAPI().Components.SecuritySchemes["wrapped"] = &huma.SecurityScheme{Type: "mutualTLS"}
	empty := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	group := huma.NewGroup(r.api, "/group")
	group.UseSimpleModifier(r.sessions.Require("admin"))
	huma.Post(group, "/plain", empty)
	huma.Register(group, huma.Operation{OperationID: "hiddenInGroup", Method: http.MethodPost, Path: "/hidden", Hidden: true}, empty)
	huma.Register(r.api, huma.Operation{OperationID: "hidden", Method: http.MethodPost, Path: "/hidden", Hidden: true},
		func(context.Context, *guardedInput[roleGuard]) (*struct{}, error) { return nil, nil })
	huma.Post(r.api, "/default", empty)
	huma.Register(r.api, huma.Operation{
		OperationID: "wrapped", Method: http.MethodPost, Path: "/wrapped", Security: []map[string][]string{{"sessionCookie": {}}, {"wrapped": {}}},
	}, empty)
	for _, tt := range []struct {
		path, key string
		want      int
	}{
		{"/group/plain", "ada", 403},
		{"/group/plain", "ada:admin", 204},
		{"/group/hidden", "ada", 403},
		{"/group/hidden", "ada:admin", 204},
		{"/hidden", "ada", 403},
		{"/hidden", "ada:admin", 204},
		{"/default", "ada", 204},
		{"/default", "", 401},
		{"/default", "forged", 401},
		{"/wrapped", "", 401},
	} {
		w := r.client().Do(http.MethodPost, tt.path, nil, withKey(tt.key))
		if w.Code != tt.want {
			t.Errorf("%s with key %q: got %d, want %d: %s", tt.path, tt.key, w.Code, tt.want, w.Body)
		}
	}
}

// TestCredentialBesideSessionWithoutRole sends a password beside a session that lacks the
// role that only Security asks for.
func TestCredentialBesideSessionWithoutRole(t *testing.T) {
	t.Parallel()
	r := quietRig(t)
	registerUser(r, "/role", map[string][]string{"sessionCookie": {"admin"}}, map[string][]string{"basic": {}})
	if w := r.signedIn(account{ID: "bob"}).Do(http.MethodPost, "/role", nil, withBasic("carol")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "carol") {
		t.Errorf("got %d %s, want carol, who was admitted", w.Code, w.Body)
	}
	admin := r.signedIn(account{ID: "bob", Roles: []string{"admin"}})
	if w := admin.Do(http.MethodPost, "/role", nil, withBasic("carol")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "bob") {
		t.Errorf("got %d %s, want bob, whose session suffices", w.Code, w.Body)
	}
}
