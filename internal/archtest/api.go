package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// API returns one line for each name that users of the published packages can use,
// sorted. The lines are for constants with their values, variables, functions,
// methods, types, fields with their tags, and methods of interfaces. Parameters have
// no names. API skips programs, examples and internal packages, because they make no
// promise.
func (t *Tree) API() []string {
	var lines []string
	for _, p := range t.packages {
		if !p.published() {
			continue
		}
		s := surface{dir: p.dir, visible: p.visible()}
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, decl := range f.syntax.Decls {
				s.declaration(decl)
			}
		}
		lines = append(lines, s.lines...)
	}
	slices.Sort(lines)
	return slices.Compact(lines) // a function may have one file per platform
}

// visible returns the types whose fields and methods users reach. These are the
// exported types, and the types that they embed or are an alias of.
func (p *pkg) visible() map[string]bool {
	specs := map[string]*ast.TypeSpec{}
	for _, f := range p.files {
		for _, decl := range f.syntax.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && !f.test {
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						specs[spec.Name.Name] = spec
					}
				}
			}
		}
	}
	visible := map[string]bool{}
	var reach func(name string)
	reach = func(name string) {
		spec := specs[name]
		if spec == nil || visible[name] {
			return
		}
		visible[name] = true
		for _, embedded := range embeds(spec) {
			reach(embedded)
		}
	}
	for name := range specs {
		if ast.IsExported(name) {
			reach(name)
		}
	}
	return visible
}

// embeds returns the names of the types of this package that a type takes its
// methods from.
func embeds(spec *ast.TypeSpec) []string {
	var fields *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		fields = typ.Fields
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		if spec.Assign != token.NoPos {
			return []string{baseName(typ)}
		}
		return nil
	}
	var names []string
	for _, field := range fields.List {
		if len(field.Names) == 0 && !isQualified(field.Type) {
			names = append(names, baseName(field.Type))
		}
	}
	return names
}

func isQualified(expr ast.Expr) bool {
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	if index, ok := expr.(*ast.IndexExpr); ok {
		expr = index.X
	}
	_, ok := expr.(*ast.SelectorExpr)
	return ok
}

// surface collects the lines of one package.
type surface struct {
	dir     string
	visible map[string]bool
	lines   []string
}

func (s *surface) linef(format string, args ...any) {
	s.lines = append(s.lines, s.dir+": "+fmt.Sprintf(format, args...))
}

func (s *surface) declaration(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		s.function(decl)
	case *ast.GenDecl:
		switch decl.Tok {
		case token.CONST:
			s.constants(decl)
		case token.VAR:
			s.variables(decl)
		case token.TYPE:
			for _, spec := range decl.Specs {
				s.typ(spec.(*ast.TypeSpec))
			}
		}
	}
}

func (s *surface) function(decl *ast.FuncDecl) {
	switch {
	case !decl.Name.IsExported():
	case decl.Recv == nil:
		s.linef("func %s%s%s", decl.Name.Name, typeParams(decl.Type.TypeParams), signature(decl.Type))
	case s.visible[baseName(decl.Recv.List[0].Type)]:
		s.linef("method (%s) %s%s", types.ExprString(decl.Recv.List[0].Type), decl.Name.Name, signature(decl.Type))
	}
}

// constants repeats the type and value of a constant for those below it that
// have none, as the language does.
func (s *surface) constants(decl *ast.GenDecl) {
	var above *ast.ValueSpec
	for position, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		if len(spec.Values) > 0 {
			above = spec
		}
		for i, name := range spec.Names {
			if !name.IsExported() {
				continue
			}
			value := types.ExprString(above.Values[i])
			if strings.Contains(value, "iota") {
				value = fmt.Sprintf("%s, iota %d", value, position)
			}
			s.linef("const %s%s = %s", name.Name, typeString(above.Type), value)
		}
	}
}

func (s *surface) variables(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		for _, name := range spec.Names {
			if name.IsExported() {
				s.linef("var %s%s", name.Name, typeString(spec.Type))
			}
		}
	}
}

func (s *surface) typ(spec *ast.TypeSpec) {
	name := spec.Name.Name
	if !s.visible[name] {
		return
	}
	var head string
	var parts *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		head, parts = " struct", typ.Fields
	case *ast.InterfaceType:
		head, parts = " interface", typ.Methods
	default:
		head = typeString(typ)
	}
	if spec.Assign != token.NoPos {
		head = " =" + head
	}
	s.linef("type %s%s%s", name, typeParams(spec.TypeParams), head)
	if parts != nil {
		s.parts("type "+name+head, parts)
	}
}

// parts lists the members of a struct or an interface.
func (s *surface) parts(owner string, fields *ast.FieldList) {
	for _, field := range fields.List {
		tag := ""
		if field.Tag != nil {
			tag = " " + field.Tag.Value
		}
		if len(field.Names) == 0 {
			s.linef("%s, embedded %s%s", owner, types.ExprString(field.Type), tag)
		}
		for _, name := range field.Names {
			method, isMethod := field.Type.(*ast.FuncType)
			switch {
			case !name.IsExported() && strings.HasSuffix(owner, " interface"):
				s.linef("%s, unexported method", owner) // other packages cannot implement it
			case !name.IsExported():
			case isMethod && strings.HasSuffix(owner, " interface"):
				s.linef("%s, %s%s", owner, name.Name, signature(method))
			default:
				s.linef("%s, %s%s%s", owner, name.Name, typeString(field.Type), tag)
			}
		}
	}
}

// typeString returns a type with a space before it, and "" for none.
func typeString(expr ast.Expr) string {
	switch expr := expr.(type) {
	case nil:
		return ""
	case *ast.FuncType:
		return " func" + signature(expr)
	default:
		return " " + types.ExprString(expr)
	}
}

// signature returns a function's parameters and results without names.
func signature(typ *ast.FuncType) string {
	unnamed := &ast.FuncType{Params: withoutNames(typ.Params), Results: withoutNames(typ.Results)}
	return strings.TrimPrefix(types.ExprString(unnamed), "func")
}

func withoutNames(fields *ast.FieldList) *ast.FieldList {
	if fields == nil {
		return nil
	}
	unnamed := &ast.FieldList{}
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			unnamed.List = append(unnamed.List, &ast.Field{Type: field.Type})
		}
	}
	return unnamed
}

func typeParams(fields *ast.FieldList) string {
	if fields == nil {
		return ""
	}
	var params []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			params = append(params, name.Name+" "+types.ExprString(field.Type))
		}
	}
	return "[" + strings.Join(params, ", ") + "]"
}
