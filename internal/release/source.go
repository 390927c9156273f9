package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// branch is the branch that users and pull requests see.
const branch = "main"

// versioned reports whether a folder is the checkout of a git repository, and not the
// content of an archive.
func versioned(ctx context.Context, dir string) bool {
	_, err := command{dir: dir}.run(ctx, "git", "rev-parse", "--verify", "HEAD")
	return err == nil
}

// filesOf returns the files of a checkout with those that are not committed, without
// ignored ones, or all files of an archive.
func filesOf(ctx context.Context, repository string) ([]string, error) {
	if !versioned(ctx, repository) {
		return filesOfArchive(repository)
	}
	list, err := command{dir: repository}.run(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	return strings.Split(strings.TrimSuffix(list, "\x00"), "\x00"), err
}

func filesOfArchive(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".bin" || entry.Name() == ".git"): // programs that make has built
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		relative, err := filepath.Rel(dir, name)
		names = append(names, relative)
		return err
	})
	return names, err
}

// copyOf makes a new repository in dir with the files of the checkout.
func copyOf(ctx context.Context, repository, dir string) error {
	names, err := filesOf(ctx, repository)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := copyFile(filepath.Join(repository, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	git := identity(command{dir: dir})
	if _, err := git.run(ctx, "git", "init", "--quiet", "--initial-branch", branch); err != nil {
		return err
	}
	return commit(ctx, git, "Copy of a checkout")
}

// cloneOf clones the repository, which must have no changes that are not committed.
func cloneOf(ctx context.Context, repository, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return errors.New("the folder " + dir + " exists")
	}
	source := command{dir: repository}
	status, err := source.run(ctx, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if status != "" {
		return errors.New("the checkout has changes that are not committed:\n" + status)
	}
	if _, err := source.run(ctx, "git", "clone", "--quiet", "--no-hardlinks", repository, dir); err != nil {
		return err
	}
	// The clone is pushed to where the checkout comes from.
	origin, err := source.run(ctx, "git", "remote", "get-url", "origin")
	if err != nil {
		origin = "https://" + root.path
	}
	_, err = command{dir: dir}.run(ctx, "git", "remote", "set-url", "origin", origin)
	return err
}

// copyFile copies a regular file, and skips a file that was deleted.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

// identity gives git an author for the commits of a copy, which are never pushed.
func identity(git command) command {
	return git.with("GIT_AUTHOR_NAME=release", "GIT_AUTHOR_EMAIL=release@localhost",
		"GIT_COMMITTER_NAME=release", "GIT_COMMITTER_EMAIL=release@localhost", "GIT_CONFIG_GLOBAL=/dev/null")
}

// commit commits all files.
func commit(ctx context.Context, git command, message string, more ...string) error {
	if _, err := git.run(ctx, "git", "add", "--all"); err != nil {
		return err
	}
	_, err := git.run(ctx, "git", append([]string{"commit", "--quiet", "--message", message}, more...)...)
	return err
}
