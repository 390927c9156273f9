package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/licences.md")

// TestGoldenLicences fails when a published module needs a module that
// docs/licences.md does not list, and when a licence is not allowed.
func TestGoldenLicences(t *testing.T) {
	repository, err := repositoryRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dependencies, err := dependenciesOf(t.Context(), repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultsOfLicences(dependencies) {
		t.Error(fault)
	}
	name := filepath.Join(repository, "docs", "licences.md")
	want := page(dependencies)
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/licences.md: got\n%s\nwant\n%s\nRead the difference, then run make golden.", got, want)
	}
}

func TestLicenceOf(t *testing.T) {
	repository, err := repositoryRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := licenceOf(repository)
	if err != nil || !slices.Equal(got, []string{"MIT"}) {
		t.Errorf("this repository: got %q, %v, want MIT", got, err)
	}
	if got, err := licenceOf(t.TempDir()); err == nil {
		t.Errorf("a folder without a licence: got %q, want an error", got)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("All rights reserved. Ask the author for permission."), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := licenceOf(dir); err == nil {
		t.Errorf("an unknown licence: got %q, want an error", got)
	}
}

func TestFaultsOfLicences(t *testing.T) {
	got := faultsOfLicences([]dependency{{path: "example.com/free", licence: "MIT"}, {path: "example.com/copyleft", licence: "GPL-3.0 AND MIT"}})
	if len(got) != 1 || !strings.HasPrefix(got[0], "example.com/copyleft has the licence GPL-3.0;") {
		t.Errorf("got %q, want a sentence about the copyleft module", got)
	}
}
