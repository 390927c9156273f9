package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// source is the code of the repository. It reads each file once.
type source struct {
	root string

	mu       sync.Mutex
	packages map[string][]*goFile // by folder
}

// goFile is a Go file without its tests.
type goFile struct {
	path      string // relative to the root, with slashes
	text      string
	pkg       string
	head      int // offset after the package clause
	functions []*function
	imports   map[string]string // paths by the names that the file uses
}

// function is a function of a file. It has a body.
type function struct {
	name       string
	file       *goFile
	decl       *ast.FuncDecl
	start, end int // of the declaration, without its comment
}

// patch replaces a part of a file.
type patch struct {
	file       string
	start, end int
	text       string
	function   *function // nil outside functions
	source     *goFile   // nil for a file that is not Go
}

// span is a part of a file.
type span struct {
	file       *goFile
	function   *function
	start, end int
}

// resolve finds the text of each edit.
func (s *source) resolve(m mutant) ([]patch, error) {
	var patches []patch
	for _, e := range m.edits {
		p, err := s.find(e)
		if err != nil {
			return nil, fmt.Errorf("%w; bring the row %q up to date:\n%s", err, m.name, e.old)
		}
		for _, other := range patches {
			if p.file == other.file && p.start < other.end && other.start < p.end {
				return nil, fmt.Errorf("two edits of %s overlap", e)
			}
		}
		patches = append(patches, p)
	}
	if len(patches) == 0 {
		return nil, fmt.Errorf("the row %q has no edits", m.name)
	}
	return patches, nil
}

func (s *source) find(e edit) (patch, error) {
	if path.Ext(e.in) != "" {
		return s.findInFile(e)
	}
	spans, err := s.spans(e.in, e.function)
	if err != nil {
		return patch{}, err
	}
	var found []patch
	for _, at := range spans {
		text := at.file.text[at.start:at.end]
		for from := 0; ; {
			i := strings.Index(text[from:], e.old)
			if i < 0 || e.old == "" {
				break
			}
			start := at.start + from + i
			found = append(found, patch{at.file.path, start, start + len(e.old), e.replacement, at.function, at.file})
			from += i + len(e.old)
		}
	}
	if len(found) != 1 {
		return patch{}, fmt.Errorf("%s has the text %d times, want once", e, len(found))
	}
	return found[0], nil
}

func (s *source) findInFile(e edit) (patch, error) {
	data, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(e.in)))
	if err != nil {
		return patch{}, err
	}
	if n := strings.Count(string(data), e.old); n != 1 || e.old == "" {
		return patch{}, fmt.Errorf("%s has the text %d times, want once", e, n)
	}
	start := strings.Index(string(data), e.old)
	return patch{file: e.in, start: start, end: start + len(e.old), text: e.replacement}, nil
}

// spans returns the functions of that name, or for "" all that is outside
// functions. Build constraints allow several functions of one name.
func (s *source) spans(folder, name string) ([]span, error) {
	files, err := s.files(folder)
	if err != nil {
		return nil, err
	}
	var spans []span
	for _, f := range files {
		at := 0
		for _, fn := range f.functions {
			if name == "" {
				spans = append(spans, span{f, nil, at, fn.start})
			} else if fn.name == name {
				spans = append(spans, span{f, fn, fn.start, fn.end})
			}
			at = fn.end
		}
		if name == "" {
			spans = append(spans, span{f, nil, at, len(f.text)})
		}
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("%s has no function %s", folder, name)
	}
	return spans, nil
}

// files returns the Go files of a folder, without tests.
func (s *source) files(folder string) ([]*goFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if files, read := s.packages[folder]; read {
		return files, nil
	}
	names, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(folder), "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*goFile
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name) //nolint:gosec // a file of our own
		if err != nil {
			return nil, err
		}
		f, err := parseFile(path.Join(folder, filepath.Base(name)), string(data))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Go files in %s", folder)
	}
	if s.packages == nil {
		s.packages = map[string][]*goFile{}
	}
	s.packages[folder] = files
	return files, nil
}

func parseFile(name, text string) (*goFile, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	base := set.File(parsed.Pos()).Base()
	f := &goFile{path: name, text: text, pkg: parsed.Name.Name, head: int(parsed.Name.End()) - base, imports: map[string]string{}}
	for _, spec := range parsed.Imports {
		f.imports[importName(spec)] = strings.Trim(spec.Path.Value, `"`)
	}
	for _, d := range parsed.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
			f.functions = append(f.functions, &function{functionName(d), f, d, int(d.Pos()) - base, int(d.End()) - base})
		}
	}
	return f, nil
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// importName is the name that the file uses, by the convention of its path.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(majorVersion.ReplaceAllString(strings.Trim(spec.Path.Value, `"`), ""))
}

// functionName returns Function or Type.Method.
func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	for receiver := d.Recv.List[0].Type; ; {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.ParenExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// mutated returns the changed files by their names.
func (s *source) mutated(m mutant) (map[string]string, error) {
	patches, err := s.resolve(m)
	if err != nil {
		return nil, err
	}
	// From the last to the first, so that offsets stay right.
	slices.SortFunc(patches, func(a, b patch) int { return b.start - a.start })
	texts := map[string]string{}
	for _, p := range patches {
		text, seen := texts[p.file]
		if !seen {
			data, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(p.file)))
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		texts[p.file] = text[:p.start] + p.text + text[p.end:]
	}
	return texts, nil
}
