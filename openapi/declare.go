package openapi

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Kind is how an operation uses a session type.
type Kind uint8

// There is no constant for zero: a forgotten kind is no declaration.
const (
	Optional Kind = iota + 1 // works with or without an active session
	Required                 // 401 unless a session is active
	Guarded                  // Required, and 403 unless a guard lets it pass
	Login                    // public: its job is to start a session
)

// Declaration says that an operation's input embeds a session type.
type Declaration struct {
	Type  reflect.Type // of the session's data
	Kind  Kind
	Roles []string // all of them are required
	Guard any      // checked by the core, which knows its type

	// Fresh is how recently the user must have authenticated, 0 if it does not
	// matter. Less is an error.
	Fresh time.Duration

	// Copies is how often the input embeds the type, one inside the other
	// counted once. [Document] fills it in.
	Copies int
}

// An embedded session shows itself to huma as one header parameter whose
// schema carries a *group in its extensions. Extensions must start with "x-".
const markerExtension = "x-session-declarations"

// group collects the declarations of one operation. huma keeps only the first
// of several parameters of one name, but asks every marker for its schema, so
// the parameter that survives leads to the declarations of all.
type group struct{ declarations []Declaration }

// MarshalJSON keeps a document readable to which no manager was attached.
func (*group) MarshalJSON() ([]byte, error) { return []byte("true"), nil }

// MarshalYAML is MarshalJSON for YAML documents.
func (*group) MarshalYAML() (any, error) { return true, nil }

// pendingKey holds the open group in the registry's map from an operation's
// first marker until [Seal]. The map is the only thing that markers of one
// registration share; no component can have this name.
const pendingKey = "\x00session-declarations"

// Declare returns the schema of a marker and notes its declaration with those
// of the operation that is being registered.
func Declare(registry huma.Registry, d Declaration) *huma.Schema {
	g := &group{}
	if pending := registry.Map()[pendingKey]; pending != nil {
		g = markerGroup(pending)
	}
	g.declarations = append(g.declarations, d)
	schema := markerSchema(g)
	registry.Map()[pendingKey] = schema
	return schema
}

// Seal ends the registration that [Declare] collects for. huma asks for the
// schemas of fields with defaults after it has added the operation, hidden or
// not: a marker that contains a field whose type answers with Seal, tagged
// `default:"null"`, marks the boundary between two operations.
func Seal(registry huma.Registry) *huma.Schema {
	delete(registry.Map(), pendingKey)
	return &huma.Schema{}
}

func markerSchema(g *group) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{markerExtension: g}}
}

func markerGroup(s *huma.Schema) *group {
	if s == nil {
		return nil
	}
	g, _ := s.Extensions[markerExtension].(*group)
	return g
}

// declarations returns what the operation's input declared, by the marker
// among its parameters, without duplicates.
func declarations(op *huma.Operation) []Declaration {
	for _, p := range op.Parameters {
		if g := markerGroup(p.Schema); g != nil {
			return strictest(g.declarations)
		}
	}
	return nil
}

// strictest keeps one declaration per type: Required, Guarded and Login embed
// the optional Session, whose marker comes along. Two guards on one type stay.
func strictest(all []Declaration) []Declaration {
	var kept []Declaration
	for _, d := range all {
		if d.Kind != Optional {
			kept = append(kept, d)
		}
	}
	for _, d := range all {
		if d.Kind == Optional && !hasType(kept, d.Type) {
			kept = append(kept, d)
		}
	}
	for i := range kept {
		for _, d := range all {
			if d.Kind == Optional && d.Type == kept[i].Type {
				kept[i].Copies++
			}
		}
	}
	return kept
}

func hasType(ds []Declaration, t reflect.Type) bool {
	for _, d := range ds {
		if d.Type == t {
			return true
		}
	}
	return false
}

// withoutMarkers returns the parameters that are not ours, in a new slice:
// copies of the operation share the old one.
func withoutMarkers(params []*huma.Param) []*huma.Param {
	var rest []*huma.Param
	for _, p := range params {
		if markerGroup(p.Schema) == nil {
			rest = append(rest, p)
		}
	}
	return rest
}
