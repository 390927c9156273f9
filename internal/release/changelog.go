package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// pending is the heading of the version that is not released.
var pending = regexp.MustCompile(`(?m)^## (?:(\d+\.\d+\.\d+) - )?[Uu]nreleased$`)

// pendingVersion returns the version that the changelog announces, such as "v0.1.0",
// and "" if it announces none.
func pendingVersion(changelog string) string {
	found := pending.FindStringSubmatch(changelog)
	if found == nil || found[1] == "" {
		return ""
	}
	return "v" + found[1]
}

// dated returns the changelog with the version and the date in the heading of the
// changes that are not released.
func dated(changelog, version string, date time.Time) (string, error) {
	place := pending.FindStringSubmatchIndex(changelog)
	if place == nil {
		return "", fmt.Errorf("CHANGELOG.md has no heading %q", "## Unreleased")
	}
	if announced := pendingVersion(changelog); announced != "" && announced != version {
		return "", fmt.Errorf("CHANGELOG.md announces %s, and not %s", announced, version)
	}
	before, after := changelog[:place[0]], changelog[place[1]:]
	section, _, _ := strings.Cut(after, "\n## ")
	if strings.TrimSpace(section) == "" {
		return "", fmt.Errorf("CHANGELOG.md has no line about %s", version)
	}
	return before + "## " + strings.TrimPrefix(version, "v") + " - " + date.UTC().Format(time.DateOnly) + after, nil
}

// reopened returns a changelog of a release with a heading for the changes after it.
func reopened(changelog string) string {
	before, after, found := strings.Cut(changelog, "\n## ")
	if !found {
		return changelog
	}
	return before + "\n## Unreleased\n\n## " + after
}

// section returns the changes of a version, without the heading.
func section(changelog, version string) (string, error) {
	_, after, found := strings.Cut(changelog, "\n## "+strings.TrimPrefix(version, "v")+" - ")
	if !found {
		return "", fmt.Errorf("CHANGELOG.md has no section for %s", version)
	}
	_, text, _ := strings.Cut(after, "\n")
	text, _, _ = strings.Cut(text, "\n## ")
	return strings.TrimSpace(text) + "\n", nil
}

// notes prints the changes of a version.
func notes(out io.Writer, repository, version string) error {
	changelog, err := os.ReadFile(filepath.Join(repository, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	text, err := section(string(changelog), version)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
