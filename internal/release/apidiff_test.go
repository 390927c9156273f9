package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIncompatibleChange renames a function of a module. A patch version with this
// change is refused, and a new minor version before 1.0 is not.
func TestIncompatibleChange(t *testing.T) {
	repository, err := repositoryRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module "+root.path+"\n\ngo 1.25.0\n")
	if err := os.Mkdir(filepath.Join(dir, "security"), 0o750); err != nil {
		t.Fatal(err)
	}
	write("security/key.go", "package security\n\nfunc NewKey() {}\n")
	git := identity(command{dir: dir})
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "--message", "Begin"}, {"tag", "v0.1.0"}} {
		if _, err := git.run(t.Context(), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	compare := func() string {
		t.Helper()
		changes, err := difference(t.Context(), toolsOf(repository), dir, "v0.1.0")
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	write("security/key.go", "package security\n\nfunc NewKey() {}\n\nfunc NewKeys() {}\n")
	if got, err := judge("v0.1.1", "v0.1.0", compare()); err != nil || got != "compatible with v0.1.0" {
		t.Errorf("new function: got %q, %v, want compatible", got, err)
	}
	write("security/key.go", "package security\n\nfunc MakeKey() {}\n")
	changes := compare()
	if _, err := judge("v0.1.1", "v0.1.0", changes); err == nil || !strings.Contains(err.Error(), "NewKey") {
		t.Errorf("patch version: got %v, want an error about NewKey", err)
	}
	if detail, err := judge("v0.2.0", "v0.1.0", changes); err != nil || !strings.Contains(detail, "NewKey") {
		t.Errorf("minor version: got %q, %v, want a warning about NewKey", detail, err)
	}
}
