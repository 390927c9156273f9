package policy

import (
	"errors"
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
	Guard any      // checked by the core, which knows its type; nil if it checks nothing

	// GuardType tells the guards of one data type apart.
	GuardType reflect.Type

	// Fresh is how recently the user must have authenticated, 0 if it does not
	// matter. Less is an error.
	Fresh time.Duration

	// Methods must all be among those that the user has authenticated by, each
	// within Fresh if that is set.
	Methods []string

	// Err is a mistake in the type that declares this. The operation is refused
	// with it.
	Err error

	// Copies is how often the input embeds the type, one inside the other
	// counted once. [Document] fills it in.
	Copies int
}

// An embedded session shows itself to huma as one header parameter whose
// schema carries a *link in its extensions. Extensions must start with "x-".
const markerExtension = "x-session-declarations"

// registration is the log of the markers' declarations until [Seal]. huma keeps
// only the first of several parameters of one name, but asks every marker for
// its schema, so the parameter that survives leads to the declarations of all:
// those from its own on. Earlier ones are of a registration that panicked.
type registration struct {
	registry     huma.Registry
	declarations []Declaration
}

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
		if markerLink(p.Schema) == nil {
			rest = append(rest, p)
		}
	}
	return rest
}
