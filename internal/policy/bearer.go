package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const answerText = "Token of a session, for clients without cookies (RFC 6749 § 5.1). It is a credential."

// sendText marks the schema of a token, so that the hook finds it in an answer. The text
// of the token itself is no mark, because a field with a doc tag replaces it.
const sendText = "What the client sends as `Authorization: Bearer <token>`."

// BearerTokenSchema describes a token in place, with no name of its own.
func BearerTokenSchema() *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, Description: answerText, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"access_token": {Type: huma.TypeString, Description: sendText},
			"token_type":   {Type: huma.TypeString, Enum: []any{"Bearer"}},
			"expires_in":   {Type: huma.TypeInteger, Description: "Seconds until the session ends if it is not used."},
		},
		Required: []string{"access_token", "token_type", "expires_in"},
	}
	s.PrecomputeMessages()
	return s
}

// AnswersToken reports whether a successful answer of the operation has a token in its
// body.
func AnswersToken(op *huma.Operation, schemas huma.Registry) bool {
	for code, r := range op.Responses {
		if isSuccess(code) && hasBearerToken(r, schemas) {
			return true
		}
	}
	return false
}

// hasBearerToken reports whether a response has a token in its body, at any depth.
func hasBearerToken(r *huma.Response, schemas huma.Registry) bool {
	seen := map[*huma.Schema]bool{}
	var has func(s *huma.Schema) bool
	has = func(s *huma.Schema) bool {
		if s == nil || seen[s] {
			return false
		}
		seen[s] = true
		if s.Ref != "" {
			return has(schemas.SchemaFromRef(s.Ref))
		}
		values, _ := s.AdditionalProperties.(*huma.Schema) // of a map
		token := s.Properties["access_token"]
		if token != nil && token.Description == sendText || has(s.Items) || has(values) {
			return true
		}
		return slices.ContainsFunc(slices.Concat(slices.Collect(maps.Values(s.Properties)), s.AllOf, s.AnyOf, s.OneOf), has)
	}
	for _, content := range r.Content {
		if has(content.Schema) {
			return true
		}
	}
	return false
}

func isSuccess(code string) bool { return strings.HasPrefix(code, "2") || strings.HasPrefix(code, "3") }
