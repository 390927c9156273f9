package openapi

import (
	"maps"

	"github.com/danielgtaylor/huma/v2"
)

const crossSiteKey = "humasess.crosssite"

// AllowCrossSite exempts an operation from the cross-origin check.
func AllowCrossSite(op *huma.Operation) {
	op.Metadata = maps.Clone(op.Metadata) // copies of the operation share it
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[crossSiteKey] = true
}

// CrossSiteAllowed reports whether the operation is exempt.
func CrossSiteAllowed(op *huma.Operation) bool { return op.Metadata[crossSiteKey] == true }

// describeExemption shows in the document that the operation is exempt.
func describeExemption(op *huma.Operation) {
	if !CrossSiteAllowed(op) {
		return
	}
	op.Extensions = maps.Clone(op.Extensions)
	if op.Extensions == nil {
		op.Extensions = map[string]any{}
	}
	op.Extensions["x-session"] = map[string]any{"crossSite": "allowed"}
}
