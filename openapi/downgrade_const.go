package openapi

import "strings"

// Keys under which a document has values of the program, which may look like schemas.
var valueKeys = map[string]bool{
	"const": true, "default": true, "enum": true, "example": true, "examples": true, "mapping": true, "scopes": true, "security": true,
}

// Keys whose members have names that the program chose.
var nameKeys = map[string]bool{
	"callbacks": true, "content": true, "encoding": true, "headers": true, "links": true, "paths": true, "patternProperties": true,
	"properties": true, "parameters": true, "pathItems": true, "requestBodies": true, "responses": true, "schemas": true,
	"securitySchemes": true, "variables": true,
}

// withoutConst replaces const by enum with one value, in all schemas below v. OpenAPI
// 3.0 does not have const, and some tools refuse the whole document. In a schema of 3.0,
// it also replaces a list of examples by the first of them.
func withoutConst(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			withoutConst(item)
		}
	case map[string]any:
		if value, has := v["const"]; has {
			if _, both := v["enum"]; !both {
				v["enum"] = []any{value}
			}
			delete(v, "const")
		}
		if list, ok := v["examples"].([]any); ok {
			if _, both := v["example"]; !both && len(list) > 0 {
				v["example"] = list[0]
			}
			delete(v, "examples")
		}
		for key, member := range v {
			named, isMap := member.(map[string]any)
			switch {
			case valueKeys[key], strings.HasPrefix(key, "x-"):
			case nameKeys[key] && isMap:
				for _, item := range named {
					withoutConst(item)
				}
			default:
				withoutConst(member)
			}
		}
	}
}
