package policy

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// An embedded session shows itself to huma as one header parameter whose
// schema carries a *link in its extensions. Extensions must start with "x-".
const markerExtension = "x-session-declarations"

// link leads from a marker to its place in the log.
type link struct {
	of    *registration
	index int
}

// MarshalJSON keeps a document readable to which no manager was attached.
func (*link) MarshalJSON() ([]byte, error) { return []byte("true"), nil }

// MarshalYAML is MarshalJSON for YAML documents.
func (*link) MarshalYAML() (any, error) { return true, nil }

// pendingKey holds the open registration in the registry's map from an
// operation's first marker until [Seal]. The map is the only thing that markers
// of one registration share; no component can have this name.
const pendingKey = "\x00session-declarations"

// Declare returns the schema of a marker and notes its declaration with those
// of the operation that is being registered. The schema has no type, so that
// the marker's field may have any default.
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

// Seal ends the registration that [Declare] collects for. huma asks for the
// schemas of fields with defaults after it has added the operation, hidden or
// not: a marker that contains a field whose type answers with Seal, tagged
// `default:"null"`, marks the boundary between two operations.
func Seal(registry huma.Registry) *huma.Schema {
	if r := pending(registry); r != nil {
		registries.registered(r)
		delete(registry.Map(), pendingKey)
	}
	return &huma.Schema{}
}

// pending returns the registration that has declared something and is not
// sealed yet, or nil.
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

var errSharedParameters = errors.New("its markers are those of another operation, because both got one Operation.Parameters slice " +
	"with spare room, which huma appends to: give each operation a slice of its own, for example by slices.Clone")

// declarations returns those of the operation's input, by the markers among its
// parameters, without duplicates. huma appends markers to the slice
// of the caller, so another registration may have overwritten them: markers of
// several registrations, or of one that is not open now, are an error.
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

// withoutMarkers returns the parameters that are not ours, in a new slice:
// copies of the operation share the old one.
func withoutMarkers(params []*huma.Param) []*huma.Param {
	var rest []*huma.Param
	for _, p := range params {
		if markerLink(p.Schema) == nil {
			rest = append(rest, p)
		}
	}
	return rest
}
