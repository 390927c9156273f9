package archtest_test

import (
	"flag"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// maxLines is the largest number of lines of a file.
const maxLines = 500

// TestRepository applies the checks to this repository.
func TestRepository(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	tree, err := archtest.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("imports", func(t *testing.T) { none(t, tree.Imports(imports)) })
	t.Run("comments", func(t *testing.T) { none(t, tree.Undocumented()) })
	t.Run("doc links", func(t *testing.T) { none(t, tree.DocLinks(standardLibrary())) })
	t.Run("options", func(t *testing.T) { none(t, tree.Options()) })
	t.Run("file length", func(t *testing.T) { none(t, tree.LongFiles(maxLines)) })
	t.Run("markdown", func(t *testing.T) {
		found, err := archtest.Markdown(root)
		if err != nil {
			t.Fatal(err)
		}
		none(t, found)
	})
	t.Run("pages that Go files name", func(t *testing.T) {
		found, err := archtest.GoLinks(root)
		if err != nil {
			t.Fatal(err)
		}
		none(t, found)
	})
}

// TestOtherModules applies the checks to the modules that users import or install. They
// use only the packages that a user's program can import.
func TestOtherModules(t *testing.T) {
	root, err := archtest.Load(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	for folder, table := range map[string]archtest.Table{"cmd/humasess": programImports, "contrib/otel": otelImports} {
		t.Run(folder, func(t *testing.T) {
			tree, err := archtest.Load(os.DirFS(filepath.Join("..", "..", filepath.FromSlash(folder))))
			if err != nil {
				t.Fatal(err)
			}
			none(t, tree.Imports(table))
			none(t, tree.Undocumented())
			none(t, tree.DocLinks(standardLibrary(), root))
			none(t, tree.Options())
			none(t, tree.LongFiles(maxLines))
		})
	}
}

// TestGolden shows the effect of a change on a user's code and go.sum.
func TestGolden(t *testing.T) {
	for _, module := range []struct{ folder, api, modules string }{
		{".", "api.txt", "modules.txt"}, {"contrib/otel", "api_otel.txt", "modules_otel.txt"},
	} {
		root := os.DirFS(filepath.Join("..", "..", filepath.FromSlash(module.folder)))
		tree, err := archtest.Load(root)
		if err != nil {
			t.Fatal(err)
		}
		modules, err := archtest.Modules(root)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("api of "+module.folder, func(t *testing.T) { golden(t, module.api, tree.API()) })
		t.Run("modules of "+module.folder, func(t *testing.T) { golden(t, module.modules, modules) })
	}
}

// standardLibrary returns the source of the Go installation that runs the test.
func standardLibrary() fs.FS { return os.DirFS(filepath.Join(build.Default.GOROOT, "src")) }

func none(t *testing.T, found []string) {
	t.Helper()
	for _, sentence := range found {
		t.Error(sentence)
	}
}

// golden compares lines with a file in testdata and reports each line that
// differs.
func golden(t *testing.T, name string, got []string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(strings.Join(got, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("got %q, which is not in %s; if the change is intended, run make golden", line, name)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("want %q of %s, which is gone; if the change is intended, run make golden", line, name)
		}
	}
}
