package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// tagging makes the commits and tags of a version in a repository that it may change.
type tagging struct {
	git     command
	version string
	date    time.Time
	sign    bool
	proxy   *proxy
}

// release commits the files of the version and tags the commit. go.sum of a nested
// module contains the hash of the root module's zip. The zip does not contain nested
// modules, so its hash is known before their go.sum is written.
func (t *tagging) release(ctx context.Context) (string, error) {
	if err := t.edit("CHANGELOG.md", func(text string) (string, error) { return dated(text, t.version, t.date) }); err != nil {
		return "", err
	}
	if err := t.commit(ctx, "Release "+t.version); err != nil {
		return "", err
	}
	if err := t.tag(ctx, root); err != nil {
		return "", err
	}
	early, err := t.proxy.fetch(ctx, root, t.version)
	if err != nil {
		return "", err
	}
	for _, m := range published[1:] {
		dir := filepath.Join(t.git.dir, m.dir)
		if err := pin(ctx, dir, t.version, false); err != nil {
			return "", err
		}
		if _, err := t.proxy.user(dir).run(ctx, "go", "mod", "tidy"); err != nil {
			return "", err
		}
	}
	others, err := unpublished(t.git.dir)
	if err != nil {
		return "", err
	}
	for _, dir := range others {
		if err := pin(ctx, filepath.Join(t.git.dir, dir), t.version, true); err != nil {
			return "", err
		}
	}
	if err := t.commit(ctx, "Release "+t.version, "--amend"); err != nil {
		return "", err
	}
	if err := t.proxy.reset(); err != nil {
		return "", err
	}
	for _, m := range published {
		if err := t.tag(ctx, m); err != nil {
			return "", err
		}
		zip, err := t.proxy.fetch(ctx, m, t.version)
		if err != nil {
			return "", err
		}
		if m == root && zip.Sum != early.Sum {
			return "", fmt.Errorf("the hash of %s was %s before nested modules were tidied, and is %s", m.path, early.Sum, zip.Sum)
		}
	}
	return fmt.Sprintf("%d tags; the hash of the root module stayed %s", len(published), early.Sum), nil
}

// reopen commits the state after the release: nested modules are built with the
// folders of the repository again, and the changelog has a heading for new changes.
func (t *tagging) reopen(ctx context.Context) error {
	if _, err := t.git.run(ctx, "git", "checkout", "--quiet", "HEAD~1", "--", ":(glob)**/go.mod", ":(glob)**/go.sum"); err != nil {
		return err
	}
	if err := t.edit("CHANGELOG.md", func(text string) (string, error) { return reopened(text), nil }); err != nil {
		return err
	}
	return t.commit(ctx, "Build nested modules with the folders of the repository after "+t.version)
}

func (t *tagging) edit(name string, change func(string) (string, error)) error {
	name = filepath.Join(t.git.dir, name)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := change(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(changed), 0o600)
}

func (t *tagging) commit(ctx context.Context, message string, more ...string) error {
	if t.sign {
		more = append(more, "--gpg-sign")
	}
	return commit(ctx, t.git, message, more...)
}

// tag replaces a tag of this repository. Tags of origin are never changed.
func (t *tagging) tag(ctx context.Context, m module) error {
	kind := "--annotate"
	if t.sign {
		kind = "--sign"
	}
	_, err := t.git.run(ctx, "git", "tag", kind, "--force", "--message", m.path+" "+t.version, m.tag(t.version))
	return err
}
