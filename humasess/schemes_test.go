package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores/memory"
)

// keyHeader is the header of the API keys of these tests. The key of a user is the
// user's ID, and roles follow after a colon.
const keyHeader = "X-Key"

// keyRig is a rig that accepts API keys wherever a session is enough. The API lists them
// in its document.
func keyRig(t *testing.T, edits ...func(*humasess.Options[account])) *rig[account] {
	t.Helper()
	opts := accountOptions()
	opts.Schemes = map[string]func(huma.Context, []string) (account, error){"apiKey": userOfKey}
	opts.AcceptSchemes = []string{"apiKey"}
	for _, edit := range edits {
		edit(&opts)
	}
	config := huma.DefaultConfig("Test", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey": {Type: "apiKey", In: "header", Name: keyHeader},
		"basic":  {Type: "http", Scheme: "basic"},
		"query":  {Type: "apiKey", In: "query", Name: "key"},
	}
	return newRigOn(t, opts, memory.New(nil), config)
}

func userOfKey(ctx huma.Context, _ []string) (account, error) {
	switch key := ctx.Header(keyHeader); key {
	case "":
		return account{}, humasess.ErrNoSession
	case "forged":
		return account{}, errors.New("no such key")
	case "down":
		return account{}, huma.Error503ServiceUnavailable("keys are unavailable")
	case "late":
		return account{}, fmt.Errorf("look up the key: %w", context.DeadlineExceeded)
	case "nobody":
		return account{}, nil
	default:
		id, roles, _ := strings.Cut(key, ":")
		return account{ID: id, Roles: strings.FieldsFunc(roles, func(r rune) bool { return r == ',' })}, nil
	}
}

func withKey(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(keyHeader, key) }
}

type roleGuard struct{}

func (roleGuard) Roles() []string { return []string{"admin"} }

type freshGuard struct{}

func (freshGuard) Fresh() time.Duration { return time.Hour }

type methodGuard struct{}

func (methodGuard) Methods() []string { return []string{"pwd"} }

type checkGuard struct{}

func (checkGuard) Check(_ huma.Context, a account) error {
	if a.ID != "ada" {
		return errors.New("not ada")
	}
	return nil
}

// TestSchemesBringTheirUser sends API keys through the doors of a session.
func TestSchemesBringTheirUser(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	done := func(context.Context, *humasess.Session[account]) error { return nil }
	guarded[roleGuard](r.api, http.MethodPost, "/role", done)
	guarded[checkGuard](r.api, http.MethodPost, "/check", done)
	huma.Register(r.api, huma.Operation{OperationID: "fresh", Method: http.MethodPost, Path: "/fresh", Security: []map[string][]string{{"sessionCookie": {}}, {"apiKey": {}}}},
		func(context.Context, *guardedInput[freshGuard]) (*struct{}, error) { return nil, nil })
	huma.Register(r.api, huma.Operation{OperationID: "method", Method: http.MethodPost, Path: "/method", Security: []map[string][]string{{"sessionCookie": {}}, {"apiKey": {}}}},
		func(context.Context, *guardedInput[methodGuard]) (*struct{}, error) { return nil, nil })
	huma.Post(r.api, "/protected", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, r.sessions.Require("admin"))
	for _, tt := range []struct {
		path, key string
		want      int
	}{
		{"/role", "ada", 403},
		{"/role", "ada:admin", 204},
		{"/role", "nobody", 401},
		{"/role", "forged", 401},
		{"/role", "down", 503},
		{"/check", "ada", 204},
		{"/check", "bob", 403},
		{"/fresh", "ada:admin", 403},
		{"/method", "ada:admin", 403},
		{"/protected", "ada", 403},
		{"/protected", "ada:admin", 204},
	} {
		w := r.client().Do(http.MethodPost, tt.path, nil, withKey(tt.key))
		if w.Code != tt.want {
			t.Errorf("%s with key %q: got %d, want %d: %s", tt.path, tt.key, w.Code, tt.want, w.Body)
		}
		if got := w.Header().Get("Vary"); !strings.Contains(got, keyHeader) || !strings.Contains(got, "Cookie") {
			t.Errorf("%s: got Vary %q, want both credentials", tt.path, got)
		}
	}
	w := r.requiredCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
		u, ok := s.Get()
		u.Roles[0] = "changed"
		if again, _ := s.Get(); !ok || again.ID != "ada" || again.Roles[0] != "admin" {
			t.Errorf("Get: got %+v and %v, want ada, an admin", again, ok)
		}
		if from, ok := humasess.From[account](ctx); !ok || !from.Active() {
			t.Errorf("From: got no active session")
		}
		if s.ID() != "" || s.Carrier() != "apiKey" || !s.CreatedAt().IsZero() || !s.ExpiresAt().IsZero() || !s.Deadline().IsZero() || !s.Authentication().Time.IsZero() {
			t.Errorf("got ID %q, carrier %q and times of a session", s.ID(), s.Carrier())
		}
		_, errList := s.List(ctx)
		_, errOthers := s.RevokeOthers(ctx)
		_, errToken := s.CSRFToken()
		for name, err := range map[string]error{
			"Update": s.Update(func(a *account) error { a.N++; return nil }), "Destroy": s.Destroy(), "Renew": s.Renew(),
			"Remember": s.Remember(true), "SetTTL": s.SetTTL(time.Hour), "Reauthenticated": s.Reauthenticated("pwd"),
			"List": errList, "RevokeOthers": errOthers, "CSRFToken": errToken,
		} {
			if !errors.Is(err, humasess.ErrNoSession) {
				t.Errorf("%s: got %v, want ErrNoSession", name, err)
			}
		}
		return nil
	}, withKey("ada:admin"))
	wantStatus(t, w, http.StatusNoContent)
	if got := w.Header(); got.Get("Cache-Control") != "no-store" || got["Set-Cookie"] != nil {
		t.Errorf("got headers %v, want an answer that is not stored, and no cookie", got)
	}
	if got := r.store.Total(); got != 0 {
		t.Errorf("got %d calls of the store, want none", got)
	}
}

// TestSchemeDecidesAlone sends a key beside a cookie of another user.
func TestSchemeDecidesAlone(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	bob := r.signedIn(account{ID: "bob"})
	user := func(want string) handler[account] {
		return func(_ context.Context, s *humasess.Session[account]) error {
			if u, _ := s.Get(); u.ID != want {
				t.Errorf("got user %q, want %q", u.ID, want)
			}
			return nil
		}
	}
	wantStatus(t, r.requiredCall(bob, user("ada"), withKey("ada")), http.StatusNoContent)
	wantStatus(t, r.requiredCall(bob, user("bob")), http.StatusNoContent)
	wantStatus(t, r.requiredCall(bob, nil, withKey("forged")), http.StatusUnauthorized)
	wantStatus(t, r.call(bob, user("ada"), withKey("ada")), http.StatusNoContent)
	wantStatus(t, r.call(bob, user(""), withKey("forged")), http.StatusNoContent)
	wantStatus(t, r.call(bob, nil, withKey("down")), http.StatusServiceUnavailable)
	// A page elsewhere sends cookies, and some credentials of other kinds.
	crossSite := func(req *http.Request) { req.Header.Set("Sec-Fetch-Site", "cross-site") }
	wantStatus(t, r.requiredCall(bob, nil, withKey("ada"), crossSite), http.StatusForbidden)
	// Start begins a session of its own.
	w := r.call(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
		u, _ := s.Get()
		return s.Start(u)
	}, withKey("ada"))
	wantStatus(t, w, http.StatusNoContent)
	if w.Header().Get("Set-Cookie") == "" {
		t.Error("Start: got no cookie")
	}
	// Login operations take no keys.
	wantStatus(t, r.loginCall(r.client(), user(""), withKey("ada")), http.StatusNoContent)
}

// TestDoneOfCredential waits for a minute in a request with a key.
func TestDoneOfCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := keyRig(t)
		var done <-chan struct{}
		over := func() bool {
			time.Sleep(time.Minute) // of the bubble's clock
			select {
			case <-done:
				return true
			default:
				return false
			}
		}
		wantStatus(t, r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
			if done = s.Done(); over() {
				t.Error("Done is closed while the request runs")
			}
			return nil
		}, withKey("ada")), http.StatusNoContent)
		if !over() {
			t.Error("Done is open after the request")
		}
	})
}

// TestSchemeErrors counts the calls of a check, and lists what would help a client.
func TestSchemeErrors(t *testing.T) {
	t.Parallel()
	calls := 0
	r := keyRig(t, func(o *humasess.Options[account]) {
		o.Bearer = &humasess.BearerOptions{}
		o.Schemes["basic"] = func(ctx huma.Context, scopes []string) (account, error) {
			calls++
			if ctx.Header("Authorization") == "Basic good" {
				return account{ID: "carol"}, nil
			}
			return account{}, humasess.ErrNoSession
		}
	})
	huma.Register(r.api, huma.Operation{
		OperationID: "any", Method: http.MethodPost, Path: "/any",
		Security: []map[string][]string{{"sessionCookie": {"admin"}}, {"basic": {}}, {"basic": {}, "apiKey": {}}},
	}, func(context.Context, *requiredInput) (*struct{}, error) { return nil, nil })
	w := r.client().Do(http.MethodPost, "/any", nil)
	wantStatus(t, w, http.StatusUnauthorized)
	if got, want := w.Header()["Www-Authenticate"], []string{`Cookie realm="session"`, `Bearer realm="session"`, `Basic realm="api"`, "apiKey"}; !slices.Equal(got, want) {
		t.Errorf("got challenges %q, want %q", got, want)
	}
	if calls != 1 {
		t.Errorf("got %d calls of the check, want 1", calls)
	}
	// Browsers send Basic to the edge of a site by themselves, so the cookie counts beside it.
	admin := r.signedIn(account{ID: "bob", Roles: []string{"admin"}})
	for _, value := range []string{"Basic good", "Basic edge"} {
		basic := func(req *http.Request) { req.Header.Set("Authorization", value) }
		wantStatus(t, admin.Do(http.MethodPost, "/any", nil, basic), http.StatusNoContent)
	}
	wantStatus(t, r.client().Do(http.MethodPost, "/any", nil, func(req *http.Request) { req.Header.Set("Authorization", "Basic good") }), http.StatusNoContent)
	// Beside a token of ours no other credential counts.
	wantStatus(t, r.requiredCall(r.client(), nil, withToken("hs_dead"), withKey("ada")), http.StatusUnauthorized)
}

// TestSchemeLate has a database of keys that does not answer in time. The key may be good,
// so the client must not drop it.
func TestSchemeLate(t *testing.T) {
	t.Parallel()
	var rejected atomic.Int32
	r := keyRig(t, func(o *humasess.Options[account]) {
		o.OnEvent = func(_ context.Context, e events.Event) {
			if e.Kind == events.Rejected {
				rejected.Add(1)
			}
		}
	})
	for _, call := range []func() *httptest.ResponseRecorder{
		func() *httptest.ResponseRecorder { return r.requiredCall(r.client(), nil, withKey("late")) },
		func() *httptest.ResponseRecorder {
			return r.requiredCall(r.signedIn(account{ID: "bob"}), nil, withKey("late"))
		},
	} {
		w := call()
		wantStatus(t, w, http.StatusServiceUnavailable)
		if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "urn:humasess:problem:unavailable") {
			t.Errorf("got %v %s, want a problem of the type unavailable that may be tried again", w.Header(), w.Body)
		}
	}
	if n := rejected.Load(); n != 0 {
		t.Errorf("got %d events of rejected credentials, want none", n)
	}
}

// TestOnlySession sends a key to operations that change a session.
func TestOnlySession(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	end := func(_ context.Context, in *sessionInput) (*struct{}, error) { return nil, in.Session.Destroy() }
	huma.Post(r.api, "/end", end, humasess.OnlySession)
	huma.Post(r.api, "/only", func(context.Context, *requiredInput) (*struct{}, error) { return nil, nil }, humasess.OnlySession)
	group := huma.NewGroup(r.api, "/group")
	group.UseSimpleModifier(humasess.OnlySession)
	huma.Post(group, "/only", func(context.Context, *requiredInput) (*struct{}, error) { return nil, nil })
	for path, want := range map[string]int{"/end": 204, "/only": 401, "/group/only": 401} {
		wantStatus(t, r.client().Do(http.MethodPost, path, nil, withKey("ada")), want)
		wantStatus(t, r.signedIn(account{ID: "bob"}).Do(http.MethodPost, path, nil, withKey("ada")), http.StatusNoContent)
		for _, alternative := range r.api.OpenAPI().Paths[path].Post.Security {
			if _, named := alternative["apiKey"]; named {
				t.Errorf("%s: the document offers the key", path)
			}
		}
	}
}

// TestSchemeWithoutDescription names a scheme that the document lacks. The library would
// not know its header.
func TestSchemeWithoutDescription(t *testing.T) {
	t.Parallel()
	r := keyRig(t, func(o *humasess.Options[account]) { o.Schemes["certificate"] = userOfKey })
	defer func() {
		if got, want := fmt.Sprint(recover()), `scheme "certificate"`; !strings.Contains(got, want) || !strings.Contains(got, "components.securitySchemes") {
			t.Errorf("got panic %q, want one with %q and components.securitySchemes", got, want)
		}
	}()
	huma.Register(r.api, huma.Operation{
		OperationID: "any", Method: http.MethodPost, Path: "/any", Security: []map[string][]string{{"sessionCookie": {}}, {"certificate": {}}},
	}, func(context.Context, *requiredInput) (*struct{}, error) { return nil, nil })
}

// TestRefusedCredentialIsReported sends keys that open nothing. Only operators learn why.
func TestRefusedCredentialIsReported(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	for _, tt := range []struct {
		key  string
		want int
		kind []string // of the events, with their reasons
		log  string   // an error
	}{
		{"forged", 401, []string{"rejected/credential: no such key", "challenged/credential: <nil>"}, ""},
		{"nobody", 401, []string{"challenged/absent: <nil>"}, "neither an error nor a user"},
		{"down", 503, nil, ""},
		{"", 401, []string{"challenged/absent: <nil>"}, ""},
		{"ada", 204, nil, ""},
	} {
		r.events.take()
		before := r.log.String()
		wantStatus(t, r.requiredCall(r.client(), nothing[account], withKey(tt.key)), tt.want)
		var got []string
		for _, e := range r.events.take() {
			got = append(got, fmt.Sprintf("%s/%s: %v", e.Kind, e.Reason, e.Err))
		}
		if !slices.Equal(got, tt.kind) {
			t.Errorf("key %q: got events %q, want %q", tt.key, got, tt.kind)
		}
		log := strings.TrimPrefix(r.log.String(), before)
		if !strings.Contains(log, tt.log) || tt.log == "" && strings.Contains(log, "ERROR") {
			t.Errorf("key %q: got log %q, want %q", tt.key, log, tt.log)
		}
	}
}

// TestAcceptSchemesRefused names a scheme that nothing checks.
func TestAcceptSchemesRefused(t *testing.T) {
	t.Parallel()
	opts := accountOptions()
	opts.AcceptSchemes = []string{"unknown"}
	if _, err := humasess.New(memory.New(nil), &opts); err == nil || !strings.Contains(err.Error(), `"unknown"`) {
		t.Errorf("got %v, want an error", err)
	}
}

// TestKeysProveNothing sends a key to an operation that asks for a recent proof.
func TestKeysProveNothing(t *testing.T) {
	t.Parallel()
	r := keyRig(t)
	guarded[freshGuard](r.api, http.MethodPost, "/fresh", func(context.Context, *humasess.Session[account]) error { return nil })
	huma.Post(r.api, "/recent", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, r.sessions.RequireFresh(time.Hour))
	for _, path := range []string{"/fresh", "/recent"} {
		wantStatus(t, r.client().Do(http.MethodPost, path, nil, withKey("ada")), http.StatusUnauthorized)
		for _, alternative := range r.api.OpenAPI().Paths[path].Post.Security {
			if _, named := alternative["apiKey"]; named {
				t.Errorf("%s: the document names the key", path)
			}
		}
	}
}
