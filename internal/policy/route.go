package policy

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func route(op *huma.Operation) string { return op.Method + " " + op.Path }

// slot returns the document's place for an operation of op's method and path. It
// returns nil if the document does not have the path, or the method is unknown.
func slot(oapi *huma.OpenAPI, op *huma.Operation) **huma.Operation {
	item := oapi.Paths[op.Path]
	if item == nil {
		return nil
	}
	switch op.Method {
	case http.MethodGet:
		return &item.Get
	case http.MethodHead:
		return &item.Head
	case http.MethodPost:
		return &item.Post
	case http.MethodPut:
		return &item.Put
	case http.MethodPatch:
		return &item.Patch
	case http.MethodDelete:
		return &item.Delete
	case http.MethodOptions:
		return &item.Options
	case http.MethodTrace:
		return &item.Trace
	}
	return nil
}
