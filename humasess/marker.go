package humasess

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/internal/policy"
)

// stateOf returns the request's state for T and its index. It returns nil if the
// operation does not use T, because then no policy for T is enforced.
func stateOf[T any](r *gate.Request) (*state[T], int) {
	if r == nil {
		return nil, -1
	}
	for i := range r.Count() {
		if s, ok := r.At(i).(*state[T]); ok {
			return s, i
		}
	}
	return nil, -1
}

// marker is the parameter of [Session], and holds the state that it is bound to.
// docs/architecture.md explains markers.
type marker[T any] struct {
	// Boundary ends the registration of an operation; see [policy.Seal]. It comes first,
	// because a last field without a size would need memory.
	Boundary boundary `default:"null" json:"-"`

	state *state[T]
}

// Schema implements [huma.SchemaProvider].
func (*marker[T]) Schema(registry huma.Registry) *huma.Schema {
	return policy.Declare(registry, policy.Declaration{Type: reflect.TypeFor[T](), Kind: policy.Optional})
}

// UnmarshalText implements [encoding.TextUnmarshaler]. Text that is no handle
// comes from a client of an API without a gate, and is ignored.
func (m *marker[T]) UnmarshalText(text []byte) error {
	if r := gate.RequestOfHandle(text); r != nil {
		if s, i := stateOf[T](r); r.Bind(i) {
			m.state = s
		}
	}
	return nil
}

// boundary is the type of a field that huma takes for one with a default.
type boundary struct{}

// Schema implements [huma.SchemaProvider].
func (boundary) Schema(registry huma.Registry) *huma.Schema { return policy.Seal(registry) }

// kindMarker is the parameter of the types that embed Session; see proofs. huma
// asks it for its schema again as the type of a field with a default; Boundary
// ends the registration that this begins.
type kindMarker[T any, K kind] struct {
	Boundary boundary `default:"null" json:"-"`
}

// kind returns the declaration of an embedding type. is returns the part that tells
// declarations of one session type apart.
type kind interface {
	declare() policy.Declaration
	is() (policy.Kind, reflect.Type)
}

// Schema implements [huma.SchemaProvider].
func (kindMarker[T, K]) Schema(registry huma.Registry) *huma.Schema {
	var k K
	d := k.declare()
	d.Type = reflect.TypeFor[T]()
	return policy.Declare(registry, d)
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It refuses every text
// except the value of an entry whose policy has the marker's declaration.
func (*kindMarker[T, K]) UnmarshalText(text []byte) error {
	var k K
	kind, guard := k.is()
	return gate.CheckProof(text, kind, reflect.TypeFor[T](), guard)
}
