package main

import (
	"cmp"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// thinNames is the number of names up to which an edge is thin: the names may
// be in the wrong file.
const thinNames = 2

// shape is the measure of a package.
type shape struct {
	dir      string
	files    int
	lines    int
	code     int // lines with code
	comments int // lines with a comment only
	edges    map[edge][]string
	pairs    [][2]string // files that need each other
	circle   []string    // the largest set of files that all need each other, in some steps
	thin     int         // edges with at most two names
	exported []string
	methods  map[string]owner // by type
}

// edge says that a file uses names that another file declares.
type edge struct{ from, to string }

// owner is a type with methods.
type owner struct {
	methods int
	files   int // with its methods
}

func measure(p *pkg) shape {
	s := shape{dir: p.dir, files: len(p.files), edges: edges(p), methods: owners(p)}
	for _, f := range p.files {
		code, comments := countLines(f.source)
		s.lines += strings.Count(string(f.source), "\n")
		s.code += code
		s.comments += comments
	}
	names := make([]string, 0, len(p.files))
	for _, f := range p.files {
		names = append(names, f.name)
	}
	for e, uses := range s.edges {
		if len(uses) <= thinNames {
			s.thin++
		}
		if _, ok := s.edges[edge{e.to, e.from}]; ok && e.from < e.to {
			s.pairs = append(s.pairs, [2]string{e.from, e.to})
		}
	}
	slices.SortFunc(s.pairs, func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) })
	s.circle = largestCircle(names, s.edges)
	if p.types.Name() != "main" {
		for _, name := range p.types.Scope().Names() {
			if ast.IsExported(name) {
				s.exported = append(s.exported, name)
			}
		}
	}
	return s
}

// countLines counts the lines of a source that hold code, and those that hold
// a comment only.
func countLines(source []byte) (code, comments int) {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(f, source, nil, scanner.ScanComments)
	hasCode, hasComment := map[int]bool{}, map[int]bool{}
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && text == "\n" {
			continue // inserted at the end of the line
		}
		lines := hasCode
		if tok == token.COMMENT {
			lines = hasComment
		}
		first := f.Line(pos)
		for i := range strings.Count(text, "\n") + 1 {
			lines[first+i] = true
		}
	}
	for line := range hasComment {
		if !hasCode[line] {
			comments++
		}
	}
	return len(hasCode), comments
}

// edges returns the names behind each edge. Names are those of the package, and
// fields and methods of its types.
func edges(p *pkg) map[edge][]string {
	sets := map[edge]map[string]bool{}
	for ident, obj := range p.info.Uses {
		if obj.Pkg() != p.types {
			continue
		}
		name := obj.Name()
		switch o := obj.(type) {
		case *types.Var:
			obj = o.Origin()
			if !o.IsField() && o.Parent() != p.types.Scope() {
				continue
			}
		case *types.Func: // methods of a generic type have a copy for each instance
			obj = o.Origin()
			if recv := o.Signature().Recv(); recv != nil {
				name = typeName(recv.Type()) + "." + name
			}
		case *types.PkgName, *types.Label:
			continue
		default:
			if o.Parent() != p.types.Scope() {
				continue
			}
		}
		e := edge{p.fileOf(ident.Pos()), p.fileOf(obj.Pos())}
		if e.from == e.to {
			continue
		}
		if sets[e] == nil {
			sets[e] = map[string]bool{}
		}
		sets[e][name] = true
	}
	found := make(map[edge][]string, len(sets))
	for e, names := range sets {
		found[e] = slices.Sorted(maps.Keys(names))
	}
	return found
}

func (p *pkg) fileOf(pos token.Pos) string {
	return filepath.Base(p.fset.Position(pos).Filename)
}

// typeName returns the name of a receiver's type.
func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return "interface"
}

// owners counts the methods of each type.
func owners(p *pkg) map[string]owner {
	found := map[string]owner{}
	files := map[string]map[string]bool{}
	for _, f := range p.files {
		for _, decl := range f.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			method, _ := p.info.Defs[fn.Name].(*types.Func)
			name := typeName(method.Signature().Recv().Type())
			if files[name] == nil {
				files[name] = map[string]bool{}
			}
			files[name][f.name] = true
			found[name] = owner{methods: found[name].methods + 1, files: len(files[name])}
		}
	}
	return found
}

// largestCircle returns the largest strongly connected component, found by
// Tarjan's algorithm. It is nil without a circle.
func largestCircle(nodes []string, edges map[edge][]string) []string {
	next := map[string][]string{}
	for e := range edges {
		next[e.from] = append(next[e.from], e.to)
	}
	var (
		largest []string
		stack   []string
		index   = map[string]int{} // from 1
		low     = map[string]int{}
		visit   func(string)
	)
	visit = func(node string) {
		index[node] = len(index) + 1
		low[node] = index[node]
		stack = append(stack, node)
		for _, to := range next[node] {
			if index[to] == 0 {
				visit(to)
			}
			if slices.Contains(stack, to) {
				low[node] = min(low[node], low[to])
			}
		}
		if low[node] != index[node] {
			return
		}
		at := slices.Index(stack, node)
		if circle := stack[at:]; len(circle) > max(1, len(largest)) {
			largest = slices.Sorted(slices.Values(circle))
		}
		stack = stack[:at]
	}
	for _, node := range nodes {
		if index[node] == 0 {
			visit(node)
		}
	}
	return largest
}
