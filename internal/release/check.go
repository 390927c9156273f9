package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// check is the dry run: it prepares the version in a copy and checks it.
func check(ctx context.Context, out io.Writer, repository, version, base string) error {
	temp, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if version == "" {
		if version, err = nextVersion(repository); err != nil {
			return err
		}
	}
	dir := filepath.Join(temp, "repository")
	steps := &report{out: out}
	if !steps.step("copy", func() (string, error) { return repository, copyOf(ctx, repository, dir) }) {
		return steps.result()
	}
	sums, err := examine(ctx, steps, repository, temp, identity(command{dir: dir}), version, base, false)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "\n"+strings.Join(sums, "\n"))
	return nil
}

// prepare makes a clone with the commits and tags of the version and checks them.
func prepare(ctx context.Context, out io.Writer, repository, dir, version, base string, sign bool) error {
	temp, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	steps := &report{out: out}
	if !steps.step("clone", func() (string, error) { return dir, cloneOf(ctx, repository, dir) }) {
		return steps.result()
	}
	sums, err := examine(ctx, steps, repository, temp, command{dir: dir}, version, base, sign)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "..", filepath.Base(dir)+"-SUMS")
	if err := os.WriteFile(name, []byte(strings.Join(sums, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n%s\n\nNothing was pushed. Read the two commits, then run:\n\n\tgit -C '%s' push --atomic origin HEAD:%s", strings.Join(sums, "\n"), dir, branch)
	for _, m := range published {
		_, _ = fmt.Fprint(out, " ", m.tag(version))
	}
	_, _ = fmt.Fprintln(out)
	return nil
}

// nextVersion returns the version that the changelog announces. Between releases it
// announces none, and the checks use a version that no release has.
func nextVersion(repository string) (string, error) {
	changelog, err := os.ReadFile(filepath.Join(repository, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	if version := pendingVersion(string(changelog)); version != "" {
		return version, nil
	}
	return "v0.999.0", nil
}

// examine makes the commits and tags of the version and runs all checks. It returns
// the checksums of the module zips.
func examine(ctx context.Context, steps *report, repository, temp string, git command, version, base string, sign bool) ([]string, error) {
	if err := validVersion(version); err != nil {
		return nil, err
	}
	proxy, err := newProxy(ctx, temp, git.dir)
	if err != nil {
		return nil, err
	}
	steps.step("api", func() (string, error) { return checkDifference(ctx, repository, version, base) })
	t := &tagging{git: git, version: version, date: time.Now(), sign: sign, proxy: proxy}
	if !steps.step("commit and tags", func() (string, error) { return t.release(ctx) }) {
		return nil, steps.result()
	}
	var sums []string
	steps.step("zips", func() (detail string, err error) {
		sums, detail, err = checkZips(ctx, proxy, version)
		return detail, err
	})
	steps.step("other modules", func() (string, error) { return consistent(ctx, git.dir) })
	var bare []string
	if !steps.step("program bare", func() (string, error) {
		huma, err := humaVersion(ctx, git.dir)
		if err != nil {
			return "", err
		}
		_, bare, err = proxy.create(ctx, temp, "bare", huma)
		return fmt.Sprintf("%s alone: go.sum has %d lines", huma, len(bare)), err
	}) {
		return nil, steps.result()
	}
	for _, program := range outsides {
		steps.step("program "+program.name, func() (string, error) { return program.check(ctx, proxy, temp, version, bare) })
	}
	steps.step("go install", func() (string, error) { return install(ctx, proxy, temp, version) })
	steps.step("commit after", func() (string, error) { return "replace directives are back", t.reopen(ctx) })
	return sums, steps.result()
}

// consistent reports a module of the repository whose go.mod does not fit the others
// at the tag.
func consistent(ctx context.Context, dir string) (string, error) {
	folders, err := unpublished(dir)
	if err != nil {
		return "", err
	}
	for _, folder := range folders {
		if _, err := (command{dir: filepath.Join(dir, folder)}).run(ctx, "go", "list", "-mod=readonly", "./..."); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d go.mod files need no update", len(folders)), nil
}

// humaVersion returns the oldest supported huma, in the form path@version.
func humaVersion(ctx context.Context, dir string) (string, error) {
	mod, err := readGoMod(ctx, dir, goModFile)
	if err != nil {
		return "", err
	}
	for _, require := range mod.Require {
		if require.Path == humaPath {
			return require.Path + "@" + require.Version, nil
		}
	}
	return "", errors.New("go.mod does not require huma")
}
