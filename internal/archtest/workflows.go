package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	usesLine   = regexp.MustCompile(`^\s*(?:-\s+)?uses:\s*(.*)$`)
	pinnedUses = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	entry      = regexp.MustCompile(`/[\w/.-]*`)
)

// Workflows returns a sentence for each action in .github/workflows that is not pinned
// by the digest of a commit, with its version as a comment. The owner of an action can
// move a tag, but not a digest.
func Workflows(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, ".github/workflows/*.y*ml")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			uses := usesLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
			if uses != nil && !pinnedUses.MatchString(uses[1]) {
				found = append(found, fmt.Sprintf("%s:%d: %s is not pinned by a digest with its version as a comment", name, number, uses[1]))
			}
		}
	}
	if len(names) == 0 {
		found = append(found, "there is no workflow")
	}
	return found, nil
}

// Updates returns a sentence for each module that .github/dependabot.yml does not name.
func Updates(fsys fs.FS) ([]string, error) {
	text, err := fs.ReadFile(fsys, ".github/dependabot.yml")
	if err != nil {
		return nil, err
	}
	folders := entry.FindAllString(string(text), -1)
	var found []string
	err = walk(fsys, ignored, func(name string) error {
		if path.Base(name) == "go.mod" && !slices.Contains(folders, path.Join("/", path.Dir(name))) {
			found = append(found, ".github/dependabot.yml does not name the folder of "+name)
		}
		return nil
	})
	return found, err
}
