package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestValidVersion(t *testing.T) {
	for version, want := range map[string]bool{"v0.1.0": true, "v1.10.2": true, "v0.2.0-rc.1": false, "v01.0.0": false, "0.1.0": false, "v1": false, "v1.0.0-beta": false, "": false} {
		if got := validVersion(version) == nil; got != want {
			t.Errorf("%q: got %v, want %v", version, got, want)
		}
	}
}

func TestMayBreak(t *testing.T) {
	for _, test := range []struct {
		base, version string
		want          bool
	}{
		{"v0.1.0", "v0.1.1", false}, {"v0.1.9", "v0.2.0", true}, {"v0.9.0", "v1.0.0", true},
		{"v1.0.0", "v1.0.1", false}, {"v1.0.0", "v1.1.0", false}, {"v1.9.9", "v2.0.0", true},
	} {
		if got := mayBreak(test.version, test.base); got != test.want {
			t.Errorf("%s after %s: got %v, want %v", test.version, test.base, got, test.want)
		}
	}
}

func TestVersionBefore(t *testing.T) {
	git := identity(command{dir: t.TempDir()})
	run := func(args ...string) {
		t.Helper()
		if _, err := git.run(t.Context(), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "--quiet")
	run("commit", "--quiet", "--allow-empty", "--message", "Begin")
	if got, err := versionBefore(t.Context(), git.dir, "v0.1.0"); got != "" || err != nil {
		t.Errorf("without tags: got %q, %v, want none", got, err)
	}
	for _, tag := range []string{"v0.1.0", "v0.9.0", "v0.10.0", "v0.10.1-rc.1", "v0.11.0", "cmd/humasess/v0.10.0", "very"} {
		run("tag", tag)
	}
	if got, err := versionBefore(t.Context(), git.dir, "v0.11.0"); got != "v0.10.0" || err != nil {
		t.Errorf("got %q, %v, want v0.10.0", got, err)
	}
}

// TestMissingTag has a checkout without tags, as a shallow clone is. It must not pass as one
// before the first release.
func TestMissingTag(t *testing.T) {
	git := identity(command{dir: t.TempDir()})
	for _, args := range [][]string{{"init", "--quiet"}, {"commit", "--quiet", "--allow-empty", "--message", "Begin"}} {
		if _, err := git.run(t.Context(), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		changelog, version string
		want               bool
	}{
		{"# Changelog\n\n## 0.1.0 - unreleased\n", "v0.1.0", false},
		{"# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-01-02\n", "v0.2.0", true},
		{"# Changelog\n\n## 0.2.0 - 2026-02-03\n\n## 0.1.0 - 2026-01-02\n", "v0.1.0", false},
	} {
		if err := os.WriteFile(filepath.Join(git.dir, "CHANGELOG.md"), []byte(test.changelog), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkDifference(t.Context(), git.dir, test.version, ""); (err != nil) != test.want {
			t.Errorf("%s after %q: got %v, want an error: %v", test.version, test.changelog, err, test.want)
		}
	}
}

// TestTestedVersions fails when docs/compatibility.md does not name exactly the
// versions of huma that make huma-versions tests, or names a test that is gone.
func TestTestedVersions(t *testing.T) {
	repository, err := repositoryRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := "| huma | " + strings.Join(tested, ", ") + " |"
	if !strings.Contains(string(text), want) {
		t.Errorf("docs/compatibility.md: got no row %q", want)
	}
	exist := testNames(t, repository)
	for _, name := range testName.FindAllString(string(text), -1) {
		if !exist[name] {
			t.Errorf("docs/compatibility.md names %s, and there is no such test", name)
		}
	}
	oldest, err := humaVersion(t.Context(), repository)
	if err != nil || oldest != humaPath+"@"+tested[0] {
		t.Errorf("go.mod: got %s, %v, want the oldest tested version %s", oldest, err, tested[0])
	}
}

var (
	testName = regexp.MustCompile(`\bTest[A-Z]\w*`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// testNames returns the names in the tests of the repository.
func testNames(t *testing.T, repository string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, found := range testFunc.FindAllSubmatch(text, -1) {
			names[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
