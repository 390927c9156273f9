package archtest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

// TestNamesOfTheMap holds the maps of the code to the code.
func TestNamesOfTheMap(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	tree, err := archtest.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{"CONTRIBUTING.md", "docs/architecture.md"} {
		found, err := tree.Names(root, doc)
		if err != nil {
			t.Fatal(err)
		}
		none(t, found)
	}
}

func TestNames(t *testing.T) {
	const code = "package a\n\nconst c = 0\n\ntype T[V any] struct{ F V }\n\nfunc (t *T[V]) M() {}\n\ntype I interface{ N() }\n\nfunc f() { var x int }\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a file", "`a/a.go`", nil},
		{"a missing file", "\n`a/b.go`", []string{"doc.md:2: a/b.go does not exist"}},
		{"a missing file with names", "`a/b.go: T.M`", []string{"a/b.go does not exist"}},
		{"declarations of a file", "`a/a.go: T.M, T.F, f, c, I.N`", nil},
		{"a declaration of another file", "`b/b.go: T.M`", []string{"b/b.go does not declare T.M"}},
		{"a missing declaration", "`a/a.go: T.M, T.X`", []string{"a/a.go does not declare T.X"}},
		{"a variable of a function", "`a/a.go: x`", []string{"a/a.go does not declare x"}},
		{"names without a file", "`T.M` `a.f` `I.N` `b.T`", nil},
		{"a missing method", "`T.X`", []string{"T.X is not declared"}},
		{"a name of another package", "`b.f`", []string{"b.f is not declared"}},
		{"other code", "`make x`, `x`, `go.sum`, `a/b.txt`, a/b.go, `a.b.c`", nil},
		{"a block of code", "```\n`T.X`\n```\n`T.Y`", []string{"doc.md:4: T.Y is not declared"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := source{"a/a.go": code, "b/b.go": "package b\n\ntype T int\n", "doc.md": tt.text}
			found, err := load(t, s).Names(s.files(), "doc.md")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, found, tt.want)
		})
	}
}
