package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Undocumented names every package without a package comment, and every exported name
// without a comment. It checks constants, variables, functions, types and methods of
// exported types. It also checks the methods of an interface that has several, and
// the fields of structs. A struct of an internal package needs them only if its name
// ends in Options. A comment on a group of constants or variables serves all of them. A
// comment at the end of the line counts, and so does a tag with the key doc. A program
// needs only its package comment, because it cannot be imported.
func (t *Tree) Undocumented() []string {
	var found []string
	for _, p := range t.packages {
		documented, tested := false, true
		for _, f := range p.files {
			if f.test {
				continue
			}
			tested = false
			documented = documented || f.syntax.Doc != nil
			if p.name == "main" {
				continue
			}
			for _, decl := range f.syntax.Decls {
				for _, name := range undocumented(decl, p.published()) {
					found = append(found, t.at(name.Pos(), "%s has no comment; describe its promises to callers", name.Name))
				}
			}
		}
		if !documented && !tested {
			found = append(found, fmt.Sprintf("package %q has no package comment; describe its purpose for its users", p.dir))
		}
	}
	return found
}

// undocumented returns the exported names that a declaration leaves without a
// comment.
func undocumented(decl ast.Decl, published bool) []*ast.Ident {
	var found []*ast.Ident
	note := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		for _, c := range comments {
			if c != nil {
				return
			}
		}
		if name.IsExported() {
			found = append(found, name)
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || ast.IsExported(baseName(decl.Recv.List[0].Type)) {
			note(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					note(name, decl.Doc, spec.Doc, spec.Comment)
				}
			case *ast.TypeSpec:
				note(spec.Name, ofSingle(decl), spec.Doc, spec.Comment)
				for _, member := range members(spec, published) {
					for _, name := range member.Names {
						note(name, member.Doc, member.Comment)
					}
				}
			}
		}
	}
	return found
}

// ofSingle returns the comment of a declaration that is not a group: for
// types, the comment on a group says nothing about each of them.
func ofSingle(decl *ast.GenDecl) *ast.CommentGroup {
	if decl.Lparen != token.NoPos {
		return nil
	}
	return decl.Doc
}

// members returns the parts of an exported type that need a comment each.
func members(spec *ast.TypeSpec, published bool) []*ast.Field {
	if !spec.Name.IsExported() {
		return nil
	}
	switch typ := spec.Type.(type) {
	case *ast.InterfaceType:
		if len(typ.Methods.List) > 1 {
			return typ.Methods.List
		}
	case *ast.StructType:
		if published || strings.HasSuffix(spec.Name.Name, "Options") {
			return slices.DeleteFunc(slices.Clone(typ.Fields.List), hasText)
		}
	}
	return nil
}

// hasText reports whether the tag of a field has a text for the OpenAPI document.
func hasText(field *ast.Field) bool {
	return field.Tag != nil && strings.Contains(field.Tag.Value, ` doc:"`)
}

// baseName returns the name of the type in a receiver or an embedded field,
// without pointer, package and type arguments. It is "" for a type literal.
func baseName(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.StarExpr:
		return baseName(expr.X)
	case *ast.ParenExpr:
		return baseName(expr.X)
	case *ast.SelectorExpr:
		return expr.Sel.Name
	case *ast.IndexExpr:
		return baseName(expr.X)
	case *ast.IndexListExpr:
		return baseName(expr.X)
	}
	return ""
}
