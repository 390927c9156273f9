package moving_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// The code of docs/rocket-flex-session.md.

// docs: begin type

type Person struct {
	ID     string   `json:"id"`
	Roles  []string `json:"roles"`
	Visits int      `json:"visits"`
}

func newSessions(api huma.API) (*humasess.Manager[Person], error) {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Person]{
		Identity: func(p Person) string { return p.ID },
		Roles:    func(p Person) []string { return p.Roles },
	})
	if err != nil {
		return nil, err
	}
	return sessions, sessions.Attach(api)
}

// docs: end

// docs: begin guard

type Admin struct{}

func (Admin) Roles() []string { return []string{"admin"} }

type (
	HomeInput   struct{ humasess.Session[Person] }  // with or without a session
	MeInput     struct{ humasess.Required[Person] } // or 401
	ReportInput struct {
		humasess.Guarded[Person, Admin]
	} // or 403
	LoginInput struct{ humasess.Login[Person] }
)

// docs: end

type (
	textOutput  struct{ Body string }
	endedOutput struct{ Body int }
	themeInput  struct {
		humasess.Session[map[string]string]
	}
)

func registerPeople(api huma.API) {
	ada := Person{ID: "ada", Roles: []string{"admin"}}
	// docs: begin session
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		return nil, in.Session.Start(ada)
	})
	huma.Post(api, "/visit", func(_ context.Context, in *MeInput) (*struct{}, error) {
		return nil, in.Session.Update(func(p *Person) error { p.Visits++; return nil })
	})
	huma.Post(api, "/logout", func(_ context.Context, in *HomeInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	// docs: end
	huma.Get(api, "/report", func(_ context.Context, in *ReportInput) (*textOutput, error) {
		return &textOutput{Body: in.Value().ID}, nil
	})
	// docs: begin others
	huma.Post(api, "/password", func(ctx context.Context, in *MeInput) (*endedOutput, error) {
		n, err := in.Session.RevokeOthers(ctx) // this one goes on, with a new token
		return &endedOutput{Body: n}, err
	}, humasess.Renews)
	// docs: end
}

// TestRocketAPI runs the program of the page.
func TestRocketAPI(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("API", "1.0.0"))
	if _, err := newSessions(api); err != nil {
		t.Fatal(err)
	}
	registerPeople(api)
	themes, err := humasess.New(memory.New(nil), &humasess.Options[map[string]string]{
		SchemeName: "themes", Cookie: humasess.CookieOptions{Name: "__Host-theme"},
	})
	if err != nil {
		t.Fatal(err)
	}
	themeMux := http.NewServeMux() // Attach comes before the first operation, so this manager has an API of its own
	mux.Handle("/theme", themeMux)
	api = humago.New(themeMux, huma.DefaultConfig("Themes", "1.0.0"))
	if err := themes.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/theme", func(_ context.Context, in *themeInput) (*textOutput, error) {
		// docs: begin map
		err := humasess.SetKey(&in.Session, "theme", "dark")
		theme, _ := humasess.GetKey(&in.Session, "theme")
		// docs: end
		return &textOutput{Body: theme}, err
	})
	c := humasesstest.NewClient(mux)
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{get, "/report", 401}, {post, "/login", 204}, {post, "/visit", 204}, {get, "/report", 200},
		{post, "/password", 200}, {post, "/theme", 200}, {post, "/logout", 204}, {get, "/report", 401},
	} {
		if w := c.Do(tt.method, tt.path, nil); w.Code != tt.want {
			t.Errorf("%s %s: got %d %s, want %d", tt.method, tt.path, w.Code, w.Body, tt.want)
		}
	}
}
