package policy

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// markerExtension is the extension of a marker's schema that holds its *link. huma
// sees an embedded session as one header parameter, the marker. The names of
// extensions must start with "x-".
const markerExtension = "x-session-declarations"

// link leads from a marker to its declaration.
type link struct {
	of    *registration
	index int
}

// MarshalJSON keeps a document readable that does not have a manager, and so has
// kept its markers.
func (*link) MarshalJSON() ([]byte, error) { return []byte("true"), nil }

// MarshalYAML is MarshalJSON for YAML documents.
func (*link) MarshalYAML() (any, error) { return true, nil }

// pendingKey holds the open registration in the registry's map, from an
// operation's first marker until [Seal]. The markers of one registration share
// only this map. A component cannot have this name.
const pendingKey = "\x00session-declarations"

// Declare adds the declaration of a marker to the open registration, and returns
// the schema of the marker. The schema does not have a type, so the marker's field
// may have any default.
func Declare(registry huma.Registry, d Declaration) *huma.Schema {
	r := pending(registry)
	if r == nil {
		r = &registration{registry: registry}
	}
	r.declarations = append(r.declarations, d)
	schema := &huma.Schema{Extensions: map[string]any{
		markerExtension: &link{r, len(r.declarations) - 1},
	}}
	registry.Map()[pendingKey] = schema
	return schema
}

// Seal ends the open registration of [Declare]. huma asks for the schemas of
// fields with defaults after it has added the operation, also if it is hidden. So
// a marker contains a field tagged `default:"null"` whose Schema method calls
// Seal. It marks the boundary between two operations.
func Seal(registry huma.Registry) *huma.Schema {
	if r := pending(registry); r != nil {
		registries.registered(r)
		delete(registry.Map(), pendingKey)
	}
	return &huma.Schema{}
}

// pending returns the registration that has a declaration and that [Seal] has not
// ended, or nil.
func pending(registry huma.Registry) *registration {
	if l := markerLink(registry.Map()[pendingKey]); l != nil {
		return l.of
	}
	return nil
}

func markerLink(s *huma.Schema) *link {
	if s == nil {
		return nil
	}
	l, _ := s.Extensions[markerExtension].(*link)
	return l
}

var errSharedParameters = errors.New("shares its Operation.Parameters slice with another operation, so huma has overwritten the markers of one of them: " +
	"give each operation a slice of its own, for example by slices.Clone")

// declarations returns the declarations of the operation's input, without
// duplicates. It finds them by the markers among the parameters. huma appends
// markers to the slice of the caller, so another registration may have overwritten
// them. So markers of several registrations are an error. A registration other
// than open is an error as well, unless open is nil.
func declarations(op *huma.Operation, open *registration) ([]Declaration, error) {
	var first *link
	for _, p := range op.Parameters {
		l := markerLink(p.Schema)
		switch {
		case l == nil:
		case first != nil && l.of != first.of || open != nil && l.of != open:
			return nil, errSharedParameters
		case first == nil || l.index < first.index:
			first = l
		}
	}
	if first == nil {
		return nil, nil
	}
	return strictest(first.of.declarations[first.index:]), nil
}

// withoutMarkers returns the parameters that are not markers. The slice is new,
// because copies of the operation share the old one.
func withoutMarkers(params []*huma.Param) []*huma.Param {
	var rest []*huma.Param
	for _, p := range params {
		if markerLink(p.Schema) == nil {
			rest = append(rest, p)
		}
	}
	return rest
}
