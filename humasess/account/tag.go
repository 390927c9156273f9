package account

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

const tagText = "The sessions of the signed-in user, one for each browser or device: list them and end them."

// describeTag adds a description of the default tag to the document. It does so only if a
// documented operation has the tag, and the program has not described it.
func describeTag(oapi *huma.OpenAPI, all map[Operation]huma.Operation) {
	used := false
	for _, op := range all {
		used = used || !op.Hidden && slices.Contains(op.Tags, defaultTag)
	}
	if !used || slices.ContainsFunc(oapi.Tags, func(t *huma.Tag) bool { return t.Name == defaultTag }) {
		return
	}
	oapi.Tags = append(slices.Clip(oapi.Tags), &huma.Tag{Name: defaultTag, Description: tagText})
}
