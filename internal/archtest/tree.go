package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The files that the checks read.
const (
	extGo       = ".go"
	extMarkdown = ".md"
)

// Tree is the parsed source of one module, without the modules nested in it.
type Tree struct {
	module   string
	fset     *token.FileSet
	packages []*pkg // in the order of their folders
}

// pkg is one folder with Go files.
type pkg struct {
	dir   string // relative to the module, "." for its root
	name  string // without "_test"
	files []*file
}

type file struct {
	path   string
	lines  int
	test   bool
	syntax *ast.File
}

// Load parses every Go file of the module whose go.mod is at the root of fsys. It
// ignores build constraints.
func Load(fsys fs.FS) (*Tree, error) {
	module, err := modulePath(fsys)
	if err != nil {
		return nil, err
	}
	t := &Tree{module: module, fset: token.NewFileSet()}
	nested := func(dir string) bool { return ignored(dir) || dir != "." && isModule(fsys, dir) }
	err = walk(fsys, nested, func(name string) error {
		if path.Ext(name) != extGo {
			return nil
		}
		return t.parse(fsys, name)
	})
	return t, err
}

// walk calls f with the name of each file that is not in a skipped folder.
func walk(fsys fs.FS, skip func(dir string) bool, f func(name string) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return f(name)
		case skip(name):
			return fs.SkipDir
		}
		return nil
	})
}

// ignored reports whether the checks skip a folder. The go command ignores the same
// names, except node_modules.
func ignored(dir string) bool {
	base := path.Base(dir)
	return base == "testdata" || base == "node_modules" || dir != "." && (base[0] == '.' || base[0] == '_')
}

func isModule(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func modulePath(fsys fs.FS) (string, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mod)) {
		if rest, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(rest), nil
		}
	}
	return "", errors.New("archtest: go.mod has no module line")
}

func (t *Tree) parse(fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	// A walk visits the files of a folder before and after those of its
	// subfolders, so the package may not be the last one.
	p := t.lookup(path.Dir(name))
	if p == nil {
		p = &pkg{dir: path.Dir(name), name: strings.TrimSuffix(syntax.Name.Name, "_test")}
		t.packages = append(t.packages, p)
	}
	p.files = append(p.files, &file{
		path:   name,
		lines:  bytes.Count(src, []byte("\n")),
		test:   strings.HasSuffix(name, "_test.go"),
		syntax: syntax,
	})
	return nil
}

func (t *Tree) lookup(dir string) *pkg {
	for _, p := range t.packages {
		if p.dir == dir {
			return p
		}
	}
	return nil
}

// published reports whether users can import the package.
func (p *pkg) published() bool {
	return p.name != "main" && !strings.HasPrefix(p.dir, "examples/") && !slices.Contains(strings.Split(p.dir, "/"), "internal")
}

// at prefixes a finding with its place.
func (t *Tree) at(pos token.Pos, format string, args ...any) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...))
}

// LongFiles names the files with more than limit lines, except tests.
func (t *Tree) LongFiles(limit int) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.files {
			if !f.test && f.lines > limit {
				found = append(found, fmt.Sprintf("%s has %d lines, more than %d; divide it by its concepts", f.path, f.lines, limit))
			}
		}
	}
	return found
}
