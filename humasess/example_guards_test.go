package humasess_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// Project has an owner, and members that may read it.
type Project struct {
	Title   string
	Owner   string
	Members []string
}

// ProjectOutput has the title of a project.
type ProjectOutput struct {
	Body struct {
		Title string `json:"title"`
	}
}

// projectOf stands for a query: the project, if the user may read it.
func projectOf(_ context.Context, id, user string) (*Project, bool) {
	if id != "engine" || user != "ada" && user != "grace" {
		return nil, false
	}
	return &Project{Title: "Analytical Engine", Owner: "ada", Members: []string{"ada", "grace"}}, true
}

// docs: begin input

// ProjectInput requires a user, and hands the project of the path to the handler.
type ProjectInput struct {
	humasess.Required[Member]
	ID string `path:"project"`

	project *Project // nil until Resolve has run, so that a handler cannot use another one
}

// Resolve is called by huma when the session and the parameters are there.
func (in *ProjectInput) Resolve(ctx huma.Context) []error {
	project, ok := projectOf(ctx.Context(), in.ID, in.Value().ID)
	if !ok {
		return []error{huma.Error404NotFound("there is no such project")}
	}
	in.project = project
	return nil
}

// OwnerInput is a ProjectInput of the project's owner.
type OwnerInput struct{ ProjectInput }

// Resolve hides the one of ProjectInput, so it calls that first.
func (in *OwnerInput) Resolve(ctx huma.Context) []error {
	if errs := in.ProjectInput.Resolve(ctx); len(errs) > 0 {
		return errs
	}
	if in.project.Owner != in.Value().ID {
		return []error{huma.Error403Forbidden("only the owner may do this")}
	}
	return nil
}

// docs: end

// An input of the program's own loads a value and hands it to the handler.
func ExampleRequired_resolve() {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{Identity: func(m Member) string { return m.ID }})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Projects", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *SignInInput) (*struct{}, error) {
		return nil, in.Session.Start(in.Body)
	})

	// docs: begin operations
	huma.Get(api, "/projects/{project}", func(_ context.Context, in *ProjectInput) (*ProjectOutput, error) {
		out := &ProjectOutput{}
		out.Body.Title = in.project.Title
		return out, nil
	})
	huma.Delete(api, "/projects/{project}", func(ctx context.Context, in *OwnerInput) (*struct{}, error) {
		return nil, archive(ctx, in.project)
	})
	// docs: end

	for _, name := range []string{"", "eve", "grace", "ada"} {
		client := humasesstest.NewClient(mux)
		if name != "" {
			client.Do(http.MethodPost, "/login", Member{ID: name, Roles: []string{}})
		}
		read := client.Do(http.MethodGet, "/projects/engine", nil)
		unknown := client.Do(http.MethodGet, "/projects/loom", nil)
		deleted := client.Do(http.MethodDelete, "/projects/engine", nil)
		fmt.Printf("%q: %d %d %d %q\n", name, read.Code, unknown.Code, deleted.Code, titleOf(read))
	}
	// Output:
	// "": 401 401 401 ""
	// "eve": 404 404 404 ""
	// "grace": 200 404 403 "Analytical Engine"
	// "ada": 200 404 204 "Analytical Engine"
}

func archive(context.Context, *Project) error { return nil }

func titleOf(w *httptest.ResponseRecorder) string {
	if w.Code != http.StatusOK {
		return ""
	}
	var out struct{ Title string }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		panic(err)
	}
	return out.Title
}
