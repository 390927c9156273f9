package policy

import (
	"reflect"
	"slices"
	"sync"
	"weak"

	"github.com/danielgtaylor/huma/v2"
)

// registries knows which registries have a document with session types, and
// which had markers before. huma calls no hook for a hidden operation, so the
// schema of its marker is the only trace that it leaves, and the registry is
// all that a marker is told. The pointers are weak: an API is not kept alive.
var registries registryNotes

type registryNotes struct {
	mu        sync.Mutex
	documents []weak.Pointer[Document]
	early     []weak.Pointer[registration] // without a document
}

// attach notes a document for its registry.
func (n *registryNotes) attach(d *Document) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.documents = append(live(n.documents), weak.Make(d))
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
	return slices.ContainsFunc(n.documents, func(p weak.Pointer[Document]) bool {
		d := p.Value()
		return d != nil && sameRegistry(d.oapi.Components.Schemas, registry)
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

// sameRegistry compares pointers: other kinds have no identity.
func sameRegistry(a, b huma.Registry) bool {
	return reflect.ValueOf(a).Kind() == reflect.Pointer && a == b
}
