package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

var root = os.DirFS(filepath.Join("..", "..", ".."))

// TestGoBlocks compiles each block of Go code of the repository's Markdown files. Blocks that
// equal a file are left out, because the file is compiled.
//
// A block may need names that its page explains in words, such as the request's ctx. They are
// declared in testdata: for all pages in shared.go, and for docs/guide.md in docs/guide.go.
func TestGoBlocks(t *testing.T) {
	blocks, err := archtest.Blocks(root)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]archtest.Block{}
	for _, b := range blocks {
		if b.Language == "go" && b.Marker == "" {
			pages[b.Path] = append(pages[b.Path], b)
		}
	}
	contexts := map[string]string{} // by page
	dir := os.DirFS("testdata")
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		contexts[strings.TrimSuffix(name, ".go")+".md"] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shared := contexts["shared.md"]
	delete(contexts, "shared.md")
	for _, sentence := range compile(t, shared, contexts, pages) {
		t.Error(sentence)
	}
}

// compile checks pages with their contexts. It reports a name of a context that no block uses,
// and one that hides a package.
func compile(t *testing.T, shared string, contexts map[string]string, pages map[string][]archtest.Block) []string {
	t.Helper()
	c, err := newChecker(otherImports(t, shared, contexts, pages))
	if err != nil {
		t.Fatal(err)
	}
	var found, declared []string
	context := func(file, code string) []snippet {
		code = strings.TrimSpace(code) + "\n"
		snippets, err := c.split(file, 1, code, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range snippets {
			for _, name := range s.names {
				if imports[name] != "" {
					found = append(found, file+": "+name+" hides a package")
				}
				if !s.method && name != "_" {
					declared = append(declared, file+" "+name)
				}
			}
		}
		return snippets
	}
	all := context("shared.go", shared)
	for page := range contexts {
		if len(pages[page]) == 0 {
			found = append(found, page+" has a context, and no block of Go code that needs one")
		}
	}
	for page, blocks := range pages {
		code := all
		if text, ok := contexts[page]; ok {
			code = replaced(all, context(strings.TrimSuffix(page, path.Ext(page))+".go", text))
		}
		found = append(found, c.page(code, blocks)...)
	}
	for _, name := range declared {
		if !c.used[name] {
			found = append(found, name+" is not used by any block")
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// otherImports returns the packages that import lines name.
func otherImports(t *testing.T, shared string, contexts map[string]string, pages map[string][]archtest.Block) []string {
	t.Helper()
	var found []string
	add := func(code string) {
		file, err := parser.ParseFile(token.NewFileSet(), "", code, parser.ImportsOnly)
		if err != nil {
			return // statements, or an error that the check reports
		}
		for _, spec := range file.Imports {
			found = append(found, strings.Trim(spec.Path.Value, `"`))
		}
	}
	add(shared)
	for _, code := range contexts {
		add(code)
	}
	for _, blocks := range pages {
		for _, b := range blocks {
			add("package docs\n" + b.Code)
		}
	}
	return found
}
