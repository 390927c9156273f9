package humasess_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// resolvedBy lists the types whose Resolve has run in a request.
type resolvedBy struct{ names []string }

// The layers of a program. Each loads something and hands it on.
type (
	Layer struct {
		humasess.Guarded[account, roleGuard]
		resolvedBy
	}
	LayerOnLayer struct{ Layer }
	Deep         struct{ Layer }
	Beside       struct{ resolvedBeside bool }
)

func (l *Layer) Resolve(huma.Context) []error {
	l.names = append(l.names, "layer of "+l.Value().ID)
	return nil
}

func (l *LayerOnLayer) Resolve(ctx huma.Context) []error {
	if errs := l.Layer.Resolve(ctx); len(errs) > 0 {
		return errs
	}
	l.names = append(l.names, "layer on layer")
	return nil
}

func (b *Beside) Resolve(huma.Context) []error { b.resolvedBeside = true; return nil }

// TestOwnResolve is about inputs with a Resolve of the program. docs/guards.md says what
// these cases do.
func TestOwnResolve(t *testing.T) {
	r := newRig(t, accountOptions())
	var got []string
	note := func(names []string) (*struct{}, error) { got = names; return nil, nil } //nolint:unparam // a handler has two results
	huma.Post(r.api, "/layer", func(_ context.Context, in *Layer) (*struct{}, error) { return note(in.names) })
	huma.Post(r.api, "/layers", func(_ context.Context, in *LayerOnLayer) (*struct{}, error) { return note(in.names) })
	hidden := huma.Operation{Method: http.MethodPost, Path: "/hidden", Hidden: true}
	huma.Register(r.api, hidden, func(_ context.Context, in *LayerOnLayer) (*struct{}, error) { return note(in.names) })
	huma.Post(r.api, "/body", func(_ context.Context, in *struct {
		Layer
		Body struct {
			N int `json:"n" minimum:"3"`
		}
	}) (*struct{}, error) {
		return note(in.names)
	})
	huma.Post(r.api, "/beside", func(_ context.Context, in *struct {
		Layer
		Beside
	}) (*struct{}, error) {
		return note(append(in.names, map[bool]string{true: "beside"}[in.resolvedBeside]))
	})
	huma.Post(r.api, "/depths", func(_ context.Context, in *struct {
		Deep
		Beside
	}) (*struct{}, error) {
		return note(append(in.names, map[bool]string{true: "beside"}[in.resolvedBeside]))
	})
	huma.Post(r.api, "/session", func(_ context.Context, in *struct {
		Deep
		humasess.Session[account]
	}) (*struct{}, error) {
		return note(append(in.names, in.Value().ID))
	})
	admin := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
	for _, tt := range []struct {
		name, path string
		want       []string
	}{
		{"a layer", "/layer", []string{"layer of u1"}},
		{"a layer on a layer calls the lower one itself", "/layers", []string{"layer of u1", "layer on layer"}},
		{"a hidden operation", "/hidden", []string{"layer of u1", "layer on layer"}},
		{"layers of the same depth", "/beside", []string{"layer of u1", "beside"}},
		{"of different depths only the upper one runs", "/depths", []string{"beside"}},
		{"beside a session of another depth it does not run", "/session", []string{"u1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got = nil
			wantStatus(t, admin.Do(http.MethodPost, tt.path, nil), http.StatusNoContent)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			wantStatus(t, r.client().Do(http.MethodPost, tt.path, nil), http.StatusUnauthorized)
			wantStatus(t, r.signedIn(account{ID: "u2"}).Do(http.MethodPost, tt.path, nil), http.StatusForbidden)
		})
	}
	t.Run("refusals come before the body, and Resolve after it", func(t *testing.T) {
		const broken = "{"
		wantStatus(t, r.client().Do(http.MethodPost, "/body", strings.NewReader(broken)), http.StatusUnauthorized)
		wantStatus(t, r.signedIn(account{ID: "u2"}).Do(http.MethodPost, "/body", strings.NewReader(broken)), http.StatusForbidden)
		wantStatus(t, admin.Do(http.MethodPost, "/body", map[string]int{"n": 1}), http.StatusUnprocessableEntity)
		wantStatus(t, admin.Do(http.MethodPost, "/body", map[string]int{"n": 3}), http.StatusNoContent)
	})
}
