package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// insertion is text that goes before an offset of a file.
type insertion struct {
	offset int
	text   string
}

// rewrite returns the source with a call of trace.Enter at the start of each
// function. Lines keep their numbers. The name of the file is that in the trace.
func rewrite(name string, source []byte, tracer string) ([]byte, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var insertions []insertion
	for _, decl := range syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || fn.Name.Name == "_" || fn.Recv == nil && fn.Name.Name == "init" {
			continue
		}
		insertions = append(insertions, insertion{
			offset: fset.Position(fn.Body.Lbrace).Offset + 1,
			text:   fmt.Sprintf(" defer walktrace.Enter(%q, %q)(); ", name, functionName(fn)),
		})
	}
	if len(insertions) == 0 {
		return source, nil
	}
	insertions = append(insertions, insertion{
		offset: fset.Position(syntax.Name.End()).Offset,
		text:   fmt.Sprintf("; import walktrace %q", tracer),
	})
	slices.SortFunc(insertions, func(a, b insertion) int { return cmp.Compare(b.offset, a.offset) })
	for _, in := range insertions {
		source = slices.Insert(source, in.offset, []byte(in.text)...)
	}
	return source, nil
}

// functionName returns the name of a function, after the type of a method.
func functionName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	expr := fn.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name + "." + fn.Name.Name
		default:
			return strings.TrimSpace(fmt.Sprint(e)) + "." + fn.Name.Name
		}
	}
}
