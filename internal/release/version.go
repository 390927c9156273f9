package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var versionForm = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

// releasedForm is the heading of a released version in the changelog.
var releasedForm = regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+) - \d`)

func validVersion(version string) error {
	if !versionForm.MatchString(version) {
		return fmt.Errorf("%q is not a version such as v0.1.0", version)
	}
	return nil
}

// numbers returns the major, minor and patch number of a version.
func numbers(version string) (n [3]int) {
	for i, text := range versionForm.FindStringSubmatch(version)[1:4] {
		n[i], _ = strconv.Atoi(text)
	}
	return n
}

func compareVersions(a, b string) int {
	x, y := numbers(a), numbers(b)
	return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2]))
}

// mayBreak reports whether version may have incompatible changes since base: before
// 1.0 a new minor version, then a new major version.
func mayBreak(version, base string) bool {
	x, y := numbers(version), numbers(base)
	return x[0] > y[0] || x[0] == 0 && x[1] > y[1]
}

// versionBefore returns the newest tag of the root module that is older than version,
// and "" if there is none, or if the folder is not a git repository.
func versionBefore(ctx context.Context, repository, version string) (string, error) {
	if !versioned(ctx, repository) {
		return "", nil
	}
	tags, err := command{dir: repository}.run(ctx, "git", "tag", "--list", "v*")
	if err != nil {
		return "", err
	}
	newest := ""
	for tag := range strings.SplitSeq(tags, "\n") {
		if validVersion(tag) != nil || compareVersions(tag, version) >= 0 {
			continue
		}
		if newest == "" || compareVersions(tag, newest) > 0 {
			newest = tag
		}
	}
	return newest, nil
}

// missingTag returns an error if the changelog has a release before version, but the
// checkout has no tag of one. A shallow clone has no tags, so nothing would be compared.
func missingTag(ctx context.Context, repository, version string) error {
	changelog, err := os.ReadFile(filepath.Join(repository, "CHANGELOG.md"))
	if err != nil || !versioned(ctx, repository) {
		return err
	}
	for _, heading := range releasedForm.FindAllStringSubmatch(string(changelog), -1) {
		if before := "v" + heading[1]; compareVersions(before, version) < 0 {
			return fmt.Errorf("the checkout has no tag %s, which CHANGELOG.md lists; run git fetch --unshallow --tags", before)
		}
	}
	return nil
}
