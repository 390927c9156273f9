package policy_test

import (
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

func TestMisplaced(t *testing.T) {
	body := func(s *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: s}}
	}
	tests := []struct {
		name string
		edit func(*fixture, *huma.Operation, *huma.Schema)
	}{
		{"in a body", func(_ *fixture, op *huma.Operation, marker *huma.Schema) {
			op.RequestBody = &huma.RequestBody{Content: body(marker)}
		}},
		{"in a property behind a reference", func(f *fixture, op *huma.Operation, marker *huma.Schema) {
			f.oapi.Components.Schemas.Map()["Body"] = &huma.Schema{Properties: map[string]*huma.Schema{"a": marker}}
			op.RequestBody = &huma.RequestBody{Content: body(&huma.Schema{Ref: "#/components/schemas/Body"})}
		}},
		{"in the items of a response", func(_ *fixture, op *huma.Operation, marker *huma.Schema) {
			op.Responses["200"] = &huma.Response{Content: body(&huma.Schema{Items: marker})}
		}},
		{"in the values of a map", func(_ *fixture, op *huma.Operation, marker *huma.Schema) {
			op.Responses["200"] = &huma.Response{Content: body(&huma.Schema{AdditionalProperties: marker})}
		}},
		{"in an alternative", func(_ *fixture, op *huma.Operation, marker *huma.Schema) {
			op.Responses["200"] = &huma.Response{Content: body(&huma.Schema{OneOf: []*huma.Schema{{}, marker}})}
		}},
		{"in a response header", func(_ *fixture, op *huma.Operation, marker *huma.Schema) {
			op.Responses["200"] = &huma.Response{Headers: map[string]*huma.Param{"Humasess-Session": {Schema: marker}}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil, userScheme)
			op := f.operation("/")
			// Schemas that refer to themselves must end the search.
			loop := &huma.Schema{}
			loop.Not = loop
			op.Responses["201"] = &huma.Response{Content: body(loop)}
			f.mustAdd(t, op)

			misplaced := f.operation("/misplaced")
			tt.edit(f, misplaced, policy.Declare(f.oapi.Components.Schemas, required))
			err := f.add(misplaced)
			for _, want := range []string{"embed it at the top of the operation's input struct", `"op/misplaced"`} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want a panic with %q", err, want)
				}
			}
		})
	}
}
