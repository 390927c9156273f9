package policy_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldenProblems compares the table in docs/errors.md with the problems in the code.
func TestGoldenProblems(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "errors.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| status | `type` | when |\n|---|---|---|\n"
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("%s has no table with the head %q", file, head)
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	var rows strings.Builder
	for _, c := range policy.Causes() {
		fmt.Fprintf(&rows, "| %d | `%s` | %s |\n", c.Problem.Status, c.Problem.Type, c.When)
	}
	want := before + head + rows.String() + "\n" + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s: the table differs from the problems; run go test -run Golden -update", file)
	}
}

// TestProblemTypes shows that each type in the repository is one that the core sends. Words
// with underscores would be others, and clients compare the text.
func TestProblemTypes(t *testing.T) {
	known := map[string]bool{}
	for _, c := range policy.Causes() {
		known[c.Problem.Type] = true
	}
	const prefix = "urn:" + "humasess:problem:"
	pattern := regexp.MustCompile(prefix + `[A-Za-z0-9_.-]*[A-Za-z0-9_]`)
	found := map[string]bool{}
	root := os.DirFS(filepath.Join("..", ".."))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || len(name) > 1 && name[0] == '.'):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".js", ".ts", ".json", ".py", ".html", ".yaml", ".yml":
		default:
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		for _, match := range pattern.FindAllString(string(text), -1) {
			found[match] = true
			if !known[match] {
				t.Errorf("H4 %s has the type %s, which the core never sends", path, match)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind := range known {
		if strings.HasPrefix(kind, prefix) && (!found[kind] || strings.Contains(kind, "_")) {
			t.Errorf("H4 the type %s: got found %v, want one that is found and has hyphens", kind, found[kind])
		}
	}
}
