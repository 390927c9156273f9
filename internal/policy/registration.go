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
}

// registries knows the registries of documents with session types, and the
// registries that had markers before. huma calls no hook for a hidden operation,
// so its only trace is the schema of its marker, and a marker knows only the
// registry. The pointers are weak, so an API is not kept alive.
var registries registryNotes

type registryNotes struct {
	mu        sync.Mutex
	documents []weak.Pointer[huma.OpenAPI]
	early     []weak.Pointer[registration] // without a document
}

// attach notes a document for its registry.
func (n *registryNotes) attach(oapi *huma.OpenAPI) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.documents = append(live(n.documents), weak.Make(oapi))
}

// registered notes a registration whose markers no document has seen.
func (n *registryNotes) registered(r *registration) {
	if n.attached(r.registry) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.early = append(live(n.early), weak.Make(r))
}

// attached reports whether a document uses the registry.
func (n *registryNotes) attached(registry huma.Registry) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.documents, func(p weak.Pointer[huma.OpenAPI]) bool {
		oapi := p.Value()
		return oapi != nil && sameRegistry(oapi.Components.Schemas, registry)
	})
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
