package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const humaPath = "github.com/danielgtaylor/huma/v2"

// tested are the versions of huma that docs/compatibility.md names, oldest first.
// go.mod requires the oldest, because users need no newer one.
var tested = []string{"v2.39.0", "v2.39.1"}

// shortPackages are the packages that depend on huma most.
var shortPackages = []string{"./humasess", "./openapi", "./internal/declaretest"}

// versions runs the tests of the root module with other versions of huma. go.mod stays
// as it is.
func versions(ctx context.Context, out io.Writer, repository string, names []string, short bool) error {
	if len(names) == 0 {
		names = tested
		if short {
			names = tested[len(tested)-1:] // all other tests run with the oldest
		}
	}
	packages := shortPackages
	if !short {
		var err error
		if packages, err = packagesOfRoot(ctx, repository); err != nil {
			return err
		}
	}
	steps := &report{out: out}
	for _, name := range names {
		steps.step("huma "+name, func() (string, error) { return testWith(ctx, repository, name, packages) })
	}
	return steps.result()
}

// packagesOfRoot returns the packages of the root module, except those that look at
// the repository and not at huma.
func packagesOfRoot(ctx context.Context, repository string) ([]string, error) {
	list, err := command{dir: repository}.run(ctx, "go", "list", "./...")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Fields(list), func(name string) bool {
		return strings.Contains(name, "/internal/archtest") || strings.HasSuffix(name, "/internal/mutants")
	}), nil
}

// testWith runs the tests of packages with a version of huma, such as "v2.39.1" or
// "latest".
func testWith(ctx context.Context, repository, version string, packages []string) (string, error) {
	temp, err := os.MkdirTemp("", "huma")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	for _, name := range []string{goModFile, "go.sum"} {
		if err := copyFile(filepath.Join(repository, name), filepath.Join(temp, name)); err != nil {
			return "", err
		}
	}
	source, modfile := command{dir: repository}, "-modfile="+filepath.Join(temp, goModFile)
	if _, err := source.run(ctx, "go", "get", modfile, humaPath+"@"+version); err != nil {
		return "", err
	}
	used, err := source.run(ctx, "go", "list", modfile, "-m", "-f", "{{.Version}}", humaPath)
	if err != nil {
		return "", err
	}
	if _, err := source.run(ctx, "go", slices.Concat([]string{"test", modfile, "-vet=off", "-shuffle=on", "-p", "3", "-parallel", "8"}, packages)...); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d packages pass with %s", len(packages), used), nil
}
