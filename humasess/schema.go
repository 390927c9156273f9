package humasess

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// The types of this package that an operation may return are described in place.
// A named schema would clash with a type of the program that has the same name:
// huma panics then, and generated clients have two types of one name.
var (
	_ huma.SchemaProvider = Info[struct{}]{}
	_ huma.SchemaProvider = Authentication{}
	_ huma.SchemaProvider = Method{}
	_ huma.SchemaProvider = Client{}
)

// The same types without their method Schema, from which huma makes the schema by
// the fields and their tags.
type (
	infoFields[T any]    Info[T]
	authenticationFields Authentication
	methodFields         Method
	clientFields         Client
)

// Schema implements [huma.SchemaProvider].
func (Authentication) Schema(r huma.Registry) *huma.Schema { return inline[authenticationFields](r) }

// Schema implements [huma.SchemaProvider].
func (Method) Schema(r huma.Registry) *huma.Schema { return inline[methodFields](r) }

// Schema implements [huma.SchemaProvider].
func (Client) Schema(r huma.Registry) *huma.Schema { return inline[clientFields](r) }

// inline returns the schema of a struct without a name of its own.
func inline[F any](r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[F]())
}

// Schema implements [huma.SchemaProvider].
func (Info[T]) Schema(r huma.Registry) *huma.Schema { return inline[infoFields[T]](r) }
