package archtest_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

// withoutExample has the reasons for which a method needs no example.
var withoutExample = map[string]string{
	"Session.GoString": "the package fmt calls it",
	"Session.LogValue": "the package slog calls it",
	"Session.String":   "the package fmt calls it",
	"Session.Resolve":  "huma calls it",
}

// TestExamples keeps an example for each method of Session and Manager, and for each group
// of Options. A reader of the package page finds each feature in code.
func TestExamples(t *testing.T) {
	tree, err := archtest.Load(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	none(t, missingExamples(tree))
}

// missingExamples names the methods and groups that no example uses. Examples call a
// Manager sessions, and no Session has that name.
func missingExamples(tree *archtest.Tree) []string {
	var found []string
	examples := tree.ExamplesOf("humasess")
	for _, typ := range []string{"Session", "Manager"} {
		for _, method := range tree.MethodsOf("humasess", typ) {
			name := typ + "." + method
			used := slices.ContainsFunc(examples.Calls[method], func(value string) bool { return (value == "sessions") == (typ == "Manager") })
			if _, excepted := withoutExample[name]; !used && !excepted {
				found = append(found, name+" is in no example; write one, or add a reason to withoutExample")
			}
		}
	}
	groups := tree.OptionGroups("humasess", "Options")
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		if !slices.ContainsFunc(groups[group], func(field string) bool { return examples.Fields[field] }) {
			found = append(found, fmt.Sprintf("Options: no example sets an option of the group %q", group))
		}
	}
	return found
}

func TestMissingExamples(t *testing.T) {
	const code = "// Package humasess is.\npackage humasess\n\ntype Session[T any] struct{}\n\ntype Manager[T any] struct{}\n\n" +
		"func (Session[T]) String() {}\n\nfunc (*Session[T]) List() {}\n\nfunc (*Manager[T]) List() {}\n\n" +
		"// Options are in groups:\n//   - One: A, B\n//   - Two: C\ntype Options struct{}\n"
	tests := []struct {
		name    string
		example string
		want    []string
	}{
		{"all", "_ = Options{B: 1, C: 2}\n\tsessions.List()\n\tin.Session.List()", nil},
		{"no session", "_ = Options{B: 1, C: 2}\n\tsessions.List()", []string{"Session.List"}},
		{"no manager", "_ = Options{B: 1, C: 2}\n\tin.List()", []string{"Manager.List"}},
		{"no group", "_ = Options{A: 1, B: 1}\n\tsessions.List()\n\tin.List()", []string{`the group "Two"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := load(t, source{
				"humasess/a.go":            code,
				"humasess/example_test.go": "package humasess_test\n\nfunc Example() {\n\t" + tt.example + "\n}\n",
			})
			expect(t, missingExamples(tree), tt.want)
		})
	}
}
