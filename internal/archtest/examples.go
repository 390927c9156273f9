package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Examples has the names that the examples of one package use.
type Examples struct {
	// Calls maps the name of a method to the last names of the values that it is called
	// on, such as "Session" for in.Session.Start.
	Calls map[string][]string

	// Fields are the keys of struct literals.
	Fields map[string]bool
}

// ExamplesOf reads the examples of a package, which are in files that begin with example_.
func (t *Tree) ExamplesOf(dir string) Examples {
	e := Examples{Calls: map[string][]string{}, Fields: map[string]bool{}}
	for _, f := range t.lookup(dir).files {
		if !f.test || !strings.HasPrefix(path.Base(f.path), "example_") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if method, ok := n.Fun.(*ast.SelectorExpr); ok {
					e.Calls[method.Sel.Name] = append(e.Calls[method.Sel.Name], lastName(method.X))
				}
			case *ast.CompositeLit:
				for _, element := range n.Elts {
					if pair, ok := element.(*ast.KeyValueExpr); ok {
						e.Fields[lastName(pair.Key)] = true
					}
				}
			}
			return true
		})
	}
	return e
}

func lastName(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.SelectorExpr:
		return expr.Sel.Name
	}
	return ""
}

// MethodsOf returns the exported methods of a type, in alphabetical order.
func (t *Tree) MethodsOf(dir, name string) []string {
	var methods []string
	for _, f := range t.lookup(dir).files {
		for _, decl := range f.syntax.Decls {
			decl, ok := decl.(*ast.FuncDecl)
			if ok && !f.test && decl.Recv != nil && decl.Name.IsExported() && baseName(decl.Recv.List[0].Type) == name {
				methods = append(methods, decl.Name.Name)
			}
		}
	}
	slices.Sort(methods)
	return methods
}

// OptionGroups returns the groups in the comment of a struct, each with its fields.
func (t *Tree) OptionGroups(dir, name string) map[string][]string {
	groups := map[string][]string{}
	for _, f := range t.lookup(dir).files {
		for _, decl := range f.syntax.Decls {
			decl, ok := decl.(*ast.GenDecl)
			if !ok || f.test || decl.Tok != token.TYPE || decl.Specs[0].(*ast.TypeSpec).Name.Name != name {
				continue
			}
			group := ""
			for _, entry := range groupsOf(decl.Doc.Text()) {
				if title, ok := strings.CutSuffix(entry, "."); ok {
					group = title
					continue
				}
				groups[group] = append(groups[group], entry)
			}
		}
	}
	return groups
}
