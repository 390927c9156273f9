package archtest_test

import (
	"testing"
	"testing/fstest"

	"github.com/humasess/sessions/internal/archtest"
)

func TestDocLinks(t *testing.T) {
	std := fstest.MapFS{"io/io.go": {Data: []byte("package io\n\ntype Reader interface{ Read() }\n\nfunc Copy() {}\n")}}
	const code = "import (\n\t\"io\"\n\t\"example.com/far/v2\"\n\t\"example.test/m/b\"\n)\n\n" +
		"// T is.\ntype T[K any] struct{ Field int }\n\n// Do does.\nfunc (t *T[K]) Do() {}\n\n// C is.\nconst C = 1\n"
	tests := []struct {
		name    string
		comment string
		want    []string
	}{
		{"type, constant, method and field", "[T], [C], [T.Do], [*T], [T.Field]", nil},
		{"unknown name", "[U]", []string{"[U] leads nowhere"}},
		{"unknown method", "[T.Undo]", []string{"[T.Undo]"}},
		{"own package", "[a.T]", nil},
		{"other package", "[b.B] [b]", nil},
		{"unknown name of another package", "[b.C]", []string{"[b.C]"}},
		{"package that is not imported", "[c.C]", []string{"[c.C]"}},
		{"standard library", "[io.Copy] [io.Reader.Read] [io]", nil},
		{"unknown name of the standard library", "[io.Paste]", []string{"[io.Paste]"}},
		{"package of the standard library that is not imported", "[os.Open]", []string{"[os.Open]"}},
		{"other module", "[far.Anything]", nil},
		{"list", "\n//\n// Text:\n//   - [Y]", []string{"[Y]"}},
		{"code", "\n//\n//\tlist[N]", nil},
		{"link with a definition", "[b.B]\n//\n// [b.B]: https://pkg.go.dev/example.test/m/b#B", nil},
		{"definition of an unknown name", "[b.C]\n//\n// [b.C]: https://pkg.go.dev/example.test/m/b#C", []string{"[b.C]"}},
		{"definition of another site", "[RFC 1]\n//\n// [RFC 1]: https://example.com/1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := load(t, source{
				"a/a.go": "// Package a is. " + tt.comment + "\npackage a\n\n" + code,
				"b/b.go": "// Package b is.\npackage b\n\n// B is.\ntype B int\n",
			})
			expect(t, tree.DocLinks(std), tt.want)
		})
	}
}

func TestDocLinksOfMembers(t *testing.T) {
	tests := []struct {
		name string
		code string
		want []string
	}{
		{"field", "// T is.\ntype T struct {\n\t// F is [X].\n\tF int\n\tG int // [Y]\n}", []string{"a.go:6", "a.go:8"}},
		{"method of an interface", "// T is.\ntype T interface {\n\t// F is [X].\n\tF()\n}", []string{"[X]"}},
		{"constants", "// All [X].\nconst (\n\tA = 1 // [Y]\n)", []string{"[X]", "[Y]"}},
		{"not shown", "// f is [X].\nfunc f() {}\n\n// F does.\nfunc F() {\n\t// [Y]\n}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := load(t, source{"a/a.go": "// Package a is.\npackage a\n\n" + tt.code + "\n"})
			expect(t, tree.DocLinks(fstest.MapFS{}), tt.want)
		})
	}
	tree := load(t, source{"internal/a/a.go": "// Package a is [X].\npackage a\n"})
	expect(t, tree.DocLinks(fstest.MapFS{}), nil)
	other := load(t, source{"b/b.go": "// Package b is [example.test/n.N] and [example.test/n.M].\npackage b\n"})
	far, err := archtest.Load(fstest.MapFS{
		"go.mod": {Data: []byte("module example.test/n\n")}, "n.go": {Data: []byte("package n\n\n// N is.\ntype N int\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, other.DocLinks(fstest.MapFS{}, far), []string{"n.M"})
}
