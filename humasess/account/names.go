package account

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// checkSchemas returns an error if huma.Register would panic because another type
// already has the name of a schema. It asks the registry for the schemas before
// the first operation is registered, because an operation cannot be taken back.
func (r *registration[T, V]) checkSchemas(all map[Operation]huma.Operation) (err error) {
	components := r.api.OpenAPI().Components
	if components == nil || components.Schemas == nil {
		return nil
	}
	schemas := components.Schemas
	before := maps.Clone(schemas.Map())
	var asked Operation
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		// No part of the document refers to the schemas that the registry has just added.
		maps.DeleteFunc(schemas.Map(), func(name string, _ *huma.Schema) bool { return before[name] == nil })
		err = fmt.Errorf("the schemas of %s clash with those of the document: %v; "+
			"rename the other type, omit the operation with Options.Omit, or give the API a registry with another namer", asked, p)
	}()
	for _, asked = range slices.Sorted(maps.Keys(all)) {
		if t := schemaOf[V](asked); t != nil {
			schemas.Schema(t, true, "")
		}
	}
	return nil
}

// schemaOf returns the type that an operation answers with, or nil if its answer
// has no body.
func schemaOf[V any](name Operation) reflect.Type {
	switch name {
	case Get:
		return reflect.TypeFor[AccountCurrentSession[V]]()
	case List:
		return reflect.TypeFor[AccountSessionList]()
	case RevokeOthers, SignOutEverywhere:
		return reflect.TypeFor[AccountRevokedSessions]()
	case Watch:
		return reflect.TypeFor[AccountSessionEnded]()
	case Revoke, SignOut:
	}
	return nil
}
