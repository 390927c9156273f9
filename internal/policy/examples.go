package policy

import (
	"encoding/json"
	"maps"

	"github.com/danielgtaylor/huma/v2"
)

// cause is one of the reasons for a status of an operation.
type cause struct {
	name    string // of its example
	summary string // of its example, without Markdown
	text    string // a sentence of the description, in Markdown
	problem Problem
	details []error // of its example
}

// example returns the problem as the server sends it. It returns nil if the program has
// replaced the error model, because only its own model has a known form.
func (c *cause) example() any {
	model, ok := huma.NewError(c.problem.Status, c.problem.Detail, c.details...).(*huma.ErrorModel)
	if !ok {
		return nil
	}
	model.Type = c.problem.Type
	data, err := json.Marshal(model)
	if err != nil {
		return nil
	}
	var example map[string]any // has the names of the members in YAML, too
	if json.Unmarshal(data, &example) != nil {
		return nil
	}
	return example
}

// WithExample returns a copy of the content of an error response with the problem as
// its example. Copies of an operation share the content.
func WithExample(content map[string]*huma.MediaType, p Problem) map[string]*huma.MediaType {
	return withExamples(content, []cause{{problem: p}})
}

// withExamples gives content a single example, or a named one for each of several causes.
func withExamples(content map[string]*huma.MediaType, causes []cause) map[string]*huma.MediaType {
	content = maps.Clone(content)
	for contentType, media := range content {
		shown := *media
		shown.Example, shown.Examples = nil, nil
		if len(causes) == 1 {
			shown.Example = causes[0].example()
		}
		for _, c := range causes {
			value := c.example()
			if len(causes) == 1 || value == nil {
				continue
			}
			if shown.Examples == nil {
				shown.Examples = map[string]*huma.Example{}
			}
			if shown.Examples[c.name] == nil {
				shown.Examples[c.name] = &huma.Example{Summary: c.summary, Value: value}
			}
		}
		content[contentType] = &shown
	}
	return content
}
