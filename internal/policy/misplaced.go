package policy

import (
	"errors"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

var errMisplaced = errors.New("a body or the output contains a session type: embed it at the top of the operation's input struct")

// refuseMisplaced looks for markers in places where a session cannot work.
func refuseMisplaced(op *huma.Operation, registry huma.Registry) error {
	search := markerSearch{registry: registry, seen: map[*huma.Schema]bool{}}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			if search.finds(media.Schema) {
				return errMisplaced
			}
		}
	}
	for _, response := range op.Responses {
		for _, media := range response.Content {
			if search.finds(media.Schema) {
				return errMisplaced
			}
		}
		for _, header := range response.Headers {
			if search.finds(header.Schema) {
				return errMisplaced
			}
		}
	}
	return nil
}

// markerSearch looks for a marker in schemas that may refer to themselves.
type markerSearch struct {
	registry huma.Registry
	seen     map[*huma.Schema]bool
}

func (search *markerSearch) finds(s *huma.Schema) bool {
	if s == nil || search.seen[s] {
		return false
	}
	search.seen[s] = true
	if markerLink(s) != nil {
		return true
	}
	if s.Ref != "" && search.finds(search.registry.SchemaFromRef(s.Ref)) {
		return true
	}
	for _, property := range s.Properties {
		if search.finds(property) {
			return true
		}
	}
	for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
		if slices.ContainsFunc(list, search.finds) {
			return true
		}
	}
	additional, _ := s.AdditionalProperties.(*huma.Schema)
	return search.finds(s.Items) || search.finds(s.Not) || search.finds(additional)
}
