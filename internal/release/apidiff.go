package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// incompatible is the heading that apidiff prints above such changes.
const incompatible = "Incompatible changes:"

// difference compares the public packages of the checkout with those of a commit. It
// returns the text of apidiff for each module that changed. The folder tools has the
// go.mod that pins apidiff.
func difference(ctx context.Context, tools, repository, base string) (string, error) {
	temp, err := os.MkdirTemp("", "apidiff")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	tool := filepath.Join(temp, "apidiff")
	if _, err := (command{dir: tools}).run(ctx, "go", "build", "-o", tool, "golang.org/x/exp/cmd/apidiff"); err != nil {
		return "", err
	}
	old := filepath.Join(temp, "old")
	if err := os.Mkdir(old, 0o750); err != nil {
		return "", err
	}
	if _, err := (command{dir: repository}).run(ctx, "git", "archive", "--output", old+".tar", base); err != nil {
		return "", err
	}
	if _, err := (command{dir: old}).run(ctx, "tar", "-xf", old+".tar"); err != nil {
		return "", err
	}
	var found strings.Builder
	for i, m := range published {
		if strings.HasPrefix(m.dir, "cmd/") || !exists(filepath.Join(old, m.dir, goModFile)) {
			continue // a program has no API, and a new module has no API to keep
		}
		var exports [2]string
		for j, dir := range []string{old, repository} {
			exports[j] = filepath.Join(temp, fmt.Sprint("export", i, j))
			if _, err := (command{dir: filepath.Join(dir, m.dir)}).run(ctx, tool, "-m", "-w", exports[j], m.path); err != nil {
				return "", err
			}
		}
		changes, err := (command{dir: temp}).run(ctx, tool, "-m", exports[0], exports[1])
		if err != nil {
			return "", err
		}
		if changes != "" {
			_, _ = fmt.Fprintf(&found, "%s:\n%s\n", m.path, changes)
		}
	}
	return found.String(), nil
}

func toolsOf(repository string) string { return filepath.Join(repository, "internal", "tools") }

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// printDifference prints every change of the API since a commit. It fails for an
// incompatible change.
func printDifference(ctx context.Context, out io.Writer, repository, base string) error {
	changes, err := difference(ctx, toolsOf(repository), repository, base)
	if err != nil {
		return err
	}
	if changes == "" {
		changes = "no change of the API since " + base + "\n"
	}
	if _, err := io.WriteString(out, changes); err != nil {
		return err
	}
	if strings.Contains(changes, incompatible) {
		return errors.New("incompatible changes of the API since " + base)
	}
	return nil
}

// checkDifference refuses incompatible changes in a version that may not have them.
func checkDifference(ctx context.Context, repository, version, base string) (string, error) {
	if base == "" {
		var err error
		if base, err = versionBefore(ctx, repository, version); err != nil {
			return "", err
		}
	}
	if base == "" {
		return "no version before " + version, missingTag(ctx, repository, version)
	}
	changes, err := difference(ctx, toolsOf(repository), repository, base)
	if err != nil {
		return "", err
	}
	return judge(version, base, changes)
}

// judge returns an error if the changes since base are not allowed in version.
func judge(version, base, changes string) (string, error) {
	switch {
	case !strings.Contains(changes, incompatible):
		return "compatible with " + base, nil
	case validVersion(base) == nil && mayBreak(version, base):
		return "incompatible with " + base + ", which this version may be:\n" + changes, nil
	default:
		return "", fmt.Errorf("%s has incompatible changes since %s:\n%s", version, base, changes)
	}
}
