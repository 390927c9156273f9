package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// module is a module that users import or install.
type module struct {
	path string
	dir  string // in the repository, "." for its top
}

var (
	root = module{"github.com/humasess/sessions", "."}

	// published has a module after those that it requires. Other modules of the
	// repository are for its tests and examples.
	published = []module{
		root,
		{root.path + "/contrib/otel", "contrib/otel"},
		{root.path + "/cmd/humasess", "cmd/humasess"},
	}
)

// tag is the name of the tag for a version of the module.
func (m module) tag(version string) string {
	if m.dir == "." {
		return version
	}
	return m.dir + "/" + version
}

const goModFile = "go.mod"

// goMod is the part of go.mod that matters here, as go mod edit -json prints it.
type goMod struct {
	Require []struct{ Path, Version string }
	Replace []struct {
		Old struct{ Path, Version string }
		New struct{ Path, Version string }
	}
}

func readGoMod(ctx context.Context, dir, name string) (goMod, error) {
	text, err := command{dir: dir}.run(ctx, "go", "mod", "edit", "-json", name)
	if err != nil {
		return goMod{}, err
	}
	var mod goMod
	return mod, json.Unmarshal([]byte(text), &mod)
}

// isPublished reports whether the path is that of a published module.
func isPublished(path string) bool {
	return slices.ContainsFunc(published, func(m module) bool { return m.path == path })
}

// pin sets the version of published modules in the go.mod in dir. With replaced it
// keeps the directives that replace them by folders of the repository.
func pin(ctx context.Context, dir, version string, replaced bool) error {
	mod, err := readGoMod(ctx, dir, goModFile)
	if err != nil {
		return err
	}
	edits := []string{"mod", "edit"}
	for _, require := range mod.Require {
		if isPublished(require.Path) {
			edits = append(edits, "-require="+require.Path+"@"+version)
		}
	}
	for _, replace := range mod.Replace {
		if isPublished(replace.Old.Path) && !replaced {
			edits = append(edits, "-dropreplace="+replace.Old.Path)
		}
	}
	if len(edits) == 2 {
		return nil
	}
	_, err = command{dir: dir}.run(ctx, "go", edits...)
	return err
}

// unpublished returns the folders of the modules that are not published.
func unpublished(dir string) ([]string, error) {
	var folders []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if d.IsDir() && relative != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.Name() != goModFile {
			return nil
		}
		folder, _ := filepath.Split(relative)
		folder = filepath.Clean(folder)
		if !slices.ContainsFunc(published, func(m module) bool { return m.dir == folder }) {
			folders = append(folders, folder)
		}
		return nil
	})
	return folders, err
}
