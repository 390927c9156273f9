package policy_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

func TestRegistries(t *testing.T) {
	document := func(registry huma.Registry) *huma.OpenAPI {
		return &huma.OpenAPI{Components: &huma.Components{Schemas: registry}}
	}
	registry := func() huma.Registry { return huma.NewMapRegistry("#/", huma.DefaultSchemaNamer) }
	refused := func(name string, oapi *huma.OpenAPI, want string) {
		t.Helper()
		if _, err := policy.NewDocument(oapi); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, want)
		}
	}
	f := newFixture(t, nil, userScheme)
	refused("a registry with a document", document(f.oapi.Components.Schemas), "a huma.Config of its own")
	refused("a registry of its own", document(registry()), "")

	late := registry()
	marker := policy.Declare(late, required)
	refused("a marker of a registration that is not over", document(late), "")
	policy.Seal(late)
	refused("a marker of a hidden operation", document(late), "hidden operation")
	runtime.KeepAlive(marker)

	policy.Declare(f.oapi.Components.Schemas, required)
	policy.Seal(f.oapi.Components.Schemas)
	refused("a registry with a document and a hidden operation", document(f.oapi.Components.Schemas), "a huma.Config of its own")
	runtime.KeepAlive(f)
}
