package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pkg is a package with types, without its tests.
type pkg struct {
	dir   string // relative to the module
	files []file
	fset  *token.FileSet
	types *types.Package
	info  *types.Info
}

type file struct {
	name   string
	source []byte
	syntax *ast.File
}

// listed is a package as the go command describes it.
type listed struct {
	ImportPath string
	Dir        string
	Export     string
	DepOnly    bool
	GoFiles    []string
	CgoFiles   []string
	Module     *struct{ Path, Dir string }
}

// load reads the packages that match the pattern. The go command compiles the
// packages that they import, and the types of those come from its export data.
func load(ctx context.Context, pattern string) ([]*pkg, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-export",
		"-json=ImportPath,Dir,Export,DepOnly,GoFiles,CgoFiles,Module", pattern)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	var chosen []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly && l.Module != nil && len(l.GoFiles) > 0 {
			chosen = append(chosen, l)
		}
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		name, ok := exports[path]
		if !ok || name == "" {
			return nil, fmt.Errorf("no export data of %q", path)
		}
		return os.Open(name)
	})
	packages := make([]*pkg, 0, len(chosen))
	for _, l := range chosen {
		dir, err := filepath.Rel(l.Module.Dir, l.Dir)
		if err != nil {
			return nil, err
		}
		p, err := check(fset, imports, l.ImportPath, l.Dir, append(l.GoFiles, l.CgoFiles...))
		if err != nil {
			return nil, err
		}
		p.dir = filepath.ToSlash(dir)
		packages = append(packages, p)
	}
	return packages, nil
}

// check parses the files of a folder and finds their types.
func check(fset *token.FileSet, imports types.Importer, path, dir string, names []string) (*pkg, error) {
	p := &pkg{dir: path, fset: fset, info: &types.Info{
		Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{},
	}}
	var syntax []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(fset, filepath.Join(dir, name), source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file{name: name, source: source, syntax: parsed})
		syntax = append(syntax, parsed)
	}
	config := types.Config{Importer: imports, FakeImportC: true}
	checked, err := config.Check(path, fset, syntax, p.info)
	p.types = checked
	return p, err
}
