package openapi

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// Downgrade returns the document as OpenAPI 3.0.3 JSON. It runs huma's own
// downgrade, and then empties the role lists of all schemes except OAuth2 and
// OpenID Connect, as [OpenAPI 3.0.3] demands. The descriptions of the 403
// responses still name the roles. In schemas, it replaces const, as in the events of
// huma's package sse, by an enum with one value.
//
// [OpenAPI 3.0.3]: https://spec.openapis.org/oas/v3.0.3#security-requirement-object
func Downgrade(oapi *huma.OpenAPI) ([]byte, error) {
	data, err := oapi.Downgrade()
	if err != nil {
		return nil, fmt.Errorf("openapi: downgrade: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("openapi: downgrade: %w", err)
	}
	scoped := map[string]bool{}
	for key, s := range oapi.Components.SecuritySchemes {
		scoped[key] = s.Type == "oauth2" || s.Type == "openIdConnect"
	}
	emptyRoles(doc["security"], scoped)
	paths, _ := doc["paths"].(map[string]any)
	for _, item := range paths {
		operations, _ := item.(map[string]any)
		for _, op := range operations {
			if op, ok := op.(map[string]any); ok {
				emptyRoles(op["security"], scoped)
			}
		}
	}
	withoutConst(doc)
	return json.Marshal(doc)
}

func emptyRoles(security any, scoped map[string]bool) {
	alternatives, _ := security.([]any)
	for _, alternative := range alternatives {
		schemes, _ := alternative.(map[string]any)
		for key := range schemes {
			if !scoped[key] {
				schemes[key] = []any{}
			}
		}
	}
}
