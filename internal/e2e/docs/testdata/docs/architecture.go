package docs

type (
	marker[T any]        struct{}
	kindMarker[T, K any] struct{}
	requiredKind         struct{}
)
