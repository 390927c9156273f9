package policy_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

func TestMarkers(t *testing.T) {
	t.Run("O9 the marker leaves the document, and no other parameter does", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", optional, required)
		before := append(slices.Clone(op.Parameters), &huma.Param{Name: "page", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger}})
		op.Parameters = before
		f.mustAdd(t, op)
		if len(op.Parameters) != 1 || op.Parameters[0].Name != "page" {
			t.Errorf("got parameters %s, want page alone", asJSON(t, op.Parameters))
		}
		// Copies of the operation, one for each prefix, share the old slice.
		if len(before) != 2 || before[0].Name != "Humasess-Session" || before[1].Name != "page" {
			t.Errorf("got the shared parameters changed to %s", asJSON(t, before))
		}
	})

	t.Run("copies of one operation share its declarations", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", guarded("admin"))
		for _, prefix := range []string{"/v1", "/v2"} {
			version := *op
			version.Path, version.OperationID = prefix+op.Path, prefix
			f.oapi.AddOperation(&version)
			if got, want := asJSON(t, version.Security), `[{"session":["admin"]}]`; got != want {
				t.Errorf("%s: got security %s, want %s", prefix, got, want)
			}
		}
		if op.Security != nil {
			t.Errorf("got security %s on the original, want none", asJSON(t, op.Security))
		}
	})

	t.Run("Seal keeps the declarations of two operations apart", func(t *testing.T) {
		f := newFixture(t, nil, userScheme, cartScheme)
		hidden := f.operation("/hidden", optional, policy.Declaration{Type: cartScheme.Type, Kind: policy.Required})
		policy.Seal(f.oapi.Components.Schemas) // the hook is not called for it
		next := f.operation("/next", required)
		f.mustAdd(t, next)
		if got, want := asJSON(t, next.Security), `[{"session":[]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
		got := f.policy(t, hidden).Requirements
		if want := []policy.Requirements{reqs("cart,session", "cart")}; !reflect.DeepEqual(got, want) {
			t.Errorf("got requirements %v of the hidden operation, want %v", got, want)
		}
	})

	t.Run("an interrupted registration leaves nothing to the next", func(t *testing.T) {
		f := newFixture(t, nil, userScheme, cartScheme)
		policy.Declare(f.oapi.Components.Schemas, policy.Declaration{Type: cartScheme.Type, Kind: policy.Required})
		next := f.operation("/next", required)
		f.mustAdd(t, next)
		if got, want := asJSON(t, next.Security), `[{"session":[]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})

	t.Run("markers of two operations in one slice are an error", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		first := f.operation("/first", required)
		policy.Seal(f.oapi.Components.Schemas)
		second := f.operation("/second", login)
		policy.Seal(f.oapi.Components.Schemas)
		first.Parameters = append(first.Parameters, second.Parameters...)
		if _, err := f.doc.Policy(first); err == nil || !strings.Contains(err.Error(), "Operation.Parameters") {
			t.Errorf("got error %v of a hidden operation, want one about Operation.Parameters", err)
		}
		third := f.operation("/third", required)
		third.Parameters = second.Parameters
		if err := f.add(third); err == nil || !strings.Contains(err.Error(), "Operation.Parameters") {
			t.Errorf("got error %v at registration, want one about Operation.Parameters", err)
		}
	})

	t.Run("a copy has the recorded declarations, although its slice holds others now", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/op", guarded("admin"))
		copied, other := *op, *op
		f.mustAdd(t, op)
		copied.Parameters = nil
		other.Parameters, other.Responses = nil, map[string]*huma.Response{} // a modifier has made its own
		for _, c := range []*huma.Operation{&copied, &other} {
			if p := f.policy(t, c); len(p.Declarations) != 1 || p.Declarations[0].Kind != policy.Guarded {
				t.Errorf("got declarations %v, want the guard", p.Declarations)
			}
		}
	})

	t.Run("O9 nothing is left among the schemas", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		f.mustAdd(t, f.operation("/", required))
		for name := range f.oapi.Components.Schemas.Map() {
			if name != "ErrorModel" && name != "ErrorDetail" {
				t.Errorf("got schema %q, want none but huma's own", name)
			}
		}
	})

	t.Run("a document without a manager stays readable", func(t *testing.T) {
		registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
		data, err := json.Marshal(policy.Declare(registry, required))
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		if want := `"x-session-declarations":true`; !strings.Contains(string(data), want) {
			t.Errorf("got %s, want %s in it", data, want)
		}
	})
}
