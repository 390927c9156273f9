package archtest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/humasess/sessions/internal/archtest"
)

// source is a fake file tree; a go.mod is added to it.
type source map[string]string

func (s source) files() fstest.MapFS {
	files := fstest.MapFS{"go.mod": {Data: []byte("module example.test/m\n")}}
	for name, text := range s {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func load(t *testing.T, s source) *archtest.Tree {
	t.Helper()
	tree, err := archtest.Load(s.files())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// expect compares findings with what each of them must contain.
func expect(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.Contains) {
		t.Errorf("got findings %q, want %d with %q", got, len(want), want)
	}
}

func TestLoad(t *testing.T) {
	const broken = "this is not Go"
	tests := []struct {
		name   string
		source source
		want   string
	}{
		{"syntax error", source{"a/a.go": broken}, "a/a.go:1"},
		{"no module line", source{"go.mod": "go 1.25\n"}, "no module line"},
		{"nested module", source{"a/go.mod": "module a\n", "a/b/b.go": broken}, ""},
		{"ignored folders", source{"a/testdata/a.go": broken, ".a/a.go": broken, "_a/a.go": broken}, ""},
		{"other files", source{"a/a.txt": broken}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := archtest.Load(tt.source.files())
			got := ""
			if err != nil {
				got = err.Error()
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got error %q, want %q", got, tt.want)
			}
		})
	}
}

func TestImports(t *testing.T) {
	table := archtest.Table{
		"low":        {Tests: []string{"example.com/fake"}},
		"high":       {Imports: []string{"./low", "example.com/client/..."}},
		"help":       {Imports: []string{"testing"}},
		"cmd/...":    {Imports: []string{"./high"}},
		"cmd/strict": {},
	}
	importing := func(name string) string { return "package p\n\nimport \"" + name + "\"\n" }
	tests := []struct {
		name   string
		source source
		want   []string
	}{
		{"standard library", source{"low/a.go": importing("net/http")}, nil},
		{"allowed", source{"high/a.go": importing("example.test/m/low")}, nil},
		{"upwards", source{"low/a.go": importing("example.test/m/high")}, []string{`low/a.go:3: package "low" must not import "./high"`}},
		{"upwards from a test", source{"low/a_test.go": importing("example.test/m/high")}, []string{`must not import "./high"`}},
		{"foreign", source{"low/a.go": importing("example.com/x")}, []string{`must not import "example.com/x"`}},
		{"for tests only, in a test", source{"low/a_test.go": importing("example.com/fake")}, nil},
		{"for tests only, elsewhere", source{"low/a.go": importing("example.com/fake")}, []string{`must not import "example.com/fake"`}},
		{"itself from its external test", source{"low/a_test.go": importing("example.test/m/low")}, nil},
		{"with everything below", source{"high/a.go": importing("example.com/client"), "high/b.go": importing("example.com/client/x")}, nil},
		{"not everything below", source{"high/a.go": importing("example.test/m/low/x")}, []string{`must not import "./low/x"`}},
		{"a longer name", source{"high/a.go": importing("example.com/clients")}, []string{`must not import "example.com/clients"`}},
		{"no row", source{"new/a.go": importing("io")}, []string{`package "new" has no row`}},
		{"no row for a folder below", source{"low/new/a.go": importing("io")}, []string{`package "low/new" has no row`}},
		{"row of a parent", source{"cmd/a/b/a.go": importing("example.test/m/high")}, nil},
		{"own row beats that of a parent", source{"cmd/strict/a.go": importing("example.test/m/high")}, []string{`must not import "./high"`}},
		{"testing in a program", source{"low/a.go": importing("testing/fstest")}, []string{`must not import "testing/fstest"`}},
		{"testing in a test", source{"low/a_test.go": importing("testing/fstest")}, nil},
		{"testing in a helper", source{"help/a.go": importing("testing")}, nil},
		{"unsafe", source{"low/a.go": importing("unsafe")}, []string{`must not import "unsafe"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, load(t, tt.source).Imports(table), tt.want) })
	}
}

func TestUndocumented(t *testing.T) {
	tests := []struct {
		name string
		code string // after a documented package clause
		want []string
	}{
		{"function", "func F() {}", []string{"a.go:3: F has no comment"}},
		{"documented function", "// F does.\nfunc F() {}", nil},
		{"unexported function", "func f() {}", nil},
		{"method", "func (t *T[K]) M() {}", []string{"M has no comment"}},
		{"method of an unexported type", "func (t t) M() {}", nil},
		{"type", "type T int", []string{"T has no comment"}},
		{"types under one comment", "// Types.\ntype (\n\tT int\n\tU int // counts\n)", []string{"T has no comment"}},
		{"constants under one comment", "// All.\nconst (\n\tA = 1\n\tB = 2\n)", nil},
		{"constant with a comment at its end", "const (\n\tA = 1 // one\n\tB = 2\n)", []string{"B has no comment"}},
		{"variables", "var A, b, C int", []string{"A has", "C has"}},
		{"method of an interface", "// T is.\ntype T interface {\n\tM()\n\t// N does.\n\tN()\n}", []string{"M has no comment"}},
		{"only method of an interface", "// T does M.\ntype T interface{ M() }", nil},
		{"field of options", "// AOptions are.\ntype AOptions struct {\n\tA int\n\tB int // counts\n}", []string{"A has no comment"}},
		{"field of another struct", "// T is.\ntype T struct{ A, b int }", []string{"A has no comment"}},
		{"field with text for the OpenAPI document", "// T is.\ntype T struct {\n\tA int `json:\"a\" doc:\"Counts.\"`\n}", nil},
		{"field of an unexported struct", "// t is.\ntype t struct{ A int }", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := load(t, source{"a/a.go": "// Package a is.\npackage a\n" + tt.code + "\n"})
			expect(t, tree.Undocumented(), tt.want)
		})
	}
}

func TestUndocumentedPackage(t *testing.T) {
	tests := []struct {
		name   string
		source source
		want   []string
	}{
		{"no comment", source{"a/a.go": "package a\n"}, []string{`package "a" has no package comment`}},
		{"in one of its files", source{"a/a.go": "package a\n", "a/doc.go": "// Package a is.\npackage a\n"}, nil},
		{"in a test", source{"a/a.go": "package a\n", "a/a_test.go": "// Package a is.\npackage a\n"}, []string{"no package comment"}},
		{"not adjacent", source{"a/a.go": "// Package a is.\n\npackage a\n"}, []string{"no package comment"}},
		{"program", source{"a/a.go": "package main\n\ntype T int\n"}, []string{`package "a" has no package comment`}},
		{"nothing but tests", source{"a/a_test.go": "package a_test\n\nfunc F() {}\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, load(t, tt.source).Undocumented(), tt.want) })
	}
}

func TestLongFiles(t *testing.T) {
	long := "package a\n" + strings.Repeat("\n", 9)
	tests := []struct {
		name   string
		source source
		want   []string
	}{
		{"at the limit", source{"a/a.go": long}, nil},
		{"above it", source{"a/a.go": long + "\n"}, []string{"a/a.go has 11 lines, more than 10"}},
		{"test", source{"a/a_test.go": long + "\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, load(t, tt.source).LongFiles(10), tt.want) })
	}
}

func TestAPI(t *testing.T) {
	tests := []struct {
		name string
		code string
		want []string
	}{
		{"unexported", "const c = 1\nvar v int\nfunc f() {}\ntype t int\nfunc (t) M() {}", nil},
		{"constants", "const A, b, C = 1, 2, \"x\"\nconst D int = 3", []string{"const A = 1", "const C = \"x\"", "const D int = 3"}},
		{"iota", "const (\n\tA K = iota + 1\n\tB\n)", []string{"const A K = iota + 1, iota 0", "const B K = iota + 1, iota 1"}},
		{"variables", "var A, B error\nvar C = 1", []string{"var A error", "var B error", "var C"}},
		{
			"functions", "func F(a, b int, c ...string) (n int, err error) { return }\nfunc G[K comparable, V any](m map[K]V) {}",
			[]string{"func F(int, int, ...string) (int, error)", "func G[K comparable, V any](map[K]V)"},
		},
		{"on several lines", "func F(\n\ta int,\n\tb struct {\n\t\tC int\n\t},\n) {\n}", []string{"func F(int, struct{C int})"}},
		{
			"struct", "type T[V any] struct {\n\tA, b int\n\tF func(v V) error `json:\"f\"`\n\tio.Reader\n}",
			[]string{
				"type T struct, A int", "type T struct, F func(V) error `json:\"f\"`",
				"type T struct, embedded io.Reader", "type T[V any] struct",
			},
		},
		{"methods", "type T[V any] int\nfunc (t *T[V]) M(v V) {}\nfunc (t T[V]) m() {}", []string{"method (*T[V]) M(V)", "type T[V any] int"}},
		{
			"interface", "type I interface {\n\tio.Reader\n\tM(n int) error\n\tm()\n}",
			[]string{"type I interface", "type I interface, M(int) error", "type I interface, embedded io.Reader", "type I interface, unexported method"},
		},
		{
			"through an embedded type", "type T struct{ *t[int] }\ntype t[V any] struct{ A V }\nfunc (t[V]) M() {}",
			[]string{"method (t[V]) M()", "type T struct", "type T struct, embedded *t[int]", "type t struct, A V", "type t[V any] struct"},
		},
		{"through an alias", "type T = t\ntype t int\nfunc (t) M() {}", []string{"method (t) M()", "type T = t", "type t int"}},
		{"of the same name elsewhere", "type T struct{ *x.t }\ntype t struct{ A int }", []string{"type T struct", "type T struct, embedded *x.t"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want []string
			for _, line := range tt.want {
				want = append(want, "a: "+line)
			}
			got := load(t, source{"a/a.go": "package a\n" + tt.code + "\n"}).API()
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAPIPackages(t *testing.T) {
	tests := []struct {
		name   string
		source source
		want   []string
	}{
		{"public", source{"a/b/a.go": "package b\n\nvar V int\n"}, []string{"a/b: var V int"}},
		{"internal", source{"a/internal/b/b.go": "package b\n\nvar V int\n"}, nil},
		{"program", source{"a/a.go": "package main\n\nvar V int\n"}, nil},
		{"test", source{"a/a_test.go": "package a\n\nvar V int\n"}, nil},
		{"one file per platform", source{"a/a.go": "package a\n\nvar V int\n", "a/b.go": "package a\n\nvar V int\n"}, []string{"a: var V int"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, load(t, tt.source).API(), tt.want) })
	}
}

func TestModules(t *testing.T) {
	const sum = "example.com/a v1.0.0 h1:x=\nexample.com/a v1.0.0/go.mod h1:y=\n"
	tests := []struct {
		name string
		mod  string
		sum  string
		want []string
	}{
		{"none", "module m\n\ngo 1.25 // because\n", "", nil},
		{"single", "require example.com/a v1.0.0\n", sum, []string{"direct example.com/a", "sum example.com/a"}},
		{
			"block", "require (\n\texample.com/b v1.0.0 // indirect\n\n\texample.com/a v1.0.0 // why\n)\n", "",
			[]string{"direct example.com/a", "indirect example.com/b"},
		},
		{"other directives", "replace a => ../a\ntool (\n\tx/y\n)\n", "", []string{"replace a => ../a", "tool x/y"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := archtest.Modules(source{"go.mod": tt.mod, "go.sum": tt.sum}.files())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	const fence = "```"
	program := "package main\n\nfunc main() {}\n"
	goBlock := func(code string) string { return fence + "go\n" + code + "\n" + fence + "\n" }
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"links that lead somewhere", "[a](b.md), ![c](/docs/b.md#x)\n\n[d]: ../x/main.go\n", nil},
		{"links elsewhere", "[a](https://example.com/x#c), [d](mailto:e@example.com), <https://example.com>\n", nil},
		{"dead link", "\n[a](c.md)\n", []string{`docs/a.md:2: link to "c.md"`}},
		{"dead link with a title", "[a](c.md \"title\") [b](b.md)\n", []string{`link to "c.md"`}},
		{"dead link by reference", "[a]: c.md\n", []string{`link to "c.md"`}},
		{"link out of the repository", "[a](../../b.md)\n", []string{`link to "../../b.md"`}},
		{"link in code", "`[a](c.md)`\n" + fence + "text\n[a](c.md)\n" + fence + "\n", nil},
		{"declarations", goBlock("import \"io\"\n\ntype T struct{ io.Reader }\n\nfunc f() {}"), nil},
		{"statements", goBlock("x, err := f()\nif err != nil {\n\treturn err\n}"), nil},
		{"not Go", goBlock("x := := 1"), []string{"docs/a.md:1: block does not parse"}},
		{"not Go in a list", "* a\n\n  " + fence + "go\n  x := := 1\n  " + fence + "\n", []string{"docs/a.md:3: block does not parse"}},
		{"not Go, said to be text", fence + "text\nx := := 1\n" + fence + "\n", nil},
		{"program without a file", goBlock("// Hello.\n\n" + program), []string{"block is a program"}},
		{"program with its file", "<!-- file: x/main.go -->\n\n" + goBlock(program), nil},
		{"program in a list", "  <!-- file: x/main.go -->\n  " + fence + "go\n  package main\n\n  func main() {}\n  " + fence + "\n", nil},
		{"program that differs", "<!-- file: x/main.go -->\n" + goBlock(program+"// more"), []string{"block differs from x/main.go"}},
		{"program of a missing file", "<!-- file: x/x.go -->\n" + goBlock(program), []string{`"x/x.go", which does not exist`}},
		{"file named further up", "<!-- file: x/main.go -->\ntext\n" + goBlock(program), []string{"block is a program"}},
		{"file named for the block before", "<!-- file: x/main.go -->\n" + goBlock(program) + goBlock(program), []string{"block is a program"}},
		{"other language with its file", "<!-- file: x/x.sh -->\n" + fence + "sh\nfalse\n" + fence + "\n", []string{"block differs from x/x.sh"}},
		{"part of a file", "<!-- file: x/parts.py#one -->\n" + fence + "python\nif x:\n    y()\n\nz()\n" + fence + "\n", nil},
		{"another part of it", "<!-- file: x/parts.py#two -->\n" + fence + "python\nw()\n" + fence + "\n", nil},
		{"part that differs", "<!-- file: x/parts.py#two -->\n" + fence + "python\nz()\n" + fence + "\n", []string{"block differs from x/parts.py#two"}},
		{"missing part", "<!-- file: x/parts.py#three -->\n" + fence + "python\nw()\n" + fence + "\n", []string{`"x/parts.py#three", which does not exist`}},
		{"part of a missing file", "<!-- file: x/x.py#one -->\n" + fence + "python\nw()\n" + fence + "\n", []string{`"x/x.py#one", which does not exist`}},
		{"block without a language", fence + "\nx\n" + fence + "\n", []string{"docs/a.md:1: block names no language"}},
		{"block without end", fence + "go\nx()\n", []string{"block of code has no end"}},
		{"fence within a longer fence", "~~~~md\n" + goBlock("x := := 1") + "~~~~\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := archtest.Markdown(source{
				"docs/a.md": tt.text, "docs/b.md": "# X\n", "x/main.go": program, "x/x.sh": "true\n",
				"x/parts.py": "v()\n    # docs: begin one\n    if x:\n        y()\n\n    z()\n    # docs: end\nu()\n# docs: begin two\nw()\n# docs: end\n",
			}.files())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, tt.want)
		})
	}
}
