package openapi

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

func (op Operation) order(other Operation) int {
	return cmp.Or(strings.Compare(op.Path, other.Path), strings.Compare(op.Method, other.Method))
}

// added returns the effect of an operation that was not there before.
func (op Operation) added() Effect {
	if slices.ContainsFunc(op.Admits, func(a Admission) bool { return len(a.Credentials) == 0 }) || op.Access == Unchecked {
		return Loosens
	}
	return Other
}

// parameter is the name of a path parameter. Text after the name, such as an ellipsis or a
// pattern, decides which paths the operation serves. So does a repetition in a pattern.
var parameter = regexp.MustCompile(`\{[\pL_][^{}:.]*`)

// route identifies an operation, whatever the names of its path parameters.
func (op Operation) route() string {
	return op.Method + " " + parameter.ReplaceAllString(op.Path, "{")
}

// key is the same for operations with the same policy.
func (op Operation) key() string {
	op.Count = 0
	data, _ := json.Marshal(op) //nolint:errchkjson // has only plain fields
	return string(data)
}

func (op Operation) title() string {
	if op.Path == "" {
		return "hidden operations"
	}
	return op.Method + " " + op.Path
}
