package docs_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin data
type User struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

func newSessions(api huma.API) (*humasess.Manager[User], error) {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },      // the same for all sessions of one user
		Roles:    func(u User) []string { return u.Roles }, // role requirements are checked against these
	})
	if err != nil {
		return nil, err
	}
	return sessions, sessions.Attach(api) // before the first operation
}

// docs: end

// docs: begin inputs
type (
	HomeInput  struct{ humasess.Session[User] } // with or without a session
	LoginInput struct {
		humasess.Login[User] // public; its job is to start a session

		Body struct{ Name, Password string }
	}
	MeInput    struct{ humasess.Required[User] }       // 401 unless a user is signed in
	AdminInput struct{ humasess.Guarded[User, Admin] } // and 403 unless Admin lets it pass
)

type Admin struct{}

func (Admin) Roles() []string { return []string{"admin"} }

// docs: end

// docs: begin check
type Member struct{}

func (Member) Check(ctx huma.Context, u User) error {
	ok, err := isMember(ctx.Context(), u.ID, ctx.Param("team"))
	switch {
	case err != nil:
		return huma.Error503ServiceUnavailable("try again")
	case !ok:
		return huma.Error403Forbidden("not in this team")
	}
	return nil
}

// docs: end

// isMember stands for a database that fails for one team.
func isMember(_ context.Context, user, team string) (bool, error) {
	if team == "broken" {
		return false, errors.New("the database is down")
	}
	return user == "ada" && team == "engines", nil
}

func authenticate(_ context.Context, name, password string) (User, error) {
	roles := map[string][]string{"ada engine": {"admin"}, "grace compiler": {}}
	if r, ok := roles[name+" "+password]; ok {
		return User{ID: name, Roles: r}, nil
	}
	return User{}, errors.New("unknown")
}

func timeLeft(_ context.Context, in *MeInput) (*struct{ Body time.Duration }, error) {
	return &struct{ Body time.Duration }{time.Until(in.Session.ExpiresAt())}, nil
}

func registerMe(api huma.API) {
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*struct{ Body User }, error) {
		return &struct{ Body User }{in.Value()}, nil
	})
}

// newAPI is a program of the blocks that docs/guide.md shows.
func newAPI(t *testing.T) (huma.API, *humasess.Manager[User]) {
	t.Helper()
	// docs: begin chi
	router := chi.NewRouter()
	api := humachi.New(router, huma.DefaultConfig("API", "1.0.0"))
	sessions, err := newSessions(api)
	// docs: end
	if err != nil {
		t.Fatal(err)
	}
	preferences, err := humasess.New(memory.New(nil), &humasess.Options[map[string]string]{SchemeName: "preferences", Cookie: humasess.CookieOptions{Name: "__Host-preferences"}})
	if err != nil || preferences.Attach(api) != nil {
		t.Fatal(err)
	}
	// docs: begin signing
	huma.Post(api, "/login", func(ctx context.Context, in *LoginInput) (*struct{}, error) {
		user, err := authenticate(ctx, in.Body.Name, in.Body.Password)
		if err != nil {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(user)
	})
	huma.Post(api, "/logout", func(ctx context.Context, in *HomeInput) (*struct{}, error) {
		return nil, in.Session.Destroy() // Session, not Required, because logging out twice is not an error
	})
	huma.Post(api, "/password", func(ctx context.Context, in *MeInput) (*struct{}, error) {
		_, err := in.Session.RevokeOthers(ctx) // this one goes on, with a new token
		return nil, err
	}, humasess.Renews) // the document lists the headers with the new token
	// docs: end
	huma.Post(api, "/editor", func(_ context.Context, in *MeInput) (*struct{ Body User }, error) {
		// docs: begin update
		err := in.Session.Update(func(u *User) error {
			u.Roles = append(u.Roles, "editor")
			return nil
		})
		// docs: end
		return &struct{ Body User }{in.Value()}, err
	})
	// docs: begin time-left
	huma.Get(api, "/time-left", timeLeft, humasess.NoTouch)
	// docs: end
	registerMe(api)
	huma.Get(api, "/settings", func(context.Context, *AdminInput) (*struct{}, error) { return &struct{}{}, nil })
	huma.Get(api, "/teams/{team}", func(context.Context, *struct {
		humasess.Guarded[User, Member]
		Team string `path:"team"`
	}) (*struct{}, error) {
		return &struct{}{}, nil
	})
	func() {
		// docs: begin group
		admin := huma.NewGroup(api, "/admin")
		admin.UseSimpleModifier(sessions.Require("admin"))
		huma.Get(admin, "/report", func(ctx context.Context, in *struct{}) (*struct{}, error) {
			if s, ok := humasess.From[User](ctx); ok {
				slog.Info("report", "session", s) // logs the public ID
			}
			return nil, nil
		})
		// docs: end
	}()
	// docs: begin keys
	type PreferencesInput struct {
		humasess.Session[map[string]string]
	}

	huma.Put(api, "/dark", func(_ context.Context, in *PreferencesInput) (*struct{}, error) {
		if theme, ok := humasess.GetKey(&in.Session, "theme"); ok && theme == "dark" {
			return nil, nil
		}
		return nil, humasess.SetKey(&in.Session, "theme", "dark")
	})
	// docs: end
	return api, sessions
}

// TestProtect runs the block of docs/guide.md about a protected group.
func TestProtect(t *testing.T) {
	api := humachi.New(chi.NewRouter(), huma.DefaultConfig("API", "1.0.0"))
	sessions, err := newSessions(api)
	if err != nil {
		t.Fatal(err)
	}
	// docs: begin protect
	admin := huma.NewGroup(api, "/admin")
	sessions.Protect(admin, "admin") // before the group's operations
	// docs: end
	huma.Register(admin, huma.Operation{Method: http.MethodGet, Path: "/report", Hidden: true},
		func(context.Context, *struct{}) (*struct{}, error) { return &struct{}{}, nil })
	client := humasesstest.NewClient(api.Adapter())
	for _, tt := range []struct {
		user *User
		want int
	}{{nil, http.StatusUnauthorized}, {&User{ID: "grace"}, http.StatusForbidden}, {&User{ID: "ada", Roles: []string{"admin"}}, http.StatusNoContent}} {
		if tt.user != nil {
			client.SetCookie(humasesstest.Login(t, sessions, *tt.user))
		}
		if got := client.Do("GET", "/admin/report", nil).Code; got != tt.want {
			t.Errorf("user %v: got %d, want %d", tt.user, got, tt.want)
		}
	}
}

// TestGuide runs the blocks of docs/guide.md.
func TestGuide(t *testing.T) {
	logger := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(logger) })
	api, _ := newAPI(t)
	ada, grace, phone := humasesstest.NewClient(api.Adapter()), humasesstest.NewClient(api.Adapter()), humasesstest.NewClient(api.Adapter())
	want := func(client *humasesstest.Client, method, path string, body any, code int) {
		t.Helper()
		if got := client.Do(method, path, body); got.Code != code {
			t.Errorf("%s %s: got %d %s, want %d", method, path, got.Code, got.Body, code)
		}
	}
	name := func(name, password string) any { return map[string]string{"Name": name, "Password": password} }
	want(ada, "GET", "/time-left", nil, http.StatusUnauthorized)
	want(ada, "POST", "/login", name("ada", "wrong"), http.StatusUnauthorized)
	want(ada, "POST", "/login", name("ada", "engine"), http.StatusNoContent)
	want(phone, "POST", "/login", name("ada", "engine"), http.StatusNoContent)
	want(grace, "POST", "/login", name("grace", "compiler"), http.StatusNoContent)
	want(ada, "GET", "/time-left", nil, http.StatusOK)
	for _, path := range []string{"/settings", "/admin/report", "/teams/engines"} {
		want(ada, "GET", path, nil, http.StatusNoContent)
		want(grace, "GET", path, nil, http.StatusForbidden)
	}
	want(ada, "GET", "/teams/broken", nil, http.StatusServiceUnavailable)
	if got := grace.Do("POST", "/editor", nil).Body.String(); got != `{"$schema":"https://example.com/schemas/User.json","id":"grace","roles":["editor"]}`+"\n" {
		t.Errorf("got %s, want the new role", got)
	}
	for range 2 {
		want(ada, "PUT", "/dark", nil, http.StatusNoContent)
	}
	if ada.Cookie("__Host-preferences") == "" {
		t.Error("got no cookie, want that of the preferences")
	}
	want(ada, "POST", "/password", nil, http.StatusNoContent)
	want(phone, "GET", "/time-left", nil, http.StatusUnauthorized)
	for range 2 {
		want(ada, "POST", "/logout", nil, http.StatusNoContent)
		want(ada, "GET", "/time-left", nil, http.StatusUnauthorized)
	}
}
