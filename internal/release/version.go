package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var versionForm = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

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
