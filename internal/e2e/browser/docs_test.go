//go:build sdk

package browser_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

var pictures = flag.Bool("pictures", false, "rewrite the screenshots in docs")

// User is the data of a session on a docs page.
type User struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

// LoginInput is the form on a docs page, filled in as the page suggests.
type LoginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" example:"ada"`
		Password string `json:"password" example:"engine"`
	}
}

// TokenOutput is shown on a docs page, and a person copies the token.
type TokenOutput struct{ Body humasess.BearerToken }

// step is an operation to run, by huma's names for it, and its expected result.
type step struct {
	method, path, id, title string
	n                       int // of its requests
	status                  int
	first                   bool // of all steps
}

// steps are the actions of a person on the page.
var steps = []step{
	{http.MethodPost, "/login", "post-login", "Post login", 1, http.StatusNoContent, true},
	{http.MethodGet, "/me", "get-me", "Get me", 1, http.StatusOK, false},
	{http.MethodPost, "/logout", "post-logout", "Post logout", 1, http.StatusNoContent, false},
	{http.MethodGet, "/me", "get-me", "Get me", 2, http.StatusUnauthorized, false},
}

// docsPages are the renderers of huma.
var docsPages = []struct {
	renderer, picture string

	// run runs an operation like a person, with the values that the page
	// suggests. It returns when the page shows a response of that status.
	run func(*browser.Page, step)
}{
	{huma.DocsRendererStoplightElements, "elements.png", func(p *browser.Page, s step) {
		p.Click(fmt.Sprintf(`a[href="#/operations/%s"]`, s.id))
		p.Text(fmt.Sprintf(`//h1[.=%q]`, s.title))
		p.Click(`//button[.="Send API Request"]`)
		p.WaitText(fmt.Sprintf("%d %s", s.status, http.StatusText(s.status)))
	}},
	{huma.DocsRendererScalar, "scalar.png", func(p *browser.Page, s step) {
		if !s.first { // the window of the step before
			p.Click(`(//button[contains(@class, "app-exit-button")])[last()]`)
		}
		p.Click(fmt.Sprintf(`//button[contains(@class, "show-api-client-button")][contains(., "%s)")]`, s.path))
		p.Click(`//button[.//span[.="Send"]]`)
		p.Text(fmt.Sprintf(`//a[contains(@href, "/Status/%d")]`, s.status))
	}},
	{huma.DocsRendererSwaggerUI, "swagger-ui.png", func(p *browser.Page, s step) {
		block := "operations-default-" + s.id
		if s.n == 1 {
			p.Click("#" + block + " .opblock-summary-control")
			p.Click("#" + block + " .try-out__btn")
		}
		p.Click("#" + block + " .execute")
		cell := fmt.Sprintf(`//*[@id=%q]//*[contains(@class, "live-responses-table")]//td[starts-with(., "%d")]`, block, s.status)
		p.Text(cell)
		p.Click(cell) // scrolls there
	}},
}

// newDocs serves an API whose document a renderer shows.
func newDocs(t *testing.T, renderer string, opts *humasess.Options[User]) *app {
	t.Helper()
	sessions, err := humasess.New(memory.New(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	config := huma.DefaultConfig("Shop", "1.0.0")
	config.DocsRenderer = renderer
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	user := func(in *LoginInput) (User, error) {
		if in.Body.Name != "ada" || in.Body.Password != "engine" {
			return User{}, huma.Error401Unauthorized("wrong name or password")
		}
		return User{ID: in.Body.Name, Roles: []string{"admin"}}, nil
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		u, err := user(in)
		if err != nil {
			return nil, err
		}
		return nil, in.Session.Start(u)
	})
	if opts != nil && opts.Bearer != nil {
		huma.Post(api, "/token", func(_ context.Context, in *LoginInput) (*TokenOutput, error) {
			u, err := user(in)
			if err != nil {
				return nil, err
			}
			token, err := in.Session.StartBearer(u)
			return &TokenOutput{Body: token}, err
		})
	}
	huma.Get(api, "/me", func(_ context.Context, in *struct{ humasess.Required[User] }) (*struct{ Body User }, error) {
		return &struct{ Body User }{in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Session[User] }) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	a := &app{t: t}
	a.origin = browser.Serve(t, appHost, a.recorded(mux))
	return a
}

// TestDocsPages signs in and out on huma's docs pages.
func TestDocsPages(t *testing.T) {
	files := newNPM(t)
	for _, page := range docsPages {
		t.Run(page.renderer, func(t *testing.T) {
			a := newDocs(t, page.renderer, nil)
			p := browser.New(t).Tab()
			p.Answer(cdn, files.get)
			if got := p.Go(a.origin + "/docs"); got != http.StatusOK {
				t.Fatalf("got %d, want 200", got)
			}
			for _, s := range steps {
				page.run(p, s)
				if got := a.answered(s.method, s.path, s.n); got.status != s.status {
					t.Errorf("%s: got %d, want %d", s.path, got.status, s.status)
				}
				if s.status != http.StatusOK || !*pictures {
					continue
				}
				if err := os.WriteFile(filepath.Join("..", "..", "..", "docs", page.picture), p.Screenshot(), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestDocsFiles shows that the browser compares the hashes. Otherwise the test
// above would run on other files than huma's.
func TestDocsFiles(t *testing.T) {
	files := newNPM(t)
	for _, tt := range []struct {
		name, suffix string
		runs         bool
	}{
		{"the files that huma means", "", true},
		{"other files", "\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newDocs(t, huma.DocsRendererStoplightElements, nil)
			p := browser.New(t).Tab()
			p.Answer(cdn, func(url string) (string, []byte, error) {
				contentType, body, err := files.get(url)
				return contentType, append(slices.Clip(body), tt.suffix...), err
			})
			p.Go(a.origin + "/docs")
			if got := browser.Eval[bool](p, `customElements.get("elements-api") !== undefined`); got != tt.runs {
				t.Errorf("got a page that runs: %v, want %v", got, tt.runs)
			}
		})
	}
}
