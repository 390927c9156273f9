package policy

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

var errMisplaced = errors.New("a session type is part of a body or of the output: embed it at the top of the operation's input struct")

// refuseMisplaced looks for markers where no session can work.
func (d *Document) refuseMisplaced(op *huma.Operation) error {
	seen := map[*huma.Schema]bool{}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			if d.hasMarker(media.Schema, seen) {
				return errMisplaced
			}
		}
	}
	for _, response := range op.Responses {
		for _, media := range response.Content {
			if d.hasMarker(media.Schema, seen) {
				return errMisplaced
			}
		}
		for _, header := range response.Headers {
			if d.hasMarker(header.Schema, seen) {
				return errMisplaced
			}
		}
	}
	return nil
}

func (d *Document) hasMarker(s *huma.Schema, seen map[*huma.Schema]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	if markerLink(s) != nil {
		return true
	}
	if s.Ref != "" && d.hasMarker(d.oapi.Components.Schemas.SchemaFromRef(s.Ref), seen) {
		return true
	}
	for _, property := range s.Properties {
		if d.hasMarker(property, seen) {
			return true
		}
	}
	for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
		for _, part := range list {
			if d.hasMarker(part, seen) {
				return true
			}
		}
	}
	additional, _ := s.AdditionalProperties.(*huma.Schema)
	return d.hasMarker(s.Items, seen) || d.hasMarker(s.Not, seen) || d.hasMarker(additional, seen)
}
