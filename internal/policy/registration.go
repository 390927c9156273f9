package policy

import (
	"reflect"
	"slices"
	"sync"
	"weak"

	"github.com/danielgtaylor/huma/v2"
)

// registration collects the declarations of an operation's markers until [Seal].
// huma keeps only the first of several parameters of one name, but asks every
// marker for its schema. The surviving parameter leads to its own declaration
// and to all later ones. Earlier ones belong to a registration that panicked.
type registration struct {
	registry     huma.Registry
	declarations []Declaration
	documented   bool // a document has seen the operation, or has refused it
}

// begins reports whether the registration is that of an operation, and not the rest of one
// whose [Seal] came before: huma asks the markers of Required, Guarded and Login for their
// schemas once more. Each of these types embeds Session, whose marker huma asks only once.
func (r *registration) begins() bool {
	return slices.ContainsFunc(r.declarations, func(d Declaration) bool { return d.Kind == Optional })
}

// registries knows the registries of documents with session types, and the
// registries that had markers before. huma calls no hook for a hidden operation,
// so its only trace is the schema of its marker. The marker knows only the
// registry. The pointers are weak, so an API is not kept alive.
var registries registryNotes

type registryNotes struct {
	mu        sync.Mutex
	documents []weak.Pointer[attachment]
	early     []weak.Pointer[registration] // without a document
}

// attachment is a document with session types, for registrations that know the registry
// only.
type attachment struct {
	oapi      *huma.OpenAPI
	document  any             // *Document
	concealed [][]Declaration // of operations with Operation.Hidden
}

// attach notes a document for its registry.
func (n *registryNotes) attach(d *attachment) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.documents = append(live(n.documents), weak.Make(d))
}

// registered notes a registration whose markers no document has seen, which is that of
// a hidden operation.
func (n *registryNotes) registered(r *registration) {
	if d := n.attached(r.registry); d != nil {
		if !r.documented && r.begins() {
			d.concealed = append(d.concealed, strictest(r.declarations))
		}
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.early = append(live(n.early), weak.Make(r))
}

// attached returns the document that uses the registry, or nil.
func (n *registryNotes) attached(registry huma.Registry) *attachment {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.documents {
		if d := p.Value(); d != nil && sameRegistry(d.oapi.Components.Schemas, registry) {
			return d
		}
	}
	return nil
}

// late reports whether an operation with a marker was registered before any
// document used the registry. An operation that is gone does not count.
func (n *registryNotes) late(registry huma.Registry) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.early, func(p weak.Pointer[registration]) bool {
		r := p.Value()
		return r != nil && sameRegistry(r.registry, registry)
	})
}

func live[T any](all []weak.Pointer[T]) []weak.Pointer[T] {
	return slices.DeleteFunc(all, func(p weak.Pointer[T]) bool { return p.Value() == nil })
}

// sameRegistry compares pointers. Registries of other kinds have no identity.
func sameRegistry(a, b huma.Registry) bool {
	return reflect.ValueOf(a).Kind() == reflect.Pointer && a == b
}
