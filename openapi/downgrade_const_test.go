package openapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/openapi"
)

// TestDowngradeWithoutConst has a stream of events, and places where const is a name or a
// value of the program.
func TestDowngradeWithoutConst(t *testing.T) {
	type (
		tick struct {
			Const string `json:"const"`
		}
		input struct {
			Const string `query:"const"`
		}
	)
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
	sse.Register(api, huma.Operation{OperationID: "watch", Method: http.MethodGet, Path: "/const"}, map[string]any{"tick": tick{}},
		func(context.Context, *input, sse.Sender) {})
	kept := map[string]any{"const": "kept"}
	api.OpenAPI().Components.Schemas.Map()["const"] = &huma.Schema{
		Type: "object", Default: kept, Examples: []any{kept, "another"}, Enum: []any{kept},
		Extensions: map[string]any{"x-mine": kept, "patternProperties": map[string]any{"const": map[string]any{"const": nil}}},
	}
	api.OpenAPI().Paths["/const"].Get.Responses["409"] = &huma.Response{Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/const"}}, // the document has only schemas that are used
	}}
	data, err := openapi.Downgrade(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						Items struct{ OneOf []map[string]any }
					}
				}
			}
		}
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	stream := doc.Paths["/const"]["get"].Responses["200"].Content["text/event-stream"].Schema.Items.OneOf
	if len(stream) != 1 {
		t.Fatalf("got %d kinds of events, want one", len(stream))
	}
	if got := asJSON(t, stream[0]["properties"]); !strings.Contains(got, `"enum":["tick"]`) || strings.Contains(got, `"const":"tick"`) {
		t.Errorf("O5 got properties %s, want an enum and no const", got)
	}
	got := asJSON(t, doc.Components.Schemas["const"])
	want := `{"default":{"const":"kept"},"enum":[{"const":"kept"}],"example":{"const":"kept"},` +
		`"patternProperties":{"const":{"enum":[null]}},"type":"object","x-mine":{"const":"kept"}}`
	if got != want {
		t.Errorf("O5 got %s, want %s", got, want)
	}
	if got := asJSON(t, doc.Components.Schemas["Tick"]["properties"]); !strings.Contains(got, `"const":{"type":"string"}`) {
		t.Errorf("O5 got %s, want the property const of the program", got)
	}
}
